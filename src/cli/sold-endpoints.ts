import { lookAtLedger } from '../provision/index.ts'
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

/** What the order ledger of this machine knows of sales of a state; undefined where there is none. */
export async function readSoldEndpoints(
  flags: Values<typeof LEDGER_FLAG>,
  context: Context,
  state: State,
): Promise<Sales | undefined> {
  await using ledger = await lookAtLedger(ledgerLocation(context.env, flags.ledger))
  if (ledger === undefined) return undefined
  const soldIccids = new Set<string>()
  for await (const iccid of inParts(Object.keys(state.endpoints), ledger.takenIccidsAmong))
    soldIccids.add(iccid)
  return { soldIccids, endpointsByPlan: await ledger.holders() }
}
