import { type Finding, there as found, lookTwice, notThere, seenIn } from '../finding.ts'
import { withAnnouncement } from '../sft/announcement.ts'
import type { Lane, OperationName } from '../sft/api.ts'
import { SftRejectedError } from '../sft/errors.ts'
import { writeAndSettle } from '../sft/write-and-settle.ts'
import { UnknownEndpointError } from './errors.ts'
import { explainError } from './explain.ts'
import { findInstance } from './find-addon.ts'
import type { LeasedAnnouncement } from './lease.ts'
import type { EndpointOperation, EsimRow, LedgerEntry, LedgerRows, OrderOwner } from './ledger.ts'
import { requireKnown } from './require-known.ts'
import { OrderLostError } from './save-order.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import { freed, type RunOther, takeEndpoint } from './take-endpoint.ts'

/** Why an endpoint is suspended: the platform's reasons (contract 4.9). */
export type SuspensionReason = 'system' | 'non-payment' | 'support'

const REASON_CODES: Readonly<Record<SuspensionReason, string>> = {
  system: '1',
  'non-payment': '2',
  support: '3',
}

/** A context that has an endpoint: what it writes there is announced, and what came of it noted, by `save`. */
export interface EndpointContext extends SellingContext {
  readonly announcement: LeasedAnnouncement
  /**
   * Changes rows of the endpoint; without a change it announces a write. Throws OrderLostError where the
   * endpoint, or the order, is somebody else's by now.
   */
  readonly save: (decide?: (rows: LedgerRows) => readonly LedgerEntry[]) => Promise<void>
}

/** Whether the sale of an eSIM was cancelled: only that leaves it suspended and set aside. */
export const isCancelledSale = (esim: EsimRow): boolean =>
  esim.status === 'set aside' && esim.suspended === true

/** Whose endpoint it must be: `sold` to somebody, `cancelled` too, or `in service` without a sale. */
type Standing = 'sold' | 'sold or cancelled' | 'in service'

/** The eSIM of an endpoint that was sold from this ledger. Throws UnknownEndpointError. */
export async function findSold(context: SellingContext, endpointId: string): Promise<EsimRow> {
  return await findStanding(context, endpointId, 'sold')
}

async function findStanding(
  context: SellingContext,
  endpointId: string,
  standing: Standing,
): Promise<EsimRow> {
  const esim = await context.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.esim(endpointId),
  }))
  return requireStanding(context, endpointId, esim, standing)
}

function requireStanding(
  { ledger }: SellingContext,
  endpointId: string,
  esim: EsimRow | undefined,
  standing: Standing,
): EsimRow {
  const isIt =
    standing === 'in service'
      ? esim?.status === 'in service' && esim.operation !== 'activate'
      : esim?.status === 'delivered' ||
        (standing === 'sold or cancelled' && esim !== undefined && isCancelledSale(esim))
  if (esim !== undefined && isIt) return esim
  const why = standing === 'in service' ? 'is not in service by' : 'was not sold from'
  throw new UnknownEndpointError(undefined, `endpoint ${endpointId} ${why} ${ledger.location}`)
}

/** What is to be done to an endpoint without an order. */
export interface EndpointTask {
  readonly endpointId: string
  readonly operation: EndpointOperation
  readonly standing: Standing
}

/**
 * Does something to an endpoint while nobody else does anything to it. Whoever was taken for dead and
 * overtaken begins again: what it did is then done already.
 */
export async function withEndpoint<Result>(
  context: SellingContext,
  task: EndpointTask,
  runOther: RunOther,
  signal: AbortSignal,
  work: (context: EndpointContext, esim: EsimRow, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const own = context.lease.claim()
    try {
      return await workOnce(context, task, own.owner, runOther, signal, work)
    } catch (error) {
      if (!(error instanceof OrderLostError)) throw error
    } finally {
      own.end()
    }
  }
}

