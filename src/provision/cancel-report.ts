import type { AddonInstance } from '../sft/api.ts'
import { leaveEsim } from './activate-esim.ts'
import type { AddonFate, EndpointFate } from './cancellation.ts'
import type { CancelReport, EsimRow, OrderRow } from './ledger.ts'
import { freed } from './take-endpoint.ts'

/** A cancellation's end, and what it did, in sentences for people. */
export interface Cancellation extends CancelReport {
  readonly orderId: string
  /** `delivered`: the add-on was used already, so the order stays as it is. */
  readonly status: 'cancelled' | 'delivered'
}

/** What a cancellation works on, as its report names it. */
export interface Undone {
  readonly endpointId: string
  readonly esim?: EsimRow
  readonly uniqueId: string | undefined
}

/** What a cancellation did, in sentences for people. */
export function reportOf(
  { uniqueId, endpointId, esim }: Undone,
  { addon, endpoint }: { readonly addon: AddonFate; readonly endpoint: EndpointFate },
): CancelReport {
  const undone: string[] = []
  const notUndone: string[] = []
  if (addon === 'taken off') undone.push(`add-on ${uniqueId} was taken off endpoint ${endpointId}`)
  if (addon === 'gone before')
    notUndone.push(`add-on ${uniqueId} was used up, expired or removed before`)
  if (endpoint === 'not held') undone.push('nothing was held for it')
  if (endpoint === 'released') undone.push(`eSIM ${esim?.iccid} is for sale again`)
  if (endpoint === 'kept for others')
    notUndone.push(`endpoint ${endpointId} stays active: it has add-ons of other orders`)
  if (endpoint === 'suspended') {
    undone.push(`endpoint ${endpointId} was suspended`)
    notUndone.push(
      `endpoint ${endpointId} cannot go back to Pre-Active, and its activation may be charged`,
    )
  }
  return { undone, notUndone }
}

/** What the eSIM's row is from now on. */
export function leftAs(
  esim: EsimRow,
  orderId: string,
  endpoint: EndpointFate,
  at: string,
): EsimRow {
  switch (endpoint) {
    case 'not held':
    case "its buyer's":
      return freed(esim)
    case 'released':
      return leaveEsim(esim, 'released', `order ${orderId} was cancelled`, at)
    case 'kept for others':
      return { ...freed(esim), status: 'delivered' }
    case 'suspended': {
      const reason = `order ${orderId} was cancelled after its activation`
      return { ...leaveEsim(esim, 'set aside', reason, at), suspended: true }
    }
  }
}

/** An order that release 0.1.0 cancelled has its report in the last step only. */
export function reportOfOld(order: OrderRow): CancelReport {
  const step = order.steps.findLast(one => one.step === 'cancel')
  const said = step?.detail?.split('; ') ?? []
  const isNotUndone = (line: string) =>
    /stays active|cannot go back|expired or removed before/.test(line)
  return {
    undone: said.filter(line => !isNotUndone(line)),
    notUndone: said.filter(isNotUndone),
  }
}

export const inUse = ({ uniqueId }: AddonInstance): string =>
  `add-on ${uniqueId} is in use and stays; remove-addon takes it off all the same`
