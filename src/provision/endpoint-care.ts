import { type Finding, there as found, notThere, seenIn } from '../finding.ts'
import type { OperationName } from '../sft/api.ts'
import { writeOnce } from '../sft/once.ts'
import { type Desk, isoNow } from './desk.ts'
import { UnknownEndpointError } from './errors.ts'
import { explainError } from './explain.ts'
import { findInstance } from './find-addon.ts'
import type { EsimRow } from './ledger.ts'
import { requireKnown } from './require-known.ts'

/** Why an endpoint is suspended: the platform's reasons (contract 4.9). */
export type SuspensionReason = 'system' | 'non-payment' | 'support'

const REASON_CODES: Readonly<Record<SuspensionReason, string>> = {
  system: '1',
  'non-payment': '2',
  support: '3',
}

/** The eSIM of an endpoint that was sold from this ledger. Throws UnknownEndpointError. */
export async function findSold(desk: Desk, endpointId: string): Promise<EsimRow> {
  const esim = await desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.esim(endpointId),
  }))
  if (esim?.status === 'delivered') return esim
  throw new UnknownEndpointError(
    undefined,
    `endpoint ${endpointId} was not sold from ${desk.ledger.location}`,
  )
}

/** Suspends or reactivates an endpoint; nothing happens where it is so already. */
export async function changeEndpoint(
  desk: Desk,
  endpointId: string,
  iccid: string,
  lifecycle: 'A' | 'S',
  reason: SuspensionReason,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = { lane: 'traveller', ...(signal === undefined ? {} : { signal }) } as const
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
  await desk.ledger.transact({ endpointIds: [endpointId] }, rows => {
    const row = rows.esim(endpointId)
    const suspended = lifecycle === 'S'
    return {
      entries: row === undefined ? [] : [{ table: 'esims', row: { ...row, suspended } }],
      result: undefined,
    }
  })
}

/** Takes an instance off an endpoint; false where the account did not have it any more. */
export async function removeInstance(
  desk: Desk,
  endpointId: string,
  uniqueId: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const options = { lane: 'traveller', ...(signal === undefined ? {} : { signal }) } as const
  const isThere = async () =>
    requireKnown(await findInstance(desk, endpointId, uniqueId, options)) !== undefined
  let there: boolean
  try {
    there = await isThere()
  } catch (error) {
    throw explainError(undefined, error)
  }
  const known = await desk.ledger.transact({ endpointIds: [endpointId] }, rows => ({
    entries: [],
    result: rows.addons(endpointId).find(row => row.uniqueId === uniqueId),
  }))
  if (!there && known === undefined)
    throw new UnknownEndpointError(
      known,
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
    await desk.ledger.transact({ endpointIds: [endpointId] }, rows => {
      const row = rows.addons(endpointId).find(addon => addon.uniqueId === uniqueId) ?? {
        uniqueId,
        endpointId,
      }
      return { entries: [{ table: 'addons', row: { ...row, status: 'removed' } }], result: true }
    })
  return there
}

/** A write that changes nothing when it is done twice: sent, settled by reading, sent once more. */
async function settleWrite(
  desk: Desk,
  operation: OperationName,
  send: () => Promise<true>,
  find: () => Promise<Finding<true>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const outcome = await writeOnce(
    {
      announce: async () => isoNow(desk),
      send,
      find,
      conclude: async () => {},
      settleSeconds: desk.sft.settleSeconds(operation),
    },
    desk.clock,
    signal,
  )
  if (outcome.status !== 'done') throw explainError(undefined, outcome.error)
}
