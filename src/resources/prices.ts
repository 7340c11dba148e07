/** Prices of a portal, by currency: kept for it, never sent to the platform. */
import { z } from 'zod'
import { type Draft, reportAt } from '../catalog/drafts.ts'
import type { IssueLog } from '../catalog/issue-log.ts'
import { text } from '../catalog/language.ts'
import { objectOf, textOf } from '../json.ts'
import { nearestOf } from '../nearest.ts'
import { AMOUNT_PATTERN } from '../units.ts'

/** `{ EUR: "9.50", JPY: "1500" }`. */
export const pricesSchema = z
  .record(
    z.string(),
    text('A price.', {
      pattern: AMOUNT_PATTERN,
      write: 'a decimal amount such as "9.50"',
      code: 'UNIT_INVALID',
    }),
  )
  .meta({ description: 'Prices of your portal by currency (ISO 4217), such as EUR and USD.' })

/** That the currencies exist, and that a price has no more decimal places than its currency. */
export function checkPrices(plan: Draft, log: IssueLog): void {
  const prices = objectOf(objectOf(plan.raw['portal'])['prices'])
  for (const [currency, price] of Object.entries(prices)) {
    const path = ['portal', 'prices', currency]
    const places = placesOf(currency)
    if (places === undefined) {
      const near = nearestOf(currency.toUpperCase(), currencies())
      const problem = {
        code: 'CURRENCY_UNKNOWN',
        message: `there is no currency ${JSON.stringify(currency)}`,
        hint: near === undefined ? 'write its ISO 4217 code, such as EUR' : `did you mean ${near}?`,
      } as const
      reportAt(log, plan, path, problem, 'key')
      continue
    }
    const written = /^[0-9]+(?:\.([0-9]+))?$/.exec(textOf(price) ?? '')?.[1]?.length ?? 0
    if (written > places)
      reportAt(log, plan, path, {
        code: 'UNIT_INVALID',
        message: `${String(price)} has ${written} decimal places, and ${currency} has ${places}`,
        hint: 'write a price that can be paid',
      })
  }
}

const currencies = (): ReadonlySet<string> => new Set(Intl.supportedValuesOf('currency'))

/** Decimal places of a currency; undefined for one that does not exist. */
function placesOf(currency: string): number | undefined {
  if (!currencies().has(currency)) return undefined
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions()
  return maximumFractionDigits
}