async function workOnce<Result>(
  context: SellingContext,
  { endpointId, operation, standing }: EndpointTask,
  owner: OrderOwner,
  runOther: RunOther,
  signal: AbortSignal,
  work: (context: EndpointContext, esim: EsimRow, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  await findStanding(context, endpointId, standing)
  const esim = await takeEndpoint(
    context,
    {
      endpointId,
      owner,
      by: { operation },
      admit: row => void requireStanding(context, endpointId, row, standing),
      runOther,
    },
    signal,
  )
  try {
    return await work(endpointContext(context, esim), esim, signal)
  } finally {
    await context.ledger.transact({ endpointIds: [endpointId] }, rows => {
      const row = rows.esim(endpointId)
      const isMine = row?.fence === esim.fence
      return {
        entries: isMine && row !== undefined ? [{ table: 'esims', row: freed(row) }] : [],
        result: undefined,
      }
    })
  }
}

/** A context for an endpoint that is claimed with the fence of its row. */
export function endpointContext(
  context: SellingContext,
  { endpointId, fence }: EsimRow,
): EndpointContext {
  const save: EndpointContext['save'] = async (decide = signOfLife) => {
    const announced = announcement.restart()
    await context.ledger.transact({ endpointIds: [endpointId] }, rows => {
      if (rows.esim(endpointId)?.fence !== fence)
        throw new OrderLostError(`endpoint ${endpointId} was taken over`)
      return { entries: decide(rows), result: undefined }
    })
    announced()
  }
  /** Whoever cannot see this process sees that the row changed. */
  const signOfLife = (rows: LedgerRows): readonly LedgerEntry[] => {
    const row = rows.esim(endpointId)
    if (row?.owner === undefined) return []
    return [{ table: 'esims', row: { ...row, owner: { ...row.owner, since: isoNow(context) } } }]
  }
  const announcement = context.lease.announcement(() => save())
  return { ...context, sft: withAnnouncement(context.sft, announcement), announcement, save }
}

/** A suspension or a reactivation. */
export interface LifecycleChange {
  readonly endpointId: string
  readonly iccid: string
  readonly lifecycle: 'A' | 'S'
  readonly reason: SuspensionReason
  readonly lane: Lane
  /** A list has it so already: where its SIM says so too, nothing is sent. */
  readonly isSeen?: boolean
}

/** Suspends or reactivates an endpoint; nothing happens where it is so already. Returns how that is known. */
export async function changeEndpoint(
  context: EndpointContext,
  { endpointId, iccid, lifecycle, reason, lane, isSeen = false }: LifecycleChange,
  signal: AbortSignal,
): Promise<'answered' | 'found'> {
  const options = { lane, signal } as const
  const wanted = lifecycle === 'A' ? 'Active' : 'Suspended'
  const find = async () =>
    seenIn(await context.sft.read.sim(iccid, options), `the SIM is not ${wanted}`, sim =>
      sim.endpointId === endpointId && sim.status === wanted ? true : undefined,
    )
  const isFound = isSeen && (await find()).kind === 'there'
  if (!isFound)
    await settleWrite(
      context,
      'EndPointLifeCycleChange',
      async () => {
        const request = { endpointId, lifecycle, reason: REASON_CODES[reason] }
        await context.sft.write.changeLifecycle(request, options)
        return true
      },
      find,
      signal,
    )
  await context.save(rows => {
    const row = rows.esim(endpointId)
    if (row === undefined) return []
    const suspended = lifecycle === 'S'
    const { reason: _why, ...sold } = row
    // Taken back into service after a cancellation, it is its buyer's again.
    const again: EsimRow =
      !suspended && isCancelledSale(row)
        ? { ...sold, status: 'delivered', at: isoNow(context), suspended }
        : { ...row, suspended }
    return [{ table: 'esims', row: again }]
  })
  return isFound ? 'found' : 'answered'
}

/** Takes an instance off an endpoint; false where the account did not have it any more. */
export async function removeInstance(
  context: EndpointContext,
  endpointId: string,
  uniqueId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const options = { lane: 'traveller', signal } as const
  const isThere = async () =>
    requireKnown(await findInstance(context, endpointId, uniqueId, options)) !== undefined
  const there = await isThere()
  const known = await context.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.addons(endpointId).find(row => row.uniqueId === uniqueId),
  }))
  if (!there && known === undefined)
    throw new UnknownEndpointError(
      undefined,
      `endpoint ${endpointId} has no add-on with uniqueId ${uniqueId}`,
    )
  if (there)
    await settleWrite(
      context,
      'ModifyEndPoint',
      async () => {
        const request = { endpointId, removeAddonUniqueIds: [uniqueId] }
        await context.sft.write.patchEndpoint(request, options)
        return true
      },
      async () => {
        const left = await findInstance(context, endpointId, uniqueId, options)
        if (left.kind === 'not known') return left
        return left.kind === 'there' ? notThere(`add-on ${uniqueId} is still there`) : found(true)
      },
      signal,
    )
  if (there || known?.status === 'removed')
    await context.save(rows => {
      const row = rows.addons(endpointId).find(addon => addon.uniqueId === uniqueId) ?? {
        uniqueId,
        endpointId,
      }
      return [{ table: 'addons', row: { ...row, status: 'removed' } }]
    })
  return there
}

/** A refusal is believed where reading does not show that it was done all the same. */
const lookAfterRefusal =
  (find: () => Promise<Finding<true>>) =>
  async (error: unknown): Promise<true> => {
    const isDone = error instanceof SftRejectedError && (await lookTwice(find)).kind === 'there'
    if (!isDone) throw error
    return true
  }

/** A write that changes nothing when it is done twice: sent, settled by reading, sent once more. */
async function settleWrite(
  context: EndpointContext,
  operation: OperationName,
  send: () => Promise<true>,
  find: () => Promise<Finding<true>>,
  signal: AbortSignal,
): Promise<void> {
  const outcome = await writeAndSettle(
    {
      announce: async () => {
        await context.save()
        return operation
      },
      send: () => send().catch(lookAfterRefusal(find)),
      announcement: context.announcement,
      find,
      conclude: async () => {},
      settleSeconds: context.sft.settleSeconds(operation),
    },
    context.clock,
    signal,
  )
  if (outcome.is !== 'done') throw explainError(undefined, outcome.error)
}
