import { loadCatalog } from '../../catalog/index.ts'
import { startSimulator } from '../../simulator/index.ts'
import { type Command, type Given, UsageError } from '../command.ts'
import { EXIT } from '../world.ts'

/** A local SFT over HTTP, until it is told to stop. */
export const simulate: Command = {
  name: 'simulate',
  summary: 'run a local SFT over HTTP, to try things without an account',
  usage: '[flags]',
  flags: [
    ['--port N', 'port on 127.0.0.1 (default: a free one)'],
    ['--calls-per-second N', "the account's limit (default 2)"],
    ['--latency MS', 'time that every call takes (default 0)'],
    ['--username NAME', 'user name it takes (SFT_USERNAME; default simulator)'],
    ['--password TEXT', 'password it takes (SFT_PASSWORD; default simulator)'],
    ['--sims N', 'SIMs in stock (default 2000)'],
    ['--catalog FOLDER', 'put the ICCIDs of this catalog in stock too'],
    ['--save FILE', 'keep the world in this file'],
    ['--no-bulk', 'an account that does not know CreateBulkEndPoint'],
  ],
  run: async (given, world) => {
    const folder = given.text('catalog')
    const iccids = folder === undefined ? [] : await catalogIccids(folder)
    const save = given.text('save')
    const sims = given.whole('sims')
    const latencyMs = given.text('latency') === '0' ? undefined : given.number('latency')
    await using simulator = await startSimulator({
      port: portOf(given),
      callsPerSecond: given.number('calls-per-second') ?? 2,
      username: given.text('username') ?? world.env['SFT_USERNAME'] ?? 'simulator',
      password: given.text('password') ?? world.env['SFT_PASSWORD'] ?? 'simulator',
      iccids,
      ...(latencyMs !== undefined && { latencyMs }),
      ...(sims !== undefined && { sims }),
      ...(save !== undefined && { save }),
      ...(given.is('no-bulk') && { bulk: 'unknown' as const }),
    })
    world.out(`SFT simulator on ${simulator.url} (look and meddle: ${simulator.url}/_simulator/)`)
    await new Promise<void>(resolve => world.onSignal(() => resolve()))
    return EXIT.ok
  },
}

/** The port; 0 for any that is free. */
function portOf(given: Given): number {
  const port = given.text('port') === '0' ? 0 : (given.whole('port') ?? 0)
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
