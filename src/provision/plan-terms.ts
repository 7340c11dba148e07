/** What of a sold plan decides how its balance and its dates are read. Pure. */
import { isJsonObject } from '../json.ts'
import type { Spec } from '../model.ts'

/**
 * What was sold, where it is more than a volume for some days: kept with the order and its instance, since the
 * plan may be another one by the time that usage is read. Absent: a volume for some days.
 */
export interface SoldTerms {
  readonly unlimitedData?: true
  /** The volume is that of a day: balances begin anew. */
  readonly daily?: true
  /** What is said of a copied plan is only what it may be: nothing in the copy tells. */
  readonly mayBe?: true
  /** Goes on once nothing is left, or may: throttled, daily, without an end, or copied from another plan. */
  readonly goesOn?: true
  readonly unlimitedValidity?: true
}

/** What an order buys. */
export interface SoldPlan {
  readonly planId: string
  readonly terms?: SoldTerms
}

/** The terms of a plan as the state has it; undefined for a volume for some days. */
export function soldTerms(spec: Spec): SoldTerms | undefined {
  const { dataMB, dataPer, throttleKbps, validityDays, like } = spec
  const unlimitedData = dataMB === 'unlimited'
  const daily = dataPer === 'day'
  const goesOn = unlimitedData || daily || typeof throttleKbps === 'number' || isJsonObject(like)
  const terms: SoldTerms = {
    ...(unlimitedData && { unlimitedData: true }),
    ...((daily || isJsonObject(like)) && { daily: true }),
    ...(!daily && isJsonObject(like) && { mayBe: true }),
    ...(goesOn && { goesOn: true }),
    ...(validityDays === 'unlimited' && { unlimitedValidity: true }),
  }
  return Object.keys(terms).length === 0 ? undefined : terms
}
