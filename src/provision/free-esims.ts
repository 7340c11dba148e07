import type { CallOptions } from '../sft/api.ts'
import type { Candidate } from './candidates.ts'
import { UnknownEndpointError } from './errors.ts'
import { explainError } from './explain.ts'
import type { EsimRow } from './ledger.ts'
import { esimPages } from './pages.ts'
import { requireKnown } from './require-known.ts'
import { type Esim, judgeForSale } from './sellable.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import { freed } from './take-endpoint.ts'

/** What became of an eSIM that was looked at again. */
export interface Recheck {
  readonly endpointId: string
  readonly iccid: string
  /** Whether it is for sale now. */
  readonly forSale: boolean
  /** Why it is not, or is all the time. */
  readonly reason?: string
}

/** Looks at every eSIM again that was set aside; those that can be sold are for sale. */
export async function recheckSetAside(
  context: SellingContext,
  signal: AbortSignal,
): Promise<readonly Recheck[]> {
  const sellable = await sellableNow(context)
  const checks: Recheck[] = []
  for await (const page of esimPages(context.ledger, { status: 'set aside' }))
    for (const esim of page) checks.push(await lookAgain(context, esim, sellable, { signal }))
  return checks
}

/**
 * Reads a SIM and puts it up for sale where it is Pre-Active and nobody bought it. Throws
 * UnknownEndpointError for a SIM that neither the ledger nor the state has.
 */
export async function releaseEsim(
  context: SellingContext,
  iccid: string,
  signal: AbortSignal,
): Promise<Recheck> {
  const sellable = await sellableNow(context)
  const esim = await context.ledger.esimOfIccid(iccid)
  if (esim !== undefined && esim.status !== 'released')
    return await lookAgain(context, esim, sellable, { lane: 'traveller', signal })
  const candidate = esim ?? [...sellable.values()].find(one => one.iccid === iccid)
  if (candidate === undefined)
    throw new UnknownEndpointError(undefined, `neither ledger nor state has an eSIM ${iccid}`)
  const { endpointId } = candidate
  if (!sellable.has(endpointId)) return { endpointId, iccid, forSale: false, reason: LEFT_STATE }
  const judged = await readAndJudge(context, candidate, { lane: 'traveller', signal })
  return typeof judged === 'string'
    ? { endpointId, iccid, forSale: false, reason: judged }
    : { endpointId, iccid, forSale: true, reason: 'it was for sale already' }
}

const LEFT_STATE = 'the state has its endpoint no more, or the policies leave it out'

async function sellableNow(context: SellingContext): Promise<ReadonlyMap<string, Candidate>> {
  const candidates = await context.candidates()
  return new Map(candidates.map(candidate => [candidate.endpointId, candidate]))
}

async function readAndJudge(
  context: SellingContext,
  candidate: Candidate,
  options: CallOptions,
): Promise<Esim | string> {
  try {
    return judgeForSale(
      candidate,
      requireKnown(await context.sft.read.sim(candidate.iccid, options)),
    )
  } catch (error) {
    throw explainError(undefined, error)
  }
}

async function lookAgain(
  context: SellingContext,
  { endpointId, iccid, status, orderId }: EsimRow,
  sellable: ReadonlyMap<string, Candidate>,
  options: CallOptions,
): Promise<Recheck> {
  const kept = (reason: string): Recheck => ({ endpointId, iccid, forSale: false, reason })
  if (status !== 'set aside' && status !== 'in service')
    return kept(
      status === 'delivered'
        ? `order ${orderId} bought it`
        : `order ${orderId} holds it; cancel it first`,
    )
  const candidate = sellable.get(endpointId)
  if (candidate === undefined) return kept(LEFT_STATE)
  const judged = await readAndJudge(context, candidate, options)
  if (typeof judged === 'string') return kept(judged)
  const isFreed = await context.ledger.transact({ endpointIds: [endpointId] }, rows => {
    const row = rows.esim(endpointId)
    if (row?.status !== status || context.lease.isHeld(row, rows))
      return { entries: [], result: false }
    const { orderId: _order, suspended: _suspended, ...rest } = freed(row)
    const forSale: EsimRow = {
      ...rest,
      activationCode: judged.activationCode,
      status: 'released',
      reason: 'looked at again, it is Pre-Active and unsold',
      at: isoNow(context),
    }
    return { entries: [{ table: 'esims', row: forSale }], result: true }
  })
  if (!isFreed) return kept('somebody else changed it meanwhile')
  context.pool.putBack(judged, true)
  return { endpointId, iccid, forSale: true }
}
