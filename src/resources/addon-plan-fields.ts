/** The fields of an add-on plan: what a change of each means, and what they are in words. */
import { grouped } from '../counts.ts'
import { isJsonObject } from '../json.ts'
import type { Json, Spec } from '../model.ts'
import { formatMB, formatSpeed, formatValidity } from '../units.ts'
import { copyText, seenOf } from './addon-plan-like.ts'
import type { TravellersOf } from './impact.ts'
import type { Kind } from './kind.ts'
import type { Offer } from './offer.ts'

const fixed = (reason: string, section: string, show?: (value: Json) => string) => ({
  mutability: 'replace' as const,
  reason,
  trust: 'INFERRED' as const,
  section,
  reported: true,
  ...(show && { show }),
})
/** What plans say by wire values that have to be set first (docs/wire.md). */
const notKnown = (reason: string, show: (value: Json) => string) => ({
  ...fixed(reason, '4.4', show),
  trust: 'UNKNOWN' as const,
  // With a template, what is left out is the template's.
  unset: ({ like }: Spec) => (like === undefined ? null : undefined),
})
const basic = (trust: 'SEEN' | 'INFERRED') => ({
  mutability: 'in-place' as const,
  reason: 'ModifyPlan basicInfo, read back',
  trust,
  section: '4.5',
  reported: true,
})

/** What a change of each field of an add-on plan means. */
export const ADDON_PLAN_FIELDS: Kind['fields'] = {
  name: basic('INFERRED'),
  description: basic('INFERRED'),
  priority: basic('INFERRED'),
  status: basic('INFERRED'),
  charge: {
    mutability: 'in-place',
    reason: 'ModifyPlan charge, read back: edits outside basicInfo may be dropped',
    trust: 'UNKNOWN',
    section: '4.5',
    reported: true,
  },
  rateZone: fixed('the benefit is fixed once created', '4.4'),
  dataMB: fixed('the benefit is fixed once created', '4.4', value =>
    value === 'unlimited' ? 'unlimited data' : formatMB(Number(value)),
  ),
  dataPer: notKnown('the benefit is fixed once created', value =>
    value === 'day' ? 'a day' : 'once',
  ),
  smsCount: notKnown('the benefit is fixed once created', value =>
    value === null ? 'none' : `${value} SMS`,
  ),
  throttleKbps: notKnown('fixed once created', value =>
    value === null ? 'none' : `then ${formatSpeed(Number(value))}`,
  ),
  validityDays: fixed('the validity is fixed once created', '4.4', value =>
    value === 'unlimited'
      ? 'no end'
      : formatValidity(typeof value === 'number' ? value : String(value)),
  ),
  activation: fixed('the subscription is fixed once created', '4.4'),
  renewal: fixed('the subscription is fixed once created', '4.4', value =>
    isJsonObject(value) ? `on ${value['on']}, ${timesText(value['times'])}` : 'one time',
  ),
  recurringCharge: notKnown('no client edits it', value =>
    value === null ? 'none' : `${value} again and again`,
  ),
  serviceProfile: { ...fixed('fixed after plan creation', '2'), trust: 'CONFIRMED' },
  currencyId: fixed('no client edits it', '4.4'),
  planType: fixed('no client edits it', '4.4'),
  destinationGroup: fixed('no client edits it', '4.4'),
  like: {
    mutability: 'replace',
    reason: 'copied from another plan when the plan is created, compared with the copy',
    trust: 'UNKNOWN',
    section: '4.5',
    reported: true,
    show: value => (isJsonObject(value) ? copyText(value) : 'nothing'),
    seen: (reported, copied) => {
      if (!isJsonObject(reported) || !isJsonObject(copied)) return undefined
      const seen = seenOf(reported, copied)
      // What is not reported is as it was.
      return Object.keys(seen).length === 0 ? undefined : { ...copied, ...seen }
    },
  },
  sft: {
    mutability: 'replace',
    reason: 'sent as it stands when the plan is created, never compared with the account',
    trust: 'UNKNOWN',
    section: '4.4',
    reported: false,
  },
}

/** How often it renews, for people. */
const timesText = (times: Json | undefined): string =>
  times === 'unlimited' ? 'without end' : times === 1 ? 'once' : `${times} times`

/** What becomes of instances of a plan that were sold before a change: their balance and life are their own. */
export function travellers({ action, sold, before }: TravellersOf): string {
  if (sold === 0) return 'no sold instance'
  const one = sold === 1
  const held = `${grouped(sold)} sold ${one ? 'instance' : 'instances'}`
  const dataMB = before?.['dataMB']
  const data =
    dataMB === undefined
      ? 'what it holds'
      : `its ${ADDON_PLAN_FIELDS['dataMB']?.show?.(dataMB) ?? dataMB}`
  if (action === 'replace' || action === 'retire')
    return one
      ? `${held} keeps ${data} until it ends`
      : `${held} keep ${data.replace('what it holds', 'what they hold').replace('its ', 'their ')} until they end`
  return held
}

/** What a plan is, in a few words. */
export const brief = (spec: Spec): string =>
  [
    'dataMB',
    'dataPer',
    'throttleKbps',
    'smsCount',
    'validityDays',
    'activation',
    'renewal',
    'charge',
    'recurringCharge',
  ]
    .flatMap(field => {
      const value = spec[field]
      if (value === undefined || value === null) return []
      return field === 'charge'
        ? `charge ${value}`
        : (ADDON_PLAN_FIELDS[field]?.show?.(value) ?? String(value))
    })
    .join(', ')

/** What of a plan can be drawn: prices of another currency are not those of this one. */
export function offer(spec: Spec): Offer {
  const { dataMB, validityDays, charge, currencyId } = spec
  return {
    inWords: brief(spec),
    ...(typeof dataMB === 'number' && { dataMB }),
    ...(typeof validityDays === 'number' && { days: validityDays }),
    ...(typeof charge === 'string' && { charge }),
    ...(typeof currencyId === 'string' && { currencyId }),
  }
}
