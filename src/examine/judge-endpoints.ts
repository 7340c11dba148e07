import { instancesIn } from '../sft/addon-instances.ts'
import type { AddonInstance, ReportedPlan } from '../sft/api.ts'
import { countersIn } from '../sft/counters.ts'
import { SftNotUnderstoodError } from '../sft/errors.ts'
import { asObject, valuesUnder } from '../sft/values.ts'
import { toWire } from '../sft/wire-form.ts'
import type { EndpointEvidence, Evidence } from './evidence.ts'
import { timeOf } from './judge-dates.ts'
import { judgeWords } from './judge-plans.ts'
import {
  answerOf,
  confirmed,
  contradicted,
  counted,
  type Judge,
  type Judgement,
  some,
  unread,
  untested,
} from './judgement.ts'

const NO_ENDPOINT = 'no SIM that was looked at has an endpoint'
const NO_ADDON = 'no endpoint that was looked at has an add-on'
const DAY_MS = 86_400_000

/** Sessions, SIMs, endpoints and their add-ons. */
export const ENDPOINT_JUDGES = {
  'login-tokens': ({ tokenLife }) =>
    tokenLife === undefined
      ? untested('there was no login')
      : confirmed('the login was answered with a token'),
  'token-life': ({ tokenLife, form }) => {
    if (tokenLife === undefined) return untested('there was no login')
    return tokenLife.told
      ? confirmed(`the token says that it lives ${Math.round(tokenLife.seconds)} s`)
      : untested(`the token does not tell; ${form.tokenLifeMs / 1000} s are counted on`)
  },
  'sim-status': ({ sims, smallerPage, form }) => {
    const seen = smallerPage?.seen ?? sims
    if (seen.kind === 'failed') return unread(seen)
    return judgeWords(
      'sim-status',
      seen.value.sims.map(sim => sim.status),
      form.simStatus,
      [
        ['ready', /ready/i],
        ['pre-active', /^pre.?act/i],
        ['suspended', /^susp/i],
        ['active', /^act[a-z]*$/i],
      ],
    )
  },
  'sellable-query': ({ sellable, sims, smallerPage }) => {
    if (sellable.kind === 'failed') return unread(sellable)
    const wrong = sellable.value.sims.find(sim => sim.status !== 'Pre-Active')
    if (wrong !== undefined)
      return contradicted(`it lists a SIM that is ${wrong.status ?? 'of no status'}`, {
        text: '"sellable-query" in SFT_WIRE, with the IDs that the platform has; do not sell before',
      })
    if (sellable.value.sims.length > 0) return confirmed('it lists Pre-Active SIMs')
    const stock = smallerPage?.seen ?? sims
    const missed =
      stock.kind === 'seen'
        ? stock.value.sims.filter(
            sim => sim.status === 'Pre-Active' && sim.endpointId !== undefined,
          )
        : []
    return missed.length === 0
      ? untested('no SIM is Pre-Active and attached')
      : contradicted(
          `it lists nothing, while ${counted(missed.length, 'SIM')} of a page would fit`,
          {
            text: '"sellable-query" in SFT_WIRE, with the IDs that the platform has',
          },
        )
  },
  'addon-blocks': ({ endpoints }) => {
    if (endpoints.length === 0) return untested(NO_ENDPOINT)
    const odd = endpoints.find(
      ({ profile }) => profile.kind === 'failed' && profile.error instanceof SftNotUnderstoodError,
    )
    if (odd?.profile.kind === 'failed') return contradicted(odd.profile.error.message)
    const read = endpoints.flatMap(({ profile }) =>
      profile.kind === 'seen' ? [profile.value.instances] : [],
    )
    const doubt = read.find(listing => listing.doubt !== undefined)?.doubt
    if (doubt !== undefined) return contradicted(`the profile is not understood: ${doubt}`)
    const found = read.flatMap(listing => listing.items).length
    return found === 0 ? untested(NO_ADDON) : confirmed(`${counted(found, 'instance')} in profiles`)
  },
  'addon-details': ({ endpoints, form }) => {
    if (form.addonsFrom === 'profile')
      return untested('it is not asked for: add-ons are read from the profile, as set')
    if (endpoints.length === 0) return untested(NO_ENDPOINT)
    const set = { wire: { 'addon-details': 'profile' } }
    let compared = 0
    for (const one of endpoints) {
      const { details } = one
      if (details.kind === 'failed') return contradicted(details.error.message, set)
      if (details.value.kind === 'missing')
        return contradicted('the account does not know GetEndpointAddonDetails (HTTP 404)', set)
      const ids = idsOf(one)
      if (details.value.kind === 'rejected') {
        if (ids.length > 0)
          return contradicted(
            `refused, while the profile has ${counted(ids.length, 'add-on')}`,
            set,
          )
        continue
      }
      const { response } = details.value
      const { items, doubt } = instancesIn(response)
      if (doubt !== undefined) return contradicted(`not understood: ${doubt}`, set)
      const told = items.map(instance => instance.uniqueId)
      if ([...told].sort().join() !== [...ids].sort().join())
        return contradicted(
          `it tells ${counted(told.length, 'instance')}, the profile ${ids.length}`,
          set,
        )
      compared += ids.length
    }
    return compared === 0
      ? untested(NO_ADDON)
      : confirmed(`the same ${counted(compared, 'instance')} as the profile`)
  },
  'plan-units': evidence => judgeUnits(evidence).plan,
  'balance-unit': evidence => judgeUnits(evidence).balance,
  'validity-type': evidence => {
    const spans = instancesWithPlan(evidence).flatMap(({ instance, plan }) => {
      const start = timeOf(instance.startDate)
      const end = timeOf(instance.expiryDate)
      const { type, factor } = plan.validity ?? {}
      if (start === undefined || end === undefined || type === undefined || factor === undefined)
        return []
      return [{ days: (end - start) / DAY_MS, type, factor: Number(factor) }]
    })
    const [span] = spans
    if (span === undefined)
      return untested('no add-on with a start and an end, and a plan that tells')
    // A day more or less: an end may be that of a day, and clocks change.
    const inDays = (one: typeof span) => Math.abs(one.days - one.factor) <= 1.1
    const wrong = spans.find(one => one.type === '1' && !inDays(one))
    if (wrong !== undefined)
      return contradicted(
        `an add-on of validityType ${toWire(evidence.form.validityType, '1')} and factor ${wrong.factor} runs for ${Math.round(wrong.days)} days`,
        { text: '"validity-type" in SFT_WIRE, with the value that means days' },
      )
    if (spans.some(one => one.type === '1'))
      return confirmed(`an add-on of factor ${span.factor} runs for ${Math.round(span.days)} days`)
    const other = spans.find(inDays)
    return other === undefined
      ? untested('no add-on of a plan with a validity in days')
      : contradicted(`days have validityType ${other.type}`, {
          wire: { 'validity-type': { days: other.type.replaceAll('"', '') } },
        })
  },
  'activated-by': evidence => {
    const { form, plans } = evidence
    if (plans.kind === 'failed') return unread(plans)
    const words = judgeWords(
      'activated-by',
      plans.value.map(plan => plan.subscription?.activatedBy),
      form.activatedBy,
      [
        ['first-use', /use|usage|first/i],
        ['immediate', /imm|subs|once|now|act/i],
      ],
    )
    if (words.verdict !== 'confirmed') return words
    const waiting = instancesWithPlan(evidence).filter(
      ({ instance }) => instance.startDate === undefined,
    )
    const immediate = waiting.filter(({ plan }) => plan.subscription?.activatedBy === '0')
    if (immediate.length > 0)
      return contradicted(
        `${counted(immediate.length, 'add-on')} of activatedBy ${form.activatedBy['0']} wait for a first use`,
        {
          wire: {
            'activated-by': {
              'first-use': form.activatedBy['0'] ?? '0',
              immediate: form.activatedBy['1'] ?? '1',
            },
          },
        },
      )
    return waiting.length === 0
      ? untested('no add-on that waits for its first use')
      : confirmed(
          `${counted(waiting.length, 'add-on')} of activatedBy ${form.activatedBy['1']} wait for a first use`,
        )
  },
  'profile-fields': ({ endpoints, form }) => {
    const read = endpoints.flatMap(({ profile }) =>
      profile.kind === 'seen' ? [profile.value] : [],
    )
    if (read.length === 0) return untested(NO_ENDPOINT)
    const fields = ['name', 'basePlan', 'apnGroup', 'roamingProfiles'] as const
    const missing = fields.filter(field => read.every(profile => profile[field] === undefined))
    if (missing.length === 0)
      return confirmed('name, plan, APN group and roaming profiles are told')
    const keys = endpoints
      .flatMap(({ rawProfile }) => valuesUnder(answerOf(rawProfile), ['basicInfo']))
      .flatMap(basic => Object.keys(asObject(basic) ?? {}))
    const taken = new Set(fields.map(field => form.profileFields[field]))
    const found = missing.flatMap(field => {
      const key = keys.find(key => FIELD_HINTS[field].test(key) && !taken.has(key))
      return key === undefined ? [] : [[field, key] as const]
    })
    return contradicted(
      `not told under the assumed names: ${missing.map(field => form.profileFields[field]).join(', ')}`,
      found.length === 0 ? undefined : { wire: { 'profile-fields': Object.fromEntries(found) } },
    )
  },
  counters: ({ endpoints }) => {
    if (endpoints.length === 0) return untested(NO_ENDPOINT)
    const found = endpoints
      .flatMap(({ details, rawProfile }) => [answerOf(details), answerOf(rawProfile)])
      .flatMap(response => (response && countersIn(response)) ?? [])
    if (found.length === 0) return untested('no answer that was looked at has a counter')
    const fields = [...new Set(found.flatMap(counter => Object.keys(counter)))]
    const told = `${counted(found.length, 'counter')}, with ${some(fields)}`
    return found.every(counter => counter['uniqueId'] !== undefined)
      ? confirmed(told)
      : untested(`${told}; not each says of which instance it is`)
  },
  'endpoint-gone': ({ unknownEndpoint }) => {
    if (unknownEndpoint.kind === 'failed') return unread(unknownEndpoint)
    const { value } = unknownEndpoint
    if (value.kind === 'rejected')
      return confirmed(`an endpoint that nobody has is refused with ${value.code}`)
    return value.kind === 'missing'
      ? untested('GetEndPointProfile is not known here (HTTP 404)')
      : contradicted('an endpoint that nobody has is answered')
  },
  'statistics-unit': ({ endpoints, form }) => {
    for (const { profile, statistics } of endpoints) {
      if (profile.kind === 'failed' || statistics.kind === 'failed') continue
      const { instances } = profile.value
      const used = instances.items.reduce(
        (sum, { grantedBytes = 0, leftBytes = 0 }) => sum + grantedBytes - leftBytes,
        0,
      )
      const told = statistics.value.totalMB * form.megabyte
      if (used <= 0 || told <= 0) continue
      // Rated at other times than counted, and without add-ons that have ended: the factor tells, not the digits.
      const factor = Math.round(Math.log2(used / told) / 10)
      const unit = { '-2': 'bytes', '-1': 'KB', '1': 'GB' }[String(factor)]
      if (factor === 0) return confirmed('they fit what the balances have lost')
      return contradicted(
        `they tell ${told} bytes where balances have lost ${used}`,
        unit === undefined ? undefined : { wire: { 'statistics-unit': unit } },
      )
    }
    return untested('no endpoint with traffic in the last 30 days')
  },
} as const satisfies Readonly<Record<string, Judge>>

