import { type Finding, there as found, lookTwice, notThere, seenIn } from '../finding.ts'
import { withAnnouncement } from '../sft/announcement.ts'
import type { OperationName } from '../sft/api.ts'
import { SftRejectedError } from '../sft/errors.ts'
import { writeAndSettle } from '../sft/write-and-settle.ts'
import { type Desk, isoNow } from './desk.ts'
import { UnknownEndpointError } from './errors.ts'
import { explainError } from './explain.ts'
import { findInstance } from './find-addon.ts'
import type { LeasedAnnouncement } from './lease.ts'
import type { EndpointOperation, EsimRow, LedgerEntry, LedgerRows, OrderOwner } from './ledger.ts'
import { requireKnown } from './require-known.ts'
import { OrderLostError } from './save-order.ts'
import { freed, type RunOther, takeEndpoint } from './take-endpoint.ts'

/** Why an endpoint is suspended: the platform's reasons (contract 4.9). */
export type SuspensionReason = 'system' | 'non-payment' | 'support'

const REASON_CODES: Readonly<Record<SuspensionReason, string>> = {
  system: '1',
  'non-payment': '2',
  support: '3',
}

/** A desk that has an endpoint: what it writes there is announced, and what came of it noted, by `save`. */
export interface CareDesk extends Desk {
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

/** The eSIM of an endpoint that was sold from this ledger. Throws UnknownEndpointError. */
export async function findSold(
  desk: Desk,
  endpointId: string,
  orCancelled = false,
): Promise<EsimRow> {
  const esim = await desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.esim(endpointId),
  }))
  return requireSold(desk, endpointId, esim, orCancelled)
}

function requireSold(
  desk: Desk,
  endpointId: string,
  esim: EsimRow | undefined,
  orCancelled: boolean,
): EsimRow {
  if (esim?.status === 'delivered') return esim
  if (esim !== undefined && orCancelled && isCancelledSale(esim)) return esim
  throw new UnknownEndpointError(
    undefined,
    `endpoint ${endpointId} was not sold from ${desk.ledger.location}`,
  )
}

/**
 * Does something to a sold endpoint while nobody else does anything to it. Whoever was taken for dead and
 * overtaken begins again: what it did is then done already.
 */
export async function withEndpoint<Result>(
  desk: Desk,
  endpointId: string,
  operation: EndpointOperation,
  runOther: RunOther,
  signal: AbortSignal,
  work: (desk: CareDesk, esim: EsimRow, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const own = desk.lease.claim()
    try {
      return await workOnce(desk, endpointId, operation, own.owner, runOther, signal, work)
    } catch (error) {
      if (!(error instanceof OrderLostError)) throw error
    } finally {
      own.end()
    }
  }
}

async function workOnce<Result>(
  desk: Desk,
  endpointId: string,
  operation: EndpointOperation,
  owner: OrderOwner,
  runOther: RunOther,
  signal: AbortSignal,
  work: (desk: CareDesk, esim: EsimRow, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const orCancelled = operation === 'reactivate'
  await findSold(desk, endpointId, orCancelled)
  const esim = await takeEndpoint(
    desk,
    {
      endpointId,
      owner,
      by: { operation },
      admit: row => void requireSold(desk, endpointId, row, orCancelled),
      runOther,
    },
    signal,
  )
  try {
    return await work(careDesk(desk, esim), esim, signal)
  } finally {
    await desk.ledger.transact({ endpointIds: [endpointId] }, rows => {
      const row = rows.esim(endpointId)
      const isMine = row?.fence === esim.fence
      return {
        entries: isMine && row !== undefined ? [{ table: 'esims', row: freed(row) }] : [],
        result: undefined,
      }
    })
  }
}

function careDesk(desk: Desk, { endpointId, fence }: EsimRow): CareDesk {
  const save: CareDesk['save'] = async (decide = signOfLife) => {
    const announced = announcement.restart()
    await desk.ledger.transact({ endpointIds: [endpointId] }, rows => {
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
    return [{ table: 'esims', row: { ...row, owner: { ...row.owner, since: isoNow(desk) } } }]
  }
  const announcement = desk.lease.announcement(() => save())
  return { ...desk, sft: withAnnouncement(desk.sft, announcement), announcement, save }
}

/** Suspends or reactivates an endpoint; nothing happens where it is so already. */
export async function changeEndpoint(
  desk: CareDesk,
  endpointId: string,
  iccid: string,
  lifecycle: 'A' | 'S',
  reason: SuspensionReason,
  signal: AbortSignal,
): Promise<void> {
  const options = { lane: 'traveller', signal } as const
  const wanted = lifecycle === 'A' ? 'Active' : 'Suspended'
  await settleWrite(
    desk,
    'EndPointLifeCycleChange',
    async () => {
      const request = { endpointId, lifecycle, reason: REASON_CODES[reason] }
      await desk.sft.write.changeLifecycle(request, options)
      return true
    },
    async () =>
      seenIn(await desk.sft.read.sim(iccid, options), `the SIM is not ${wanted}`, sim =>
        sim.status === wanted ? true : undefined,
      ),
    signal,
  )
  await desk.save(rows => {
    const row = rows.esim(endpointId)
    if (row === undefined) return []
    const suspended = lifecycle === 'S'
    const { reason: _why, ...sold } = row
    // Taken back into service after a cancellation, it is its buyer's again.
    const again: EsimRow =
      !suspended && isCancelledSale(row)
        ? { ...sold, status: 'delivered', at: isoNow(desk), suspended }
        : { ...row, suspended }
    return [{ table: 'esims', row: again }]
  })
}

/** Takes an instance off an endpoint; false where the account did not have it any more. */
export async function removeInstance(
  desk: CareDesk,
  endpointId: string,
  uniqueId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const options = { lane: 'traveller', signal } as const
  const isThere = async () =>
    requireKnown(await findInstance(desk, endpointId, uniqueId, options)) !== undefined
  const there = await isThere()
  const known = await desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
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
      desk,
      'ModifyEndPoint',
      async () => {
        const request = { endpointId, removeAddonUniqueIds: [uniqueId] }
        await desk.sft.write.patchEndpoint(request, options)
        return true
      },
      async () => {
        const left = await findInstance(desk, endpointId, uniqueId, options)
        if (left.kind === 'not known') return left
        return left.kind === 'there' ? notThere(`add-on ${uniqueId} is still there`) : found(true)
      },
      signal,
    )
  if (there || known?.status === 'removed')
    await desk.save(rows => {
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
  desk: CareDesk,
  operation: OperationName,
  send: () => Promise<true>,
  find: () => Promise<Finding<true>>,
  signal: AbortSignal,
): Promise<void> {
  const outcome = await writeAndSettle(
    {
      announce: async () => {
        await desk.save()
        return operation
      },
      send: () => send().catch(lookAfterRefusal(find)),
      announcement: desk.announcement,
      find,
      conclude: async () => {},
      settleSeconds: desk.sft.settleSeconds(operation),
    },
    desk.clock,
    signal,
  )
  if (outcome.is !== 'done') throw explainError(undefined, outcome.error)
}
