import { isJsonObject, isText } from '../json.ts'
import type { Kind } from '../resources/kind.ts'
import { findKind, kinds } from '../resources/kinds.ts'
import { type MutableState, mutableState } from './apply-entry.ts'
import { type AnyRecord, type Intent, type Learnt, STATE_VERSION, type State } from './state.ts'

/** Written by release 0.1.0: the same fields, in a file without a digest. */
export const UNSEALED_VERSION = 1

/**
 * A parsed snapshot as a state. Throws an error that says which value is wrong. Text is checked where
 * something would be done on the account with it; what else a record has is taken as it is.
 */
export function decodeState(value: unknown): MutableState {
  if (!isJsonObject(value)) throw new Error('is not a state: a JSON object is expected')
  const { version, lineage, serial, account } = value
  if (!isVersion(version)) throw new Error(wrongVersion(version))
  if (!isText(lineage) || lineage === '') throw new Error('has no lineage')
  if (typeof serial !== 'number' || !Number.isSafeInteger(serial) || serial < 0)
    throw new Error('has no serial')
  if (account !== undefined && !(isJsonObject(account) && isText(account['host'])))
    throw new Error('has an account without a host')
  const sections = kinds().filter(
    ({ section, sectionSince }) => value[section] !== undefined || version >= sectionSince,
  )
  for (const section of [...sections.map(kind => kind.section), 'learnt', 'pending'])
    if (!isJsonObject(value[section])) throw new Error(`has no ${section}`)
  for (const kind of sections) {
    const section = value[kind.section]
    if (!isJsonObject(section)) continue
    for (const key of Object.keys(section)) checkRecord(kind, key, section[key])
    checkIds(kind, section)
  }
  checkLearnt(value['learnt'])
  checkPending(value['pending'])
  // Everything that the type says and that anything relies on was looked at above.
  return mutableState({ ...(value as object as State), version: STATE_VERSION })
}

const isVersion = (version: unknown): version is number =>
  version === STATE_VERSION || version === UNSEALED_VERSION

const wrongVersion = (version: unknown): string =>
  typeof version === 'number' && version > STATE_VERSION
    ? `has version ${version}, written by a newer sft-catalog; this one knows version ${STATE_VERSION}`
    : `has no version ${STATE_VERSION}, so it is not a state of sft-catalog`

/** Judges a record given from outside; throws an error that says which field is wrong. */
export function decodeRecord(kind: Kind, key: string, value: unknown): AnyRecord {
  checkRecord(kind, key, value)
  return value
}

function checkRecord(kind: Kind, key: string, value: unknown): asserts value is AnyRecord {
  const { section, idField, recordChecks } = kind
  const where = `${section}.${key}`
  if (!isJsonObject(value)) throw new Error(`${where} is not a record`)
  const id = value[idField]
  if (!isText(id) || id === '') throw new Error(`${where}.${idField} is not an ID`)
  if (!isText(value['name'])) throw new Error(`${where}.name is not text`)
  if (!isJsonObject(value['spec'])) throw new Error(`${where}.spec is not an object`)
  for (const { field, isSound, words } of recordChecks)
    if (!isSound(value[field])) throw new Error(`${where}.${field} is not ${words}`)
}

/** Two entries with one platform object: what is done to the one would be done to the other. */
function checkIds(kind: Kind, records: Readonly<Record<string, unknown>>): void {
  const keys = new Map<unknown, string>()
  for (const [key, record] of Object.entries(records)) {
    const id = isJsonObject(record) ? record[kind.idField] : undefined
    const other = keys.get(id)
    if (other !== undefined)
      throw new Error(
        `has the ID ${String(id)} twice: ${kind.section}.${other} and ${kind.section}.${key}`,
      )
    keys.set(id, key)
  }
}

const LEARNT: Readonly<Record<keyof Learnt, readonly string[]>> = {
  bulk: ['works', 'unknown', 'wrong'] satisfies Learnt['bulk'][],
  modifyRateZone: ['adds', 'replaces'] satisfies Learnt['modifyRateZone'][],
}

function checkLearnt(value: unknown): void {
  if (!isJsonObject(value)) return
  for (const [name, known] of Object.entries(LEARNT)) {
    const learnt = value[name]
    if (learnt !== undefined && !known.some(one => one === learnt))
      throw new Error(`learnt.${name} is ${JSON.stringify(learnt)}, not one of ${known.join(', ')}`)
  }
}

const ACTIONS: readonly unknown[] = [
  'create',
  'update',
  'replace',
  'retire',
] satisfies Intent['action'][]

const isDraft = (value: unknown): boolean =>
  isJsonObject(value) &&
  isText(value['kind']) &&
  findKind(value['kind']) !== undefined &&
  isText(value['key']) &&
  isText(value['naturalKey']) &&
  isJsonObject(value['record'])

function checkPending(value: unknown): void {
  if (!isJsonObject(value)) return
  for (const [id, intent] of Object.entries(value)) {
    const sound =
      isJsonObject(intent) &&
      intent['id'] === id &&
      isText(intent['operation']) &&
      isText(intent['at']) &&
      typeof intent['settleSeconds'] === 'number' &&
      ACTIONS.includes(intent['action']) &&
      Array.isArray(intent['drafts']) &&
      intent['drafts'].every(isDraft)
    if (!sound) throw new Error(`pending.${id} is not an announced write`)
  }
}
