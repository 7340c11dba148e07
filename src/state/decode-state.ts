import { isJsonObject } from '../json.ts'
import type { KindName } from '../model.ts'
import { type MutableState, mutableState } from './apply-entry.ts'
import {
  type Intent,
  type Learnt,
  type RecordOf,
  SECTION,
  STATE_VERSION,
  type State,
} from './state.ts'

type Fields = Readonly<Record<string, unknown>>

const isText = (value: unknown): value is string => typeof value === 'string'

/** The field of each kind's record that holds its platform ID. */
const ID_FIELD = {
  rateZone: 'id',
  addonPlan: 'planId',
  endpoint: 'endpointId',
} as const satisfies Record<KindName, string>

const isListOfText = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

/** What else a record of each kind must have, as a test and as words. */
const FIELDS: Record<
  KindName,
  readonly (readonly [string, (value: unknown) => boolean, string])[]
> = {
  rateZone: [['networks', isNetworkList, 'a list of networks']],
  addonPlan: [['rateZoneId', isText, 'text']],
  endpoint: [
    ['batch', isText, 'text'],
    ['tags', isListOfText, 'a list of texts'],
  ],
}

function isNetworkList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      item => isJsonObject(item) && isText(item['operatorId']) && isText(item['sponsorId']),
    )
  )
}

/** Written by release 0.1.0: the same fields, in a file without a digest. */
export const UNSEALED_VERSION = 1

const KINDS: readonly KindName[] = ['rateZone', 'addonPlan', 'endpoint']

/**
 * A parsed snapshot as a state. Throws an error that says which value is wrong. Text is checked where
 * something would be done on the account with it; what else a record has is taken as it is.
 */
export function decodeState(value: unknown): MutableState {
  if (!isJsonObject(value)) throw new Error('is not a state: a JSON object is expected')
  const { version, lineage, serial, account } = value
  checkVersion(version)
  if (!isText(lineage) || lineage === '') throw new Error('has no lineage')
  if (typeof serial !== 'number' || !Number.isSafeInteger(serial) || serial < 0)
    throw new Error('has no serial')
  if (account !== undefined && !(isJsonObject(account) && isText(account['host'])))
    throw new Error('has an account without a host')
  for (const section of [...Object.values(SECTION), 'learnt', 'pending'])
    if (!isJsonObject(value[section])) throw new Error(`has no ${section}`)
  for (const kind of KINDS) {
    const section = value[SECTION[kind]]
    if (!isJsonObject(section)) continue
    for (const key of Object.keys(section)) checkRecord(kind, key, section[key])
    checkIds(kind, section)
  }
  checkLearnt(value['learnt'])
  checkPending(value['pending'])
  // Everything that the type says and that anything relies on was looked at above.
  return mutableState({ ...(value as object as State), version: STATE_VERSION })
}

function checkVersion(version: unknown): void {
  if (version === STATE_VERSION || version === UNSEALED_VERSION) return
  throw new Error(
    typeof version === 'number' && version > STATE_VERSION
      ? `has version ${version}, written by a newer sft-catalog; this one knows version ${STATE_VERSION}`
      : `has no version ${STATE_VERSION}, so it is not a state of sft-catalog`,
  )
}

/** Judges a record given from outside; throws an error that says which field is wrong. */
export function decodeRecord<Kind extends KindName>(
  kind: Kind,
  key: string,
  value: unknown,
): RecordOf[Kind] {
  checkRecord(kind, key, value)
  return value as RecordOf[Kind]
}

function checkRecord(kind: KindName, key: string, value: unknown): void {
  const where = `${SECTION[kind]}.${key}`
  if (!isJsonObject(value)) throw new Error(`${where} is not a record`)
  const id = value[ID_FIELD[kind]]
  if (!isText(id) || id === '') throw new Error(`${where}.${ID_FIELD[kind]} is not an ID`)
  if (!isText(value['name'])) throw new Error(`${where}.name is not text`)
  if (!isJsonObject(value['spec'])) throw new Error(`${where}.spec is not an object`)
  for (const [field, test, words] of FIELDS[kind])
    if (!test(value[field])) throw new Error(`${where}.${field} is not ${words}`)
}

/** Two entries with one platform object: what is done to the one would be done to the other. */
function checkIds(kind: KindName, section: Fields): void {
  const keys = new Map<unknown, string>()
  for (const [key, record] of Object.entries(section)) {
    const id = isJsonObject(record) ? record[ID_FIELD[kind]] : undefined
    const other = keys.get(id)
    if (other !== undefined)
      throw new Error(
        `has the ID ${String(id)} twice: ${SECTION[kind]}.${other} and ${SECTION[kind]}.${key}`,
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
  KINDS.some(kind => kind === value['kind']) &&
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