const FIELD_HINTS = {
  name: /name$/i,
  basePlan: /plan.*id$/i,
  apnGroup: /apn/i,
  roamingProfiles: /roaming/i,
} as const

const idsOf = ({ profile }: EndpointEvidence): readonly string[] =>
  profile.kind === 'seen' ? profile.value.instances.items.map(instance => instance.uniqueId) : []

function instancesWithPlan({ endpoints, plans }: Evidence): readonly {
  readonly instance: AddonInstance
  readonly plan: ReportedPlan
}[] {
  const known = plans.kind === 'seen' ? plans.value : []
  return endpoints.flatMap(({ profile }) =>
    profile.kind === 'failed'
      ? []
      : profile.value.instances.items.flatMap(instance => {
          const plan = known.find(plan => plan.planId === instance.planId)
          return plan === undefined ? [] : [{ instance, plan }]
        }),
  )
}

const KB = 1024
/** Units of balances, by how many of them a byte of a plan in MB would then seem to be. */
const BALANCE_UNITS = { KB: KB, MB: KB ** 2, GB: KB ** 3 } as const

/** A plan's value against an instance's grant: both units at once, since only their relation is seen. */
function judgeUnits(evidence: Evidence): { readonly plan: Judgement; readonly balance: Judgement } {
  const both = (judgement: Judgement) => ({ plan: judgement, balance: judgement })
  const seen = instancesWithPlan(evidence).flatMap(({ instance, plan }) => {
    const [benefit, ...more] = plan.benefits ?? []
    const value = Number(benefit?.value)
    const { grantedBytes } = instance
    return more.length > 0 || !(value > 0) || grantedBytes === undefined || grantedBytes <= 0
      ? []
      : [{ value, grantedBytes }]
  })
  const [first] = seen
  if (first === undefined) return both(untested('no add-on whose plan and grant are both told'))
  const { form } = evidence
  const ratios = new Set(seen.map(one => one.grantedBytes / (one.value * form.megabyte)))
  const [ratio = 1] = ratios
  const told = `a plan of ${first.value} MB grants ${first.grantedBytes} bytes, as read now`
  if (ratios.size > 1)
    return both(contradicted(`grants do not follow plans: ${some([...ratios].map(String))}`))
  const near = (factor: number) => Math.abs(ratio / factor - 1) < 0.001
  if (near(1))
    return both(confirmed(`a plan of ${first.value} MB grants ${first.grantedBytes} bytes`))
  if (near(1_000_000 / 1_048_576))
    return {
      plan: contradicted(told, { wire: { megabyte: 1_000_000 } }),
      balance: confirmed('in bytes, with an MB of 1,000,000 bytes'),
    }
  for (const [unit, factor] of Object.entries(BALANCE_UNITS))
    if (near(1 / factor) && form.balanceBytes === 1)
      return {
        plan: untested('it depends on balance-unit'),
        balance: contradicted(told, { wire: { 'balance-unit': unit } }),
      }
  // A grant larger than the plan: the plan's own unit is larger.
  if (near(KB) && form.planUnit.name === 'MB')
    return {
      plan: contradicted(told, { wire: { 'plan-units': 'GB' } }),
      balance: confirmed('in bytes, with plans in GB'),
    }
  return both(contradicted(told))
}
