import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { type Kind, recordText } from '../resources/kind.ts'
import { findKind, kinds } from '../resources/kinds.ts'
import { isMark, type MoveMark, markWords } from '../stores/moving.ts'
import { type MutableState, ownState } from './apply-entry.ts'
import { type AnyRecord, type Intent, type Learnt, STATE_VERSION, type State } from './state.ts'

/** Written by release 0.1.0: the same fields, in a file without a digest. */
export const UNSEALED_VERSION = 1

/** The form of a file that says where a state went, or comes from. Releases before it refuse it. */
const MARK_VERSION = 3

/** What stands in the place of a state that went, or is not all there yet. */
export interface MarkedSnapshot {
  readonly version: typeof MARK_VERSION
  readonly mark: MoveMark
}

export const markedSnapshot = (mark: MoveMark): MarkedSnapshot => ({ version: MARK_VERSION, mark })

/** There is a mark where a state is expected. */
export class MarkedStateError extends Error {
  override readonly name = 'MarkedStateError'
  readonly mark: MoveMark
  constructor(mark: MoveMark) {
    super(markWords('state', mark))
    this.mark = mark
  }
}

/**
 * A parsed snapshot as a state, which takes its parts over, where its digest proves that it is as it was written: only its version and what
 * two records may not share are looked at. Throws an error that says what is wrong.
 */
export function takeState(value: unknown): MutableState {
  const { state, sections } = readForm(value)
  for (const kind of sections) checkIds(kind, recordsIn(state, kind))
  // Everything else stands as this program, or an earlier one, wrote it.
  return ownState({ ...(state as object as State), version: STATE_VERSION })
}

/**
 * A parsed snapshot as a state, where nothing proves what it says: of an older form, or changed by hand. Throws an
 * error that says which value is wrong. Text is checked where something would be done on the account with it;
 * what else a record has is taken as it is.
 */
export function decodeState(value: unknown): MutableState {
  const { state, sections } = readForm(value)
  judge(HEAD, state, [])
  for (const kind of sections) {
    const shape = shapeOf(kind)
    const records = recordsIn(state, kind)
    // One by one, whatever its key: `__proto__` is one like any other.
    for (const key of Object.keys(records)) judge(shape, records[key], [kind.section, key])
  }
  return takeState(state)
}

/** Judges a record given from outside; throws an error that says which field is wrong. */
export function decodeRecord(kind: Kind, key: string, value: unknown): AnyRecord {
  judge(shapeOf(kind), value, [kind.section, key])
  return value as AnyRecord
}

/** What every state is, and the kinds of which it has a section. */
function readForm(value: unknown): {
  readonly state: JsonObject
  readonly sections: readonly Kind[]
} {
  if (!isJsonObject(value)) throw new Error('is not a state: a JSON object is expected')
  const { version, mark } = value
  if (version === MARK_VERSION && isMark(mark)) throw new MarkedStateError(mark)
  if (version !== STATE_VERSION && version !== UNSEALED_VERSION)
    throw new Error(wrongVersion(version))
  const sections = kinds().filter(
    ({ section, sectionSince }) => value[section] !== undefined || version >= sectionSince,
  )
  for (const section of [...sections.map(kind => kind.section), 'learnt', 'pending'])
    if (!isJsonObject(value[section])) throw new Error(`has no ${section}`)
  return { state: value, sections }
}

const wrongVersion = (version: unknown): string =>
  typeof version === 'number' && version > STATE_VERSION
    ? `has version ${version}, written by a newer sft-catalog; this one knows version ${STATE_VERSION}`
    : `has no version ${STATE_VERSION}, so it is not a state of sft-catalog`

const recordsIn = (state: JsonObject, { section }: Kind): JsonObject => {
  const records = state[section]
  return isJsonObject(records) ? records : {}
}

/** Two entries with one platform object: what is done to the one would be done to the other. */
function checkIds(kind: Kind, records: JsonObject): void {
  const idAt = (key: string): unknown => {
    const record = records[key]
    return isJsonObject(record) ? record[kind.idField] : undefined
  }
  const keys = Object.keys(records)
  const ids = new Set<unknown>()
  for (const key of keys) {
    const id = idAt(key)
    if (ids.size === ids.add(id).size)
      throw new Error(
        `has the ID ${String(id)} twice: ${kind.section}.${keys.find(other => idAt(other) === id)} and ${kind.section}.${key}`,
      )
  }
}

/** Throws for the first thing that is wrong: where it stands, and what it is. */
function judge(schema: z.ZodType, value: unknown, place: readonly string[]): void {
  const [issue] = schema.safeParse(value).error?.issues ?? []
  if (issue === undefined) return
  const path = [...place, ...issue.path.map(String)].join('.')
  throw new Error(`${path} ${issue.message}`)
}

const shapeOf = ({ idField, recordShape }: Kind) =>
  z.looseObject(
    {
      [idField]: z.string({ error: 'is not an ID' }).min(1, { error: 'is not an ID' }),
      name: recordText,
      spec: z.looseObject({}, { error: 'is not an object' }),
      ...recordShape,
    },
    { error: 'is not a record' },
  )

const oneOf = <Word extends string>(...words: readonly Word[]) =>
  z.enum(words, {
    error: ({ input }) => `is ${JSON.stringify(input)}, not one of ${words.join(', ')}`,
  })

const LEARNT = z.looseObject({
  bulk: oneOf('works', 'unknown', 'wrong').optional(),
  modifyRateZone: oneOf('adds', 'replaces').optional(),
} satisfies Readonly<Record<keyof Learnt, z.ZodType>>)

const NO_INTENT = 'is not an announced write'

const DRAFT = z.looseObject({
  kind: z.string().refine(name => findKind(name) !== undefined),
  key: z.string(),
  naturalKey: z.string(),
  record: z.looseObject({}),
})

const INTENT = z.looseObject({
  id: z.string(),
  operation: z.string(),
  at: z.string(),
  settleSeconds: z.number(),
  action: oneOf<Intent['action']>('create', 'update', 'replace', 'retire'),
  drafts: z.array(DRAFT),
})

const isIntent = (id: string, value: unknown): boolean => {
  const { data } = INTENT.safeParse(value)
  return data !== undefined && data.id === id
}

const HEAD = z.looseObject({
  lineage: z.string({ error: 'is missing' }).min(1, { error: 'is empty' }),
  serial: z.int({ error: 'is no whole number' }).min(0, { error: 'is below 0' }),
  account: z.looseObject({ host: recordText }, { error: 'is not an account' }).optional(),
  learnt: LEARNT,
  pending: z.looseObject({}).superRefine((pending, context) => {
    for (const [id, intent] of Object.entries(pending))
      if (!isIntent(id, intent))
        context.addIssue({ code: 'custom', path: [id], message: NO_INTENT })
  }),
})
