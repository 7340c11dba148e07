import { type Finding, seenIn } from '../finding.ts'
import type { Resource } from '../model.ts'
import { endpointRequest } from '../resources/endpoint-calls.ts'
import { ANNOUNCEMENT_MS } from '../sft/announcement.ts'
import type { Sim } from '../sft/api.ts'
import { SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { findOrDoubt, writeAndSettle } from '../sft/write-and-settle.ts'
import type { Candidate } from './candidates.ts'
import { type EndpointContext, endpointContext } from './endpoint-care.ts'
import type { AboutOrder } from './events.ts'
import { reasonOf } from './explain.ts'
import {
  type CreationCost,
  type EsimRow,
  keyOfSim,
  type LedgerEntry,
  type Making,
  type OrderOwner,
} from './ledger.ts'
import { candidateOf, listMade, type OnDemandBatch } from './on-demand.ts'
import { inParts } from './pages.ts'
import { OrderLostError } from './save-order.ts'
import { type Esim, judgeForSale } from './sellable.ts'
import { isoNow, type SellingContext } from './selling-context.ts'
import { freed } from './take-endpoint.ts'

/** What came of making an endpoint; `made`: the pool has it. */
export type Creation =
  | { readonly is: 'made'; readonly cost: CreationCost }
  | { readonly is: 'none'; readonly why: string }

/** How one SIM ended. `theirs`: somebody else is at it. */
type Attempt =
  | { readonly is: 'made' }
  | { readonly is: 'theirs' }
  | { readonly is: 'left'; readonly why: string }

/** A creation that was announced may have waited so long for its turn, by clocks that differ by ten minutes. */
const HELD_MS = ANNOUNCEMENT_MS + 600_000

/**
 * Makes the endpoint of the next Ready-To-Activate SIM of the batch, and hands it to the pool. It is announced in
 * the ledger under the SIM, so that no two processes make one for it; what is not settled is looked for by whoever
 * needs the next one. Throws `SftError`s; nothing then counts as made.
 */
export async function createOnDemand(
  context: SellingContext,
  batch: OnDemandBatch,
  about: AboutOrder,
  signal: AbortSignal,
): Promise<Creation> {
  const begun = context.clock.now()
  const calls = { made: 0 }
  let why = `batch ${batch.key} of the catalog has no SIM left without an endpoint`
  let tried = 0
  for (const resource of await openResources(context, batch)) {
    signal.throwIfAborted()
    if (tried >= context.policies.esimsTried) break
    const attempt = await makeEndpoint(context, batch, resource, about, calls, signal)
    if (attempt.is === 'made') {
      const seconds = (context.clock.now() - begun) / 1000
      return { is: 'made', cost: { calls: calls.made, seconds } }
    }
    if (attempt.is === 'theirs') continue
    tried += 1
    why = `SIM ${resource.key}: ${attempt.why}`
  }
  return { is: 'none', why }
}

/** Adds to the pool what was made on demand, here or elsewhere, and not sold; whether that is anything new. */
export async function takeUpMade(
  { ledger, pool, readState }: SellingContext,
  batch: string,
): Promise<boolean> {
  const made = await listMade(ledger, await readState(), batch)
  return made.map(row => pool.add(candidateOf(row))).includes(true)
}

/** SIMs of the batch that may get an endpoint, in the order in which they are tried: those that were refused before last. */
async function openResources(
  { ledger, readState }: SellingContext,
  { resources }: OnDemandBatch,
): Promise<readonly Resource[]> {
  const { endpoints } = await readState()
  const open = resources.filter(({ key }) => endpoints[key] === undefined)
  const statuses = new Map<string, string>()
  const keys = open.map(({ key }) => keyOfSim(key))
  for await (const row of inParts(keys, ledger.esimsAmong)) statuses.set(row.endpointId, row.status)
  const statusOf = ({ key }: Resource) => statuses.get(keyOfSim(key))
  const having = (status: Making | undefined) => open.filter(one => statusOf(one) === status)
  const announced = having('being made')
  // One that was announced is settled by each who needs another, and no more: a process that died may have left many.
  return [
    ...announced.slice(0, 1),
    ...having(undefined),
    ...announced.slice(1),
    ...having('not made'),
  ]
}

async function makeEndpoint(
  context: SellingContext,
  batch: OnDemandBatch,
  resource: Resource,
  about: AboutOrder,
  calls: { made: number },
  signal: AbortSignal,
): Promise<Attempt> {
  const own = context.lease.claim()
  try {
    const claimed = await claimSim(context, batch, resource.key, own.owner)
    if (claimed === undefined) return { is: 'theirs' }
    const making = openMaking(context, claimed, about, calls, signal)
    return await makeClaimed(making, resource, claimed)
  } catch (error) {
    if (error instanceof OrderLostError) return { is: 'theirs' }
    throw error
  } finally {
    own.end()
  }
}

interface ClaimedSim {
  readonly row: EsimRow
  /** An earlier process announced it, at this time, and its end is not known. */
  readonly announcedAt?: number
}

/** Announces that the SIM gets an endpoint; undefined where somebody else is at it, or was. */
async function claimSim(
  context: SellingContext,
  { key: batch, tags }: OnDemandBatch,
  iccid: string,
  owner: OrderOwner,
): Promise<ClaimedSim | undefined> {
  const endpointId = keyOfSim(iccid)
  return await context.ledger.transact<ClaimedSim | undefined>(
    { endpointIds: [endpointId] },
    rows => {
      const there = rows.esim(endpointId)
      const isTaken = there?.status === 'made' || (there && context.lease.isHeld(there, rows))
      if (isTaken) return { entries: [], result: undefined }
      const before = there?.status === 'being made' ? there.at : undefined
      const row: EsimRow = {
        endpointId,
        iccid,
        batch,
        tags,
        status: 'being made',
        owner,
        fence: (there?.fence ?? 0) + 1,
        at: before ?? isoNow(context),
      }
      const announced = before === undefined ? {} : { announcedAt: Date.parse(before) }
      return { entries: [{ table: 'esims', row }], result: { row, ...announced } }
    },
  )
}

/** What making one endpoint works with. */
interface MakingRun {
  readonly context: SellingContext
  readonly own: EndpointContext
  readonly row: EsimRow
  readonly about: AboutOrder
  readonly signal: AbortSignal
  readonly read: () => Promise<Finding<Sim>>
  readonly count: () => void
  /** Writes down where it stands; without an owner it is anybody's. */
  readonly end: (change: (row: EsimRow) => EsimRow) => Promise<void>
}

function openMaking(
  context: SellingContext,
  { row }: ClaimedSim,
  about: AboutOrder,
  calls: { made: number },
  signal: AbortSignal,
): MakingRun {
  const own = endpointContext(context, row)
  const count = () => {
    calls.made += 1
  }
  return {
    context,
    own,
    row,
    about,
    signal,
    count,
    read: () => {
      count()
      return own.sft.read.sim(row.iccid, { lane: 'traveller', signal })
    },
    end: change =>
      own.save(rows => {
        const now = rows.esim(row.endpointId)
        return now === undefined ? [] : [{ table: 'esims', row: change(now) }]
      }),
  }
}

/** Nothing of it happened: the SIM may be tried again later. */
const notMade =
  (reason: string) =>
  (row: EsimRow): EsimRow => ({ ...freed(row), status: 'not made', reason })

/** Looks at the SIM, sends where that is right, and writes down what came of it. */
async function makeClaimed(
  run: MakingRun,
  resource: Resource,
  { announcedAt }: ClaimedSim,
): Promise<Attempt> {
  let mayBeThere = announcedAt !== undefined
  const leave = async (why: string): Promise<Attempt> => {
    // What may be running still stays announced, and is anybody's.
    await run.end(mayBeThere ? freed : notMade(why))
    return { is: 'left', why }
  }
  try {
    const sight = await lookAtSim(run, announcedAt)
    if (sight.is === 'left') return await leave(sight.why)
    if (sight.is === 'made') return await recordMade(run, sight.made, 'found')
    mayBeThere = false
    const outcome = await send(run, resource)
    if (outcome.is === 'done') return await recordMade(run, outcome.result, asTold(outcome.how))
    mayBeThere = outcome.is === 'unsettled'
    if (outcome.is === 'failed' && outcome.error instanceof SftRejectedError)
      return await leave(reasonOf(outcome.error))
    throw outcome.error
  } catch (error) {
    if (!(error instanceof OrderLostError)) await leave(reasonOf(error))
    throw error
  }
}

const asTold = (how: 'answered' | 'found' | 'adopted') => (how === 'answered' ? how : 'found')

/** A SIM that has an endpoint. */
type AttachedSim = Sim & { readonly endpointId: string }

const attachedOf = (sim: Sim): AttachedSim | undefined => {
  const { endpointId } = sim
  return endpointId === undefined ? undefined : { ...sim, endpointId }
}

/** What a SIM shows before anything is sent for it. */
type SimSight =
  | { readonly is: 'free' }
  | { readonly is: 'made'; readonly made: AttachedSim }
  | { readonly is: 'left'; readonly why: string }

async function lookAtSim(run: MakingRun, announcedAt: number | undefined): Promise<SimSight> {
  const found = await run.read()
  if (announcedAt !== undefined && found.kind === 'there') {
    const made = attachedOf(found.value)
    if (made !== undefined) return { is: 'made', made }
  }
  const why = obstacleOf(found)
  if (why !== undefined || found.kind !== 'there') return { is: 'left', why: why ?? 'it is gone' }
  return announcedAt === undefined || (await isSurelyAbsent(run, announcedAt))
    ? { is: 'free' }
    : {
        is: 'left',
        why: 'whether its endpoint was made by an earlier attempt is not known yet',
      }
}

/** Why the SIM cannot get an endpoint now; undefined: it can. */
function obstacleOf(sim: Finding<Sim>): string | undefined {
  if (sim.kind === 'not known') return sim.reason
  if (sim.kind === 'not there') return 'the account has no such SIM'
  const { endpointId, attached, status } = sim.value
  if (endpointId !== undefined || attached === true)
    return `it has endpoint ${endpointId ?? 'of no name'} already, which "sft-catalog apply" takes into the state`
  return status === 'Ready To Activate' ? undefined : `it is ${status ?? 'in an unknown state'}`
}

/** Whether an earlier announcement can have no effect any more, by its time and a second reading. */
async function isSurelyAbsent(run: MakingRun, announcedAt: number): Promise<boolean> {
  const { clock, sft } = run.context
  const until = announcedAt + HELD_MS + sft.settleSeconds('CreateEndPoint') * 1000
  return clock.now() > until && obstacleOf(await run.read()) === undefined
}

const send = ({ context, own, row, read, count, end, signal }: MakingRun, resource: Resource) => {
  const find = async (): Promise<Finding<AttachedSim>> =>
    seenIn(await read(), `SIM ${row.iccid} has no endpoint`, attachedOf)
  return writeAndSettle<AttachedSim>(
    {
      announce: async () => {
        await end(now => ({ ...now, status: 'being made', at: isoNow(context) }))
        return row.endpointId
      },
      send: async () => {
        count()
        const request = endpointRequest(resource, resource.spec)
        const options = { lane: 'traveller', signal } as const
        await own.sft.write.createEndpoint(request, options)
        // An answer may name another endpoint, or none (contract 4.6): the SIM tells which one it has.
        const made = await findOrDoubt(find)
        if (made.kind === 'there') return made.value
        throw new SftUnknownOutcomeError(
          `CreateEndPoint answered success: ${made.kind === 'not known' ? made.reason : made.evidence}`,
        )
      },
      announcement: own.announcement,
      find,
      findRefused: find,
      conclude: (_id, _ending, error) =>
        end(now => ({ ...now, status: 'not made', reason: reasonOf(error) })),
      settleSeconds: context.sft.settleSeconds('CreateEndPoint'),
    },
    context.clock,
    signal,
  )
}

/** The endpoint is there: it is stock, in the transaction that ends its announcement. */
async function recordMade(
  { context, row, about }: MakingRun,
  sim: AttachedSim,
  how: 'answered' | 'found',
): Promise<Attempt> {
  const { endpointId } = sim
  const { iccid, batch, tags } = row
  const candidate: Candidate = { endpointId, iccid, batch, tags }
  const esim = judgeForSale(candidate, sim)
  await context.ledger.transact({ endpointIds: [row.endpointId, endpointId] }, rows => {
    const now = rows.esim(row.endpointId)
    if (now === undefined || now.fence !== row.fence)
      throw new OrderLostError(`SIM ${iccid} was taken over`)
    const entries: LedgerEntry[] = [
      { table: 'esims', row: { ...freed(now), status: 'made', at: isoNow(context) } },
    ]
    if (rows.esim(endpointId) === undefined)
      entries.push({ table: 'esims', row: stockRow(candidate, esim, isoNow(context)) })
    return { entries, result: undefined }
  })
  context.tell({ type: 'endpoint created', ...about, endpointId, iccid, how })
  if (typeof esim === 'string') {
    context.tell({ type: 'esim set aside', ...about, endpointId, reason: esim })
    return { is: 'left', why: esim }
  }
  context.pool.add(candidate, esim)
  return { is: 'made' }
}

const stockRow = (candidate: Candidate, esim: Esim | string, at: string): EsimRow =>
  typeof esim === 'string'
    ? { ...candidate, status: 'set aside', reason: esim, onDemand: true, at }
    : { ...esim, status: 'released', reason: 'its endpoint was made on demand', onDemand: true, at }
