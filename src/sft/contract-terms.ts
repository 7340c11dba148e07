import type { AddonInstance, EndpointStatistics, ReportedPlan, Sim } from './api.ts'
import { compact } from './values.ts'
import { fromWire, isSameWord, type WireForm } from './wire-form.ts'

/** What was read, in the contract's values and units: the other side of what wire-form.ts holds. */

/** A plan whose enumerations, volumes and status are the contract's. */
export function planInTerms(plan: ReportedPlan, form: WireForm): ReportedPlan {
  const { validity, subscription, benefits } = plan
  const renews = subscription?.occurrences !== form.oneTime.occurrences
  return {
    ...plan,
    ...compact({
      planType: plan.planType && fromWire(form.planType, plan.planType),
      status: plan.status && fromWire(form.planStatus, plan.status),
      benefits: benefits?.map(benefit => ({
        ...benefit,
        ...(benefit.value !== undefined && { value: megabytesOf(benefit.value, form) }),
      })),
      validity: validity && {
        ...validity,
        ...(validity.type !== undefined && { type: fromWire(form.validityType, validity.type) }),
      },
      subscription: subscription && {
        ...subscription,
        ...compact({
          reSubscription: subscription.reSubscription && truthInTerms(subscription.reSubscription),
          rule: subscription.rule && fromWire(form.renewalRule, subscription.rule),
          activatedBy:
            subscription.activatedBy && fromWire(form.activatedBy, subscription.activatedBy),
          occurrences: renews ? occurrencesInTerms(subscription.occurrences, form) : '1',
        }),
      },
    }),
  }
}

const occurrencesInTerms = (
  word: string | undefined,
  { unlimitedRenewals }: WireForm,
): string | undefined => (word !== undefined && word === unlimitedRenewals ? 'unlimited' : word)

/** `True` is `true`; what says neither stays what it is. */
const truthInTerms = (word: string): string =>
  ['true', 'false'].find(truth => isSameWord(truth, word)) ?? word

/** A benefit's value in MB; a unit other than MB need not give a whole number of them. */
function megabytesOf(value: string, { planUnit, megabyte }: WireForm): string {
  const number = Number(value)
  return planUnit.bytes === megabyte || !Number.isFinite(number)
    ? value
    : String((number * planUnit.bytes) / megabyte)
}

/** A SIM whose status is the contract's text. */
export function simInTerms(sim: Sim, form: WireForm): Sim {
  return sim.status === undefined ? sim : { ...sim, status: fromWire(form.simStatus, sim.status) }
}

/** An instance with balances in bytes and day-first dates. */
export function instanceInTerms(instance: AddonInstance, form: WireForm): AddonInstance {
  const bytes = (amount: number | undefined) =>
    amount === undefined ? undefined : Math.round(amount * form.balanceBytes)
  const date = (text: string | undefined) =>
    text === undefined || !form.monthFirst ? text : dayFirst(text)
  return {
    ...instance,
    ...compact({
      grantedBytes: bytes(instance.grantedBytes),
      leftBytes: bytes(instance.leftBytes),
      startDate: date(instance.startDate),
      expiryDate: date(instance.expiryDate),
    }),
  }
}

/** Statistics in MB of the contract. */
export function statisticsInTerms(
  statistics: EndpointStatistics,
  { statisticsBytes, megabyte, monthFirst }: WireForm,
): EndpointStatistics {
  if (statisticsBytes === megabyte && !monthFirst) return statistics
  const mb = (amount: number) => (amount * statisticsBytes) / megabyte
  return {
    days: statistics.days.map(day => ({
      date: monthFirst ? dayFirst(day.date) : day.date,
      uplinkMB: mb(day.uplinkMB),
      downlinkMB: mb(day.downlinkMB),
      totalMB: mb(day.totalMB),
    })),
    totalMB: mb(statistics.totalMB),
  }
}

/** `mm/dd/yyyy …` as `dd/mm/yyyy …`; every other form as it is. */
function dayFirst(text: string): string {
  return text.trim().replace(/^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})/, '$3$2$1$2$4')
}
