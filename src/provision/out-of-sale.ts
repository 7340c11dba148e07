/** What is done to endpoints that no order has: activated in bulk, suspended, taken back into service. */
import { SftError } from '../sft/errors.ts'
import { startOfActivation } from './activation.ts'
import type { Candidate } from './candidates.ts'
import { changeEndpoint, endpointContext, withEndpoint } from './endpoint-care.ts'
import { UnknownEndpointError } from './errors.ts'
import { isAbort, reasonOf } from './explain.ts'
import type { EsimRow, LedgerRows, OrderOwner } from './ledger.ts'
import { runActivation } from './run-activation.ts'
import { OrderLostError } from './save-order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import { freed, type RunOther } from './take-endpoint.ts'
import { openTurns } from './turns.ts'

/** What may be done to an endpoint that no order has. */
export type LifecycleAction = 'activate' | 'suspend' | 'reactivate'

/**
 * How it ended. `done`: it is so, and the ledger has it. `kept`: nothing was done, since it is so already or an
 * order has it by now. `refused`: it is known not to be so. `open`: its end is not known; the next run finds out.
 */
export type LifecycleEnd =
  | { readonly is: 'done'; readonly how: 'answered' | 'found' }
  | { readonly is: 'kept' | 'refused' | 'open'; readonly why: string }

/** An endpoint of the state, and whether a list has it as wanted already. */
export interface LifecycleTarget {
  readonly candidate: Candidate
  readonly isSeen: boolean
}

type Turn =
  | { readonly kind: 'mine'; readonly esim: EsimRow; readonly sentBefore: boolean }
  | { readonly kind: 'wait' }
  | { readonly kind: 'over'; readonly end: LifecycleEnd }

/**
 * Activates an endpoint without a sale. It is kept in the ledger before anything is sent, by owner and fence as
 * a sale keeps it, so that no sale can get it; known not to have been activated, it is for sale again. Throws
 * `SftError`s of what was never sent.
 */
export async function activateOutOfSale(
  context: SellingContext,
  target: LifecycleTarget,
  signal: AbortSignal,
): Promise<LifecycleEnd> {
  const { endpointId } = target.candidate
  using turns = openTurns(context)
  for (;;) {
    signal.throwIfAborted()
    const own = context.lease.claim()
    try {
      const turn = await context.ledger.transact<Turn>({ endpointIds: [endpointId] }, rows =>
        decideTurn(context, target.candidate, own.owner, rows),
      )
      if (turn.kind === 'over') return turn.end
      if (turn.kind === 'mine') return await activateClaimed(context, turn, target.isSeen, signal)
    } catch (error) {
      if (!(error instanceof OrderLostError)) throw error
    } finally {
      own.end()
    }
    await turns.next({ endpointIds: [endpointId] }, signal)
  }
}

const over = (is: 'kept' | 'refused', why: string) => ({
  entries: [],
  result: { kind: 'over', end: { is, why } } as const,
})

function decideTurn(
  context: SellingContext,
  candidate: Candidate,
  owner: OrderOwner,
  rows: LedgerRows,
) {
  const there = rows.esim(candidate.endpointId)
  const status = there?.status ?? 'released'
  switch (status) {
    case 'selected':
    case 'activated':
    case 'delivered':
      return over('kept', `order ${there?.orderId ?? '(none)'} has it`)
    case 'set aside':
      return over('refused', `it is set aside: ${there?.reason ?? 'no reason given'}`)
    case 'being made':
    case 'made':
    case 'not made':
      return over('refused', 'it is no endpoint')
    case 'released':
    case 'in service':
  }
  if (there !== undefined && context.lease.isHeld(there, rows))
    return { entries: [], result: { kind: 'wait' } as const }
  const sentBefore = status === 'in service'
  if (sentBefore && there?.operation !== 'activate')
    return there?.suspended === true
      ? over('refused', 'it is suspended: reactivate it')
      : over('kept', 'it is in service already')
  const kept: Partial<EsimRow> = there ?? {}
  const { orderId: _order, reason: _reason, ...known } = kept
  const esim: EsimRow = {
    ...known,
    ...candidate,
    status: 'in service',
    operation: 'activate',
    owner,
    fence: (there?.fence ?? 0) + 1,
    at: isoNow(context),
  }
  const entries = [{ table: 'esims', row: esim } as const]
  return { entries, result: { kind: 'mine', esim, sentBefore } as const }
}

/** Runs the activation that the ledger has announced, and writes down its end. */
async function activateClaimed(
  context: SellingContext,
  { esim, sentBefore }: Extract<Turn, { readonly kind: 'mine' }>,
  isSeen: boolean,
  signal: AbortSignal,
): Promise<LifecycleEnd> {
  const { endpointId } = esim
  const own = endpointContext(context, esim)
  const end = (change: (row: EsimRow) => EsimRow) =>
    own.save(rows => {
      const row = rows.esim(endpointId)
      return row === undefined ? [] : [{ table: 'esims', row: change(row) }]
    })
  const letGo = (status: 'released' | 'set aside', reason: string) =>
    end(row => ({ ...freed(row), status, reason, at: isoNow(context) }))
  let isOver = false
  try {
    const verdict = await runActivation(own.sft, context.clock, {
      endpoint: esim,
      start: startOfActivation(sentBefore, isSeen),
      options: { signal },
      onUnclear: () => own.save(),
      async onNotSent() {
        isOver = true
        await letGo('released', 'its activation was not sent')
      },
    })
    if (verdict.is === 'ours') {
      await end(row => ({ ...freed(row), at: isoNow(context) }))
      return { is: 'done', how: verdict.how === 'done' ? 'answered' : 'found' }
    }
    await letGo(verdict.is === 'taken' ? 'set aside' : 'released', verdict.why)
    if (verdict.is === 'taken')
      context.tell({ type: 'esim set aside', endpointId, reason: verdict.why })
    return { is: 'refused', why: verdict.why }
  } catch (error) {
    if (isOver || !(error instanceof SftError || isAbort(error))) throw error
    // It stays announced, and nobody's: whoever comes next looks for it first.
    await end(({ owner: _owner, ...row }) => row)
    return { is: 'open', why: reasonOf(error) }
  }
}

/** Suspends or reactivates an endpoint that was activated without a sale. Throws what the care of endpoints throws. */
export async function changeOutOfSale(
  context: SellingContext,
  action: Exclude<LifecycleAction, 'activate'>,
  { candidate: { endpointId, iccid }, isSeen }: LifecycleTarget,
  runOther: RunOther,
  signal: AbortSignal,
): Promise<LifecycleEnd> {
  const change = {
    endpointId,
    iccid,
    lifecycle: action === 'suspend' ? 'S' : 'A',
    reason: 'system',
    lane: 'normal',
    isSeen,
  } as const
  try {
    const how = await withEndpoint(
      context,
      { endpointId, operation: action, standing: 'in service' },
      runOther,
      signal,
      (own, _esim, its) => changeEndpoint(own, change, its),
    )
    return { is: 'done', how }
  } catch (error) {
    if (error instanceof UnknownEndpointError) return { is: 'refused', why: reasonOf(error) }
    throw error
  }
}
