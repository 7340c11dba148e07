import type { ReportedPlan } from '../sft/api.ts'
import { asObjects, firstText, valuesUnder } from '../sft/values.ts'
import type { WireValues } from '../sft/wire-form.ts'
import type { Evidence } from './evidence.ts'
import {
  answerOf,
  confirmed,
  contradicted,
  counted,
  type Judge,
  type Judgement,
  some,
  textsUnder,
  unread,
  untested,
} from './judgement.ts'

const SECTIONS = [
  'status',
  'planType',
  'serviceProfile',
  'currencyId',
  'destinationGroup',
  'priority',
  'benefits',
  'charge',
  'validity',
  'subscription',
] as const

/** What QueryRatePlan says of plans. */
export const PLAN_JUDGES = {
  'plan-report': withPlans(plans => {
    const missing = SECTIONS.filter(field => plans.every(plan => plan[field] === undefined))
    return missing.length === 0
      ? confirmed(`every field on ${counted(plans.length, 'plan')}`)
      : contradicted(`never reported: ${missing.join(', ')}`)
  }),
  'plan-list': evidence => {
    if (evidence.plans.kind === 'failed') return unread(evidence.plans)
    const known = new Set(evidence.plans.value.map(plan => plan.planId))
    const [without, ...byType] = evidence.rawPlans.map(seen => textsUnder(answerOf(seen), 'planId'))
    const ids = new Set([...(without ?? []), ...byType.flat()])
    const more = [...ids].filter(id => !known.has(id))
    if (more.length > 0)
      return contradicted(
        `${counted(more.length, 'plan')} of another query ${more.length === 1 ? 'is' : 'are'} not in the list: ${some(more)}`,
      )
    if (known.size === 0) return untested('no add-on plan yet')
    const hidden = [...known].filter(id => !(without ?? []).includes(id))
    return confirmed(
      hidden.length === 0
        ? `${counted(known.size, 'plan')}, the same without planType`
        : `${counted(known.size, 'plan')}; ${hidden.length} of them only where their planType is asked for`,
    )
  },
  'plan-type': withPlans((plans, { form }) =>
    judgeWords(
      'plan-type',
      plans.map(plan => plan.planType),
      form.planType,
      [
        ['prepaid', /pre/i],
        ['postpaid', /post/i],
      ],
    ),
  ),
  'plan-status': withPlans((plans, { form }) =>
    judgeWords(
      'plan-status',
      plans.map(plan => plan.status),
      form.planStatus,
      [
        ['inactive', /^(in.?act|dis|off|n)/i],
        ['active', /^(act|en|on|y)/i],
      ],
    ),
  ),
  'renewal-rule': withPlans((plans, { form }) =>
    judgeWords(
      'renewal-rule',
      plans.map(plan => plan.subscription?.rule),
      form.renewalRule,
      [
        ['exhaustion', /exh|use|both/i],
        ['expiry', /exp|valid/i],
      ],
    ),
  ),
  'one-time': withPlans((plans, { form }) => {
    const words = plans.flatMap(plan => plan.subscription?.reSubscription ?? [])
    const known = ['true', 'false', form.oneTime.reSubscription, form.oneTime.renewing]
    const strange = [...new Set(words.filter(word => !known.includes(word)))]
    if (strange.length > 0) {
      const once = plans.find(
        plan =>
          plan.subscription?.occurrences === '1' &&
          strange.includes(plan.subscription.reSubscription ?? ''),
      )
      const word = once?.subscription?.reSubscription
      return contradicted(
        `reSubscription is ${some(strange)}`,
        word === undefined ? undefined : { wire: { 'one-time': { reSubscription: word } } },
      )
    }
    return words.length === 0
      ? untested('no plan reports reSubscription')
      : confirmed(`reSubscription is ${some([...new Set(words)])}, as assumed`)
  }),
  'plan-destination': withPlans((plans, { roamingProfiles }) => {
    const used = [...new Set(plans.flatMap(plan => plan.destinationGroup ?? []))]
    const profiles = textsUnder(answerOf(roamingProfiles), 'roamingProfileId')
    if (used.length === 0) return untested('no plan reports its destinationGroup')
    if (profiles.length === 0) return untested('GetRoamingProfiles tells no ID')
    const strange = used.filter(id => !profiles.includes(id))
    return strange.length === 0
      ? confirmed(`${some(used)}: of the roaming profiles`)
      : contradicted(`${some(strange)}: not among the roaming profiles ${some(profiles)}`, {
          text: `account.destinationGroup: "${strange[0]}" in the catalog`,
        })
  }),
  'benefit-id': evidence => {
    const { form, rawPlans } = evidence
    const rows = rawPlans
      .flatMap(seen => valuesUnder(answerOf(seen), ['benefit']))
      .flatMap(list => asObjects(list) ?? [])
    const ids = [...new Set(rows.flatMap(row => firstText(row, 'benefitId') ?? []))]
    if (ids.length === 0) return untested('no plan reports a benefit')
    if (ids.includes(form.dataBenefit)) return confirmed(`benefitId ${form.dataBenefit} is in use`)
    const [only, ...others] = ids
    return contradicted(
      `benefits have benefitId ${some(ids)}`,
      others.length > 0 || only === undefined
        ? undefined
        : { wire: { 'benefit-id': { data: only } } },
    )
  },
} as const satisfies Readonly<Record<string, Judge>>

function withPlans(
  judge: (plans: readonly ReportedPlan[], evidence: Evidence) => Judgement,
): Judge {
  return evidence => {
    if (evidence.plans.kind === 'failed') return unread(evidence.plans)
    const plans = evidence.plans.value
    return plans.length === 0 ? untested('no add-on plan yet') : judge(plans, evidence)
  }
}

/** Holds words that were read against an enumeration; the hints say what a strange one may mean. */
export function judgeWords(
  key: string,
  read: readonly (string | undefined)[],
  values: WireValues,
  hints: readonly (readonly [meaning: string, pattern: RegExp])[],
): Judgement {
  const words = [...new Set(read.filter(word => word !== undefined))]
  if (words.length === 0) return untested('it is not reported')
  // Words that the enumeration has are read as the contract's values, which are its keys.
  const strange = words.filter(word => !Object.hasOwn(values, word))
  if (strange.length === 0)
    return confirmed(`in use: ${some(words.map(word => values[word] ?? word))}`)
  const meanings = strange.flatMap(word => {
    const bare = word.replaceAll('"', '')
    const hint = hints.find(([, pattern]) => pattern.test(bare))
    return hint === undefined ? [] : [[hint[0], bare] as const]
  })
  return contradicted(
    `in use: ${some(strange)}`,
    meanings.length === strange.length
      ? { wire: { [key]: Object.fromEntries(meanings) } }
      : { text: `"${key}" in SFT_WIRE: the portal shows which value means what` },
  )
}
