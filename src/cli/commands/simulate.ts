import { type CatalogEnvironment, loadCatalog } from '../../catalog/index.ts'
import { PlainError } from '../../plain-error.ts'
import { SavedWorldError, type SimulatorOptions, startSimulator } from '../../simulator/index.ts'
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
    catalog: text(
      'FOLDER',
      "put this catalog's ICCIDs in stock, and speak as its account.wire says",
    ),
    save: text('FILE', 'keep the world in this file'),
    'no-bulk': on('an account that does not know CreateBulkEndPoint'),
  },
  run: async ({ flags }, context) => {
    const folder = flags.catalog
    const account = folder === undefined ? {} : await accountFor(folder, context.environment)
    const save = flags.save
    const sims = flags.sims
    const latencyMs = flags.latency
    await using simulator = await started({
      port: portOf(flags.port),
      callsPerSecond: flags['calls-per-second'] ?? 2,
      username: flags.username ?? context.env['SFT_USERNAME'] ?? 'simulator',
      password: flags.password ?? context.env['SFT_PASSWORD'] ?? 'simulator',
      ...account,
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

/** A file that is no world is a mistake of whoever named it. */
const started: typeof startSimulator = async options => {
  try {
    return await startSimulator(options)
  } catch (error) {
    if (!(error instanceof SavedWorldError)) throw error
    throw new PlainError(error.message, { cause: error })
  }
}

/** The port; 0 for any that is free. */
function portOf(port = 0): number {
  if (port > 65_535) throw new UsageError(`--port ${port}: a port is at most 65535`)
  return port
}

/** Every ICCID that a catalog names, and the account that speaks as the catalog says. */
export async function accountFor(
  folder: string,
  environment?: CatalogEnvironment,
): Promise<Required<Pick<SimulatorOptions, 'iccids' | 'wire'>>> {
  const { catalog } = await loadCatalog(folder, { ...(environment && { environment }) })
  if (catalog === undefined)
    throw new UsageError(
      `the catalog ${folder} has errors: see sft-catalog validate --catalog ${folder}`,
    )
  const { wire } = catalog.account
  return {
    iccids: catalog.endpointBatches.flatMap(batch => batch.iccids),
    wire: wire === undefined ? {} : { planTerms: wire },
  }
}
