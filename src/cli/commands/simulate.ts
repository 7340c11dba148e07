import { loadCatalog } from '../../catalog/index.ts'
import { startSimulator } from '../../simulator/index.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { number, on, orZero, text, UsageError, whole } from '../flags.ts'

/** A local SFT over HTTP, until it is told to stop. */
export const simulate = defineCommand({
  name: 'simulate',
  summary: 'run a local SFT over HTTP, to try things without an account',
  usage: '[flags]',
  flags: {
    port: orZero(whole('N', 'port on 127.0.0.1 (default: a free one)')),
    'calls-per-second': number('N', "the account's limit (default 2)"),
    latency: orZero(number('MS', 'time that every call takes (default 0)')),
    username: text('NAME', 'user name it takes (SFT_USERNAME; default simulator)'),
    password: text('TEXT', 'password it takes (SFT_PASSWORD; default simulator)'),
    sims: whole('N', 'SIMs in stock (default 2000)'),
    catalog: text('FOLDER', 'put the ICCIDs of this catalog in stock too'),
    save: text('FILE', 'keep the world in this file'),
    'no-bulk': on('an account that does not know CreateBulkEndPoint'),
  },
  run: async ({ flags }, context) => {
    const folder = flags.catalog
    const iccids = folder === undefined ? [] : await catalogIccids(folder)
    const save = flags.save
    const sims = flags.sims
    const latencyMs = flags.latency
    await using simulator = await startSimulator({
      port: portOf(flags.port),
      callsPerSecond: flags['calls-per-second'] ?? 2,
      username: flags.username ?? context.env['SFT_USERNAME'] ?? 'simulator',
      password: flags.password ?? context.env['SFT_PASSWORD'] ?? 'simulator',
      iccids,
      ...(latencyMs !== undefined && { latencyMs }),
      ...(sims !== undefined && { sims }),
      ...(save !== undefined && { save }),
      ...(flags['no-bulk'] && { bulk: 'unknown' as const }),
    })
    context.out(`SFT simulator on ${simulator.url} (look and meddle: ${simulator.url}/_simulator/)`)
    await new Promise<void>(resolve => context.onSignal(() => resolve()))
    return EXIT.ok
  },
})

/** The port; 0 for any that is free. */
function portOf(port = 0): number {
  if (port > 65_535) throw new UsageError(`--port ${port}: a port is at most 65535`)
  return port
}

/** Every ICCID that a catalog names. */
export async function catalogIccids(folder: string): Promise<readonly string[]> {
  const { catalog } = await loadCatalog(folder)
  if (catalog === undefined)
    throw new UsageError(
      `the catalog ${folder} has errors: see sft-catalog validate --catalog ${folder}`,
    )
  return catalog.endpointBatches.flatMap(batch => batch.iccids)
}
