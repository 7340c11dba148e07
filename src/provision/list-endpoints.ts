import { readSims, type SimListing } from '../account/read-sims.ts'
import type { Sft } from '../sft/api.ts'
import { eachRecord } from '../state/records.ts'
import type { State } from '../state/state.ts'
import type { EndpointChoice, EndpointUse, EndpointView } from './endpoint-view.ts'
import type { EsimRow, EsimStatus, Ledger, Making } from './ledger.ts'
import { inParts } from './pages.ts'
import { plainWord } from './status-words.ts'

/** What listing needs; without `sft` the account is not asked. */
export interface EndpointSources {
  readonly state: State
  readonly ledger: Ledger
  readonly sft?: Sft
}

/**
 * The endpoints of a state that a choice means, in the state's order. Those of a list of ICCIDs that the state
 * does not have are left out. Of SIMs that the account does not tell of, `doubt` says why. Throws `SftError`s.
 */
export async function listEndpoints(
  { state, ledger, sft }: EndpointSources,
  choice: EndpointChoice = {},
): Promise<readonly EndpointView[]> {
  const { limit = Number.POSITIVE_INFINITY, statuses = [] } = choice
  const words = new Set(statuses.map(plainWord))
  const kept = await withLedger(ledger, chosenOf(state, choice))
  const asksAccount = sft !== undefined && kept.length > 0
  const views = asksAccount ? withAccount(await readStock(sft, kept), kept) : kept
  const isWanted = ({ use, lifecycle }: EndpointView) =>
    words.size === 0 ||
    words.has(plainWord(use)) ||
    (lifecycle !== undefined && words.has(plainWord(lifecycle)))
  return views.filter(isWanted).slice(0, limit)
}

/** The endpoints that batch, tag and ICCID mean, without what others say of them. */
function chosenOf(
  state: State,
  { batches, tags, iccids }: EndpointChoice,
): readonly Omit<EndpointView, 'use'>[] {
  const wanted = iccids && new Set(iccids)
  const chosen: Omit<EndpointView, 'use'>[] = []
  for (const [iccid, record] of eachRecord(state.endpoints)) {
    const { endpointId, name, batch, since } = record
    const isChosen =
      endpointId !== '' &&
      (wanted?.has(iccid) ?? true) &&
      (batches?.includes(batch) ?? true) &&
      (tags?.some(tag => record.tags.includes(tag)) ?? true)
    const known = { iccid, endpointId, name, batch, tags: record.tags }
    if (isChosen) chosen.push({ ...known, ...(since !== undefined && { since }) })
  }
  return chosen
}

const USE_OF: Readonly<Record<Exclude<EsimStatus, Making>, EndpointUse>> = {
  released: 'unused',
  selected: 'reserved',
  activated: 'reserved',
  delivered: 'sold',
  'in service': 'in service',
  'set aside': 'set aside',
}

async function withLedger(
  ledger: Ledger,
  chosen: readonly Omit<EndpointView, 'use'>[],
): Promise<readonly EndpointView[]> {
  const rows = new Map<string, EsimRow>()
  const ids = chosen.map(({ endpointId }) => endpointId)
  const rowsOf = (endpointIds: readonly string[]) =>
    ledger.transact({ endpointIds }, found => ({
      entries: [],
      result: endpointIds.flatMap(id => found.esim(id) ?? []),
    }))
  for await (const row of inParts(ids, rowsOf)) rows.set(row.endpointId, row)
  return chosen.map(view => ({ ...view, ...ledgerPart(rows.get(view.endpointId)) }))
}

function ledgerPart(row: EsimRow | undefined): Pick<EndpointView, 'use'> & Partial<EndpointView> {
  if (row === undefined) return { use: 'unused' }
  const { status, orderId, operation, reason, suspended, at } = row
  return {
    use: status in USE_OF ? USE_OF[status as keyof typeof USE_OF] : 'unused',
    ...(orderId !== undefined && { orderId }),
    ...(status === 'delivered' && { soldAt: at }),
    ...(operation !== undefined && { open: operation }),
    ...(reason !== undefined && status === 'set aside' && { reason }),
    ...(suspended !== undefined && { suspended }),
  }
}

const readStock = (sft: Sft, views: readonly EndpointView[]): Promise<SimListing> =>
  readSims(
    sft.read,
    views.map(({ iccid }) => iccid),
    { pageSize: sft.form.pageSize, confirm: true },
  )

function withAccount(
  { sims, doubt }: SimListing,
  views: readonly EndpointView[],
): readonly EndpointView[] {
  return views.map(view => {
    const sim = sims.get(view.iccid)
    if (sim === undefined)
      return { ...view, doubt: doubt ?? `the account has no SIM ${view.iccid}` }
    if (sim.endpointId !== view.endpointId || sim.attached === false)
      return {
        ...view,
        doubt: `SIM ${view.iccid} has ${sim.endpointId === undefined ? 'no endpoint' : `endpoint ${sim.endpointId}`}, and the state says ${view.endpointId}`,
      }
    return sim.status === undefined
      ? { ...view, doubt: `the state of SIM ${view.iccid} is not reported` }
      : { ...view, lifecycle: sim.status }
  })
}
