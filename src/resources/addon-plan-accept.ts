/** What changed in an add-on plan of the account, as edits of its entry in the writer's own style. */
import { isJsonObject } from '../json.ts'
import type { Json } from '../model.ts'
import type { AnyRecord } from '../state/state.ts'
import {
  formatAmount,
  formatMB,
  formatSpeed,
  formatValidity,
  parseAmount,
  parseDataVolume,
} from '../units.ts'
import {
  type AcceptContext,
  type DriftedField,
  type FieldEdits,
  nameEdits,
  noForm,
  setField,
} from './accept.ts'
import type { AddonPlanEntry } from './addon-plan-entry.ts'

/** One drifted field of an add-on plan as edits of its entry, in the writer's own style. */
export function planEdits(
  drift: DriftedField,
  { catalog, state, entry, written }: AcceptContext<AnyRecord, AddonPlanEntry>,
): FieldEdits {
  const { field, account } = drift
  const text = String(account)
  switch (field) {
    case 'name':
      return nameEdits(text)
    case 'description':
      return setField('description', text)
    case 'status':
      return {
        impossible: `an inactive plan has no form in the catalog: "sft-catalog apply" makes it active again; to retire it, take the entry out of the catalog and run "sft-catalog apply --prune"`,
      }
    case 'rateZone': {
      const zone = catalog.rateZones.find(
        ({ key }) => Object.hasOwn(state.rateZones, key) && state.rateZones[key]?.id === text,
      )
      return setField('rateZone', zone === undefined ? { id: text } : zone.key)
    }
    case 'dataMB':
    case 'dataPer':
    case 'smsCount':
    case 'throttleKbps':
    case 'recurringCharge':
      return grantEdits(drift, entry, written)
    case 'validityDays': {
      const validity = formatValidity(typeof account === 'string' ? account : Number(account))
      const tight = /^\d+[a-z]+$/.test(written('validity') ?? '')
      return setField('validity', tight ? validity.replace(' ', '') : validity)
    }
    case 'renewal':
      return isJsonObject(account)
        ? setField('renewal', { on: account['on'] ?? null, times: account['times'] ?? null })
        : { edits: [{ edit: 'remove', field: 'renewal' }] }
    case 'charge':
      return parseAmount(text) === undefined
        ? { impossible: `the charge ${text} is no amount of the catalog language` }
        : setField('charge', formatAmount(text, placesOf(written('charge'))))
    case 'priority':
      return Number.isInteger(account) && Number(account) >= 1
        ? setField('priority', Number(account))
        : { impossible: `the priority ${text} is none of the catalog language, which begins at 1` }
    case 'planType':
      return {
        impossible: `planType stands under account: for all plans: this one became ${text}, which needs a catalog of its own`,
      }
    case 'like':
      return {
        impossible:
          'like: what was copied was changed on the plan itself: put it back in the portal, or change the template and raise copy in its like',
      }
    case 'activation':
    case 'serviceProfile':
    case 'currencyId':
    case 'destinationGroup':
      return setField(field, text)
    default:
      return noForm(field)
  }
}

/** What a plan grants beyond a volume. */
function grantEdits(
  { field, account }: DriftedField,
  { dataPer }: AddonPlanEntry,
  written: (field: string) => string | undefined,
): FieldEdits {
  const data = written('data')
  if (field === 'dataMB' && data !== undefined && dataPer === undefined)
    return setField('data', account === 'unlimited' ? account : styledData(data, Number(account)))
  const isScalar = field === 'throttleKbps' || field === 'recurringCharge'
  if (!isScalar) return byHand(field, account)
  const name = field === 'throttleKbps' ? 'throttle' : field
  if (account === null) return { edits: [{ edit: 'remove', field: name }] }
  return setField(
    name,
    field === 'throttleKbps'
      ? formatSpeed(Number(account))
      : formatAmount(String(account), placesOf(written(name))),
  )
}

/** What stands in a mapping of the entry, or as part of a text: which of the forms is meant is for a person. */
const byHand = (field: string, account: Json | undefined): FieldEdits => ({
  impossible: `${field} is ${JSON.stringify(account ?? null)} on the account: write it into data: or benefits: of the entry`,
})

const UNIT_MB: Readonly<Record<string, number>> = { MB: 1, GB: 1024, TB: 1024 * 1024 }

/** A volume in the unit and spacing of the one before, where that says it exactly and shortly. */
function styledData(written: string | undefined, megabytes: number): string {
  const [, space = ' ', unit = ''] = /^[0-9.]+( ?)([MGT]B)$/.exec(written ?? '') ?? []
  const size = UNIT_MB[unit]
  const amount = size === undefined ? Number.NaN : megabytes / size
  const own = `${amount}${space}${unit}`
  return Number.isInteger(amount * 100) && parseDataVolume(own) === megabytes
    ? own
    : formatMB(megabytes).replace(' ', space)
}

/** Decimal places of an amount as it is written. */
const placesOf = (written: string | undefined): number =>
  /\.(\d+)$/.exec(written ?? '')?.[1]?.length ?? 0
