/** What an add-on plan grants and costs, as specs have it. */
import type { Json, Spec } from '../model.ts'
import { normaliseAmount } from '../units.ts'
import type { AddonPlanEntry } from './addon-plan-entry.ts'

/** What an entry says that a plan grants; with a template, what it leaves out is the template's. */
export function grantedBy(entry: AddonPlanEntry): Spec {
  const { dataMB, dataPer, smsCount, throttleKbps, validityDays, activation, priority } = entry
  const { renewal, charge, recurringCharge } = entry
  const once = entry.like === undefined ? null : undefined
  const fields: Readonly<Record<string, Json | undefined>> = {
    dataMB,
    dataPer,
    smsCount,
    throttleKbps,
    validityDays,
    activation,
    renewal: renewal === undefined ? once : { on: renewal.on, times: renewal.times },
    charge: charge === undefined ? undefined : normaliseAmount(charge),
    recurringCharge: recurringCharge === undefined ? undefined : normaliseAmount(recurringCharge),
    priority,
  }
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, Json] => field[1] !== undefined),
  )
}
