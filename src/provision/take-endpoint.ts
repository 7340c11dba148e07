import { AccountUnreachableError, SubscriptionFailedError, UnknownEndpointError } from './errors.ts'
import { reasonOf } from './explain.ts'
import {
  type Decision,
  type EndpointOperation,
  type EsimRow,
  isUnfinished,
  type LedgerRows,
  type OrderOwner,
} from './ledger.ts'
import type { SellingContext } from './selling-context.ts'
import { openTurns } from './turns.ts'

/** Goes on with another order that has the endpoint. */
export type RunOther = (orderId: string) => Promise<unknown>

/** What is to be done to an endpoint, by whom. */
export interface EndpointWork {
  readonly endpointId: string
  readonly owner: OrderOwner
  readonly by: { readonly orderId: string } | { readonly operation: EndpointOperation }
  /** Throws where the endpoint is not fit for it; asked when nobody else has it. */
  readonly admit?: (esim: EsimRow) => void
  readonly runOther: RunOther
}

/** The eSIM when nobody works on it. */
export function freed(esim: EsimRow): EsimRow {
  const { busyWith: _order, operation: _operation, owner: _owner, ...free } = esim
  return free
}

type Turn =
  | { readonly kind: 'mine'; readonly esim: EsimRow }
  | { readonly kind: 'wait' }
  /** Its row is needed for a decision, or it must be gone on with. */
  | { readonly kind: 'look' | 'settle'; readonly orderId: string }

/**
 * Waits until nothing else is done to an endpoint, and keeps others from beginning. What an order of a
 * dead process left open there is settled first. Returns the eSIM with the fence of this claim.
 */
export async function takeEndpoint(
  context: SellingContext,
  work: EndpointWork,
  signal: AbortSignal,
): Promise<EsimRow> {
  const { endpointId } = work
  const orderId = 'orderId' in work.by ? work.by.orderId : undefined
  let other: string | undefined
  using turns = openTurns(context)
  for (;;) {
    signal.throwIfAborted()
    const orderIds = other === undefined ? [] : [other]
    const turn = await context.ledger.transact<Turn>(
      { orderIds, endpointIds: [endpointId] },
      rows => decideTurn(context, work, orderId, other, rows),
    )
    if (turn.kind === 'mine') return turn.esim
    if (turn.kind === 'look') other = turn.orderId
    else if (turn.kind === 'settle') await settleOther(work, orderId, turn.orderId)
    else await turns.next({ orderIds, endpointIds: [endpointId] }, signal)
  }
}

function decideTurn(
  context: SellingContext,
  work: EndpointWork,
  orderId: string | undefined,
  looked: string | undefined,
  rows: LedgerRows,
): Decision<Turn> {
  const { endpointId, owner, by } = work
  const esim = rows.esim(endpointId)
  if (esim === undefined)
    throw new UnknownEndpointError(
      orderId,
      `endpoint ${endpointId} is not in ${context.ledger.location}`,
    )
  const { busyWith } = esim
  if (busyWith !== undefined && busyWith !== orderId) {
    if (busyWith !== looked) return turn({ kind: 'look', orderId: busyWith })
    const holder = rows.order(busyWith)
    if (holder !== undefined && context.lease.isHeld(holder, rows)) return turn({ kind: 'wait' })
    if (holder !== undefined && isUnfinished(holder))
      return turn({ kind: 'settle', orderId: busyWith })
  } else if (busyWith === undefined && esim.owner?.claim !== owner.claim) {
    if (context.lease.isHeld(esim, rows)) return turn({ kind: 'wait' })
  }
  work.admit?.(esim)
  const row: EsimRow = {
    ...freed(esim),
    ...('orderId' in by ? { busyWith: by.orderId } : by),
    owner,
    fence: (esim.fence ?? 0) + 1,
  }
  return { entries: [{ table: 'esims', row }], result: { kind: 'mine', esim: row } }
}

const turn = (result: Turn): Decision<Turn> => ({ entries: [], result })

async function settleOther(
  { endpointId, runOther }: EndpointWork,
  orderId: string | undefined,
  other: string,
): Promise<void> {
  try {
    await runOther(other)
  } catch (error) {
    // Known not to have happened, so that it is not in the way any more.
    if (error instanceof SubscriptionFailedError && error.settled) return
    throw new AccountUnreachableError(
      orderId,
      `order ${other} of endpoint ${endpointId} comes first and is not settled: ${reasonOf(error)}`,
      { cause: error },
    )
  }
}
