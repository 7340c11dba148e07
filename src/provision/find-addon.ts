import { type Finding, findIn, lookTwice, notKnown, there } from '../finding.ts'
import type { AddonInstance, CallOptions } from '../sft/api.ts'
import type { AddonRow, OrderIntent, OrderRow } from './ledger.ts'
import type { SellingContext } from './selling-context.ts'
import { compareUniqueIds } from './usage.ts'

export type SubscribeIntent = Extract<OrderIntent, { readonly write: 'subscribe' }>

/**
 * The instances that may be the effect of an announced subscription: not there before it and not another
 * order's. The oldest first. Neither a date nor a missing plan leaves one out: a guess excludes nothing.
 */
export function newInstances(
  intent: SubscribeIntent,
  orderId: string,
  reported: readonly AddonInstance[],
  rows: readonly AddonRow[],
): readonly AddonInstance[] {
  const others = new Set(
    rows
      .filter(row => row.orderId !== undefined && row.orderId !== orderId)
      .map(row => row.uniqueId),
  )
  return reported
    .filter(({ uniqueId, planId }) => {
      const mayBePlan = planId === undefined || planId === intent.planId
      return mayBePlan && !intent.known.includes(uniqueId) && !others.has(uniqueId)
    })
    .sort((one, other) => compareUniqueIds(one.uniqueId, other.uniqueId))
}

/** Why an instance that was not known before may be somebody else's; undefined: it is the order's. */
function doubtOf(
  { kind }: OrderRow,
  intent: SubscribeIntent,
  { planId, grantedBytes, leftBytes }: AddonInstance,
): string | undefined {
  if (planId === undefined) return 'its plan is not reported'
  if (intent.doubt !== undefined) return `what was there before is not known: ${intent.doubt}`
  // A buyer who was given nothing yet cannot have used it.
  const isUsed = grantedBytes !== undefined && leftBytes !== undefined && leftBytes < grantedBytes
  return kind === 'purchase' && isUsed
    ? 'it is used already, by nobody who bought it here'
    : undefined
}

/** Looks for the effect of an announced subscription, by the read that is known to be good. */
export async function findSubscribed(
  context: SellingContext,
  order: OrderRow,
  intent: SubscribeIntent,
  rows: readonly AddonRow[],
  options: CallOptions,
): Promise<Finding<AddonInstance>> {
  const { endpointId, planId } = intent
  const judge = (reported: readonly AddonInstance[]): Finding<AddonInstance> | undefined => {
    const instances = newInstances(intent, order.orderId, reported, rows)
    const ours = instances.find(one => doubtOf(order, intent, one) === undefined)
    if (ours !== undefined) return there(ours)
    const [doubtful] = instances
    return (
      doubtful &&
      notKnown(
        `instance ${doubtful.uniqueId} may be it, or not: ${doubtOf(order, intent, doubtful)}`,
      )
    )
  }
  const profile = await context.sft.read.addons(endpointId, { ...options, knownGood: true })
  const seen = judge(profile.items)
  const isWhole = profile.items.every(instance => instance.planId !== undefined)
  if (seen !== undefined && (seen.kind === 'there' || isWhole)) return seen
  if (seen === undefined && profile.doubt === undefined)
    return findIn(profile, `a new instance of plan ${planId}`, () => false)
  // The details prove nothing absent, but may show what the profile does not.
  const details = judge((await context.sft.read.addons(endpointId, options)).items)
  if (details?.kind === 'there') return details
  return seen ?? details ?? notKnown(profile.doubt ?? 'the profile does not tell')
}

/** Looks for an instance that is known by its ID: that it is gone takes a second look. */
export async function findInstance(
  context: SellingContext,
  endpointId: string,
  uniqueId: string,
  options: CallOptions,
): Promise<Finding<AddonInstance>> {
  return await lookTwice(async () => {
    const listing = await context.sft.read.addons(endpointId, { ...options, knownGood: true })
    return findIn(listing, `instance ${uniqueId}`, instance => instance.uniqueId === uniqueId)
  })
}
