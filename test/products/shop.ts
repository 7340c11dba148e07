/** A seller whose products say more than data for some days. */
import type { JsonObject } from '../../src/model.ts'
import type { SimulatedPlanTerms } from '../../src/simulator/settings.ts'
import { catalogWith } from '../apply/helpers.ts'

/** What this account has for it: told to the simulator, and to the catalog where it is known. */
export const WIRE = {
  'validity-type': { months: '2', years: '3', unlimited: '0' },
  'benefit-id': { sms: '4' },
  'unlimited-renewals': '99999',
  'unlimited-data': { 'benefit.value': '-1' },
  'daily-data': { 'benefit.period': 'DAY' },
  throttle: {
    '512 kbps': { 'basicInfo.pcrfRule': 'Throttle_512' },
    '128 kbps': { 'basicInfo.pcrfRule': 'Throttle_128' },
  },
  'recurring-charge': { 'charge.chargeType': '2' },
} as const satisfies SimulatedPlanTerms

/** A plan of each sort, by its key. */
export const PRODUCTS: Readonly<Record<string, JsonObject>> = {
  daily: { data: '1 GB a day', throttle: '512 kbps', validity: '7 days' },
  endless: { data: 'unlimited', throttle: '128 kbps', validity: '30 days' },
  messages: { benefits: { data: '5 GB', sms: 20 }, validity: '30 days' },
  month: { data: '5 GB', validity: '1 month' },
  year: { data: '50 GB', validity: '1 year' },
  forever: { data: '1 GB', validity: 'unlimited' },
  renewing: { data: '5 GB', validity: '30 days', renewal: { on: 'expiry', times: 'unlimited' } },
  recurring: { data: '5 GB', validity: '30 days', charge: '4.50', recurringCharge: '1.50' },
  plain: { data: '5 GB', validity: '30 days' },
}

/** A zone and plans as YAML; the account says what it knows. */
export function shopYaml(
  plans: Readonly<Record<string, JsonObject>>,
  zone = 'rateZones: [{ key: z, name: Z, countries: [BE] }]',
): string {
  const entries = Object.entries(plans).map(
    ([key, plan]) => `  - ${JSON.stringify({ key, name: `Plan ${key}`, rateZone: 'z', ...plan })}`,
  )
  return `${zone}\naddonPlans:\n${entries.join('\n')}\n`
}

/** The same as a catalog whose account section has these wire values. */
export const shopCatalog = (plans: Readonly<Record<string, JsonObject>>, wire: JsonObject = WIRE) =>
  catalogWith(shopYaml(plans), {}, { wire })
