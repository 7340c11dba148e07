import type { Catalog } from '../model.ts'
import { type Ledger, lookAtLedger } from '../provision/index.ts'
import { inParts } from '../provision/pages.ts'
import type { Sales } from '../resources/impact.ts'
import { ledgerLocation } from '../settings.ts'
import type { State } from '../state/state.ts'
import type { Context } from './context.ts'
import { text, type Values } from './flags.ts'

export const LEDGER_FLAG = {
  ledger: text(
    'FILE',
    'order ledger, for what was sold (SFT_LEDGER; default orders.json, where there is one)',
  ),
} as const

/** What the order ledger of this machine knows of sales of a state and a catalog; undefined where there is none. */
export async function readSoldEndpoints(
  flags: Values<typeof LEDGER_FLAG>,
  context: Context,
  state: State,
  catalog: Pick<Catalog, 'endpointBatches'>,
): Promise<Sales | undefined> {
  await using ledger = await lookAtLedger(ledgerLocation(context.env, flags.ledger))
  if (ledger === undefined) return undefined
  const soldIccids = new Set<string>()
  for await (const iccid of inParts(Object.keys(state.endpoints), ledger.takenIccidsAmong))
    soldIccids.add(iccid)
  const endpointsToTakeOver = await endpointsMade(ledger, state, catalog)
  return { soldIccids, endpointsToTakeOver, endpointsByPlan: await ledger.holders() }
}

/** Endpoints that orders have and the state has not: a shop made them when it had no stock left. */
async function endpointsMade(
  ledger: Ledger,
  { endpoints }: State,
  { endpointBatches }: Pick<Catalog, 'endpointBatches'>,
): Promise<ReadonlyMap<string, string>> {
  const missing = endpointBatches.flatMap(({ iccids }) =>
    iccids.filter(iccid => endpoints[iccid] === undefined),
  )
  const made = new Map<string, string>()
  for await (const iccid of inParts(missing, ledger.takenIccidsAmong)) {
    const esim = await ledger.esimOfIccid(iccid)
    if (esim !== undefined) made.set(iccid, esim.endpointId)
  }
  return made
}
