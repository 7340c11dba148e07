/** Whether an add-on plan became what was asked for: accounts leave out in silence what they do not know. */
import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../json.ts'
import type { Json, Spec } from '../model.ts'
import { ADDON_PLAN_FIELDS } from './addon-plan-fields.ts'
import { copyText, seenOf } from './addon-plan-like.ts'

/** What is given by fields whose very names had to be found out: an account that does not know them ignores them. */
const BY_FIELDS = ['dataPer', 'throttleKbps', 'recurringCharge'] as const

/** What is given by values that had to be found out. */
const saidByWire = ({ smsCount, validityDays, renewal }: Spec): boolean =>
  typeof smsCount === 'number' ||
  typeof validityDays === 'string' ||
  (isJsonObject(renewal) && renewal['times'] === 'unlimited')

const isGiven = (value: Json | undefined): boolean => value !== undefined && value !== null

/** Whether more was asked for than everybody's plans have, so that an answer of success proves little. */
export const readsBack = (spec: Spec): boolean =>
  isJsonObject(spec['like']) ||
  spec['dataMB'] === 'unlimited' ||
  BY_FIELDS.some(field => isGiven(spec[field])) ||
  saidByWire(spec)

/** What of a plan, as it is read, is not what was asked for. */
export function unfit(spec: Spec, reported: Spec): string | undefined {
  const copied = isJsonObject(spec['like']) ? spec['like'] : {}
  const told = isJsonObject(reported['like']) ? reported['like'] : {}
  const seen = seenOf(told, copied)
  const other = Object.keys(copied).find(path => !isDeepStrictEqual(seen[path], copied[path]))
  if (other !== undefined) return `does not have ${copyText({ [other]: copied[other] ?? null })}`
  const differs = (field: string) => !isDeepStrictEqual(reported[field], spec[field])
  const lacking = [...BY_FIELDS, ...(spec['dataMB'] === 'unlimited' ? ['dataMB'] : [])].find(
    field => isGiven(spec[field]) && differs(field),
  )
  const wrong = ['smsCount', 'validityDays', 'renewal'].find(
    field => isGiven(spec[field]) && reported[field] !== undefined && differs(field),
  )
  const field = lacking ?? (saidByWire(spec) ? wrong : undefined)
  if (field === undefined) return undefined
  const value = ADDON_PLAN_FIELDS[field]?.show?.(spec[field] ?? null) ?? String(spec[field])
  const verb = reported[field] === undefined ? 'does not report' : 'does not have'
  return `${verb} its ${field}, ${value}`
}
