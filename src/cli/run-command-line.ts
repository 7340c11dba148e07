import { OUTCOMES } from '../outcome.ts'
import type { Command } from './command.ts'
import type { Host } from './host.ts'
import { version } from './version.ts'

/** Commands are loaded when asked for: `--version` loads none. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./commands/init.ts')).init,
  validate: async () => (await import('./commands/validate.ts')).validate,
  fmt: async () => (await import('./commands/fmt.ts')).fmt,
  import: async () => (await import('./commands/import.ts')).importCommand,
  schema: async () => (await import('./commands/schema.ts')).schema,
  plan: async () => (await import('./commands/plan.ts')).plan,
  apply: async () => (await import('./commands/apply.ts')).apply,
  status: async () => (await import('./commands/status.ts')).status,
  history: async () => (await import('./commands/history.ts')).history,
  show: async () => (await import('./commands/show.ts')).show,
  graph: async () => (await import('./commands/graph.ts')).graph,
  ci: async () => (await import('./commands/ci.ts')).ci,
  drift: async () => (await import('./commands/drift.ts')).drift,
  coverage: async () => (await import('./commands/coverage.ts')).coverage,
  adopt: async () => (await import('./commands/adopt.ts')).adopt,
  state: async () => (await import('./commands/state.ts')).state,
  provision: async () => (await import('./commands/provision.ts')).provision,
  topup: async () => (await import('./commands/topup.ts')).topup,
  order: async () => (await import('./commands/order.ts')).order,
  orders: async () => (await import('./commands/orders.ts')).orders,
  usage: async () => (await import('./commands/usage.ts')).usage,
  esims: async () => (await import('./commands/esims.ts')).esims,
  worker: async () => (await import('./commands/worker.ts')).worker,
  stock: async () => (await import('./commands/stock.ts')).stock,
  endpoints: async () => (await import('./commands/endpoints.ts')).endpoints,
  resume: async () => (await import('./commands/resume.ts')).resume,
  suspend: async () => (await import('./commands/suspend.ts')).suspend,
  reactivate: async () => (await import('./commands/reactivate.ts')).reactivate,
  'remove-addon': async () => (await import('./commands/remove-addon.ts')).removeAddon,
  cancel: async () => (await import('./commands/cancel.ts')).cancel,
  ledger: async () => (await import('./commands/ledger.ts')).ledger,
  reconcile: async () => (await import('./commands/reconcile.ts')).reconcile,
  account: async () => (await import('./commands/account.ts')).account,
  store: async () => (await import('./commands/store.ts')).store,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  simulate: async () => (await import('./commands/simulate.ts')).simulate,
  demo: async () => (await import('./commands/demo.ts')).demo,
  explain: async () => (await import('./commands/explain.ts')).explain,
  completion: async () => (await import('./commands/completion.ts')).completionOf(allCommands),
}

/**
 * Runs `sft-catalog` with the words of a command line and gives its exit code. Where it was told to stop,
 * it ends the process: an answer that nobody waits for any more does not hold it.
 */
export async function runCommandLine(argv: readonly string[], host: Host): Promise<number> {
  const [name, ...rest] = argv
  if (name === '--version' || name === '-v') {
    host.stdout.write(`${await versions()}\n`)
    return OUTCOMES.ok.code
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [topic] = rest
    const load = commandOf(topic)
    const { inRows } = await import('../render/rows.ts')
    for (const line of load === undefined ? await overview() : (await load()).help)
      host.stdout.write(`${inRows(line, host.stdout)}
`)
    return (name === undefined ? OUTCOMES.usage : OUTCOMES.ok).code
  }
  const load = commandOf(name)
  if (load === undefined) {
    const { nearestOf } = await import('../nearest.ts')
    const { oneLine, withoutUrlSecrets } = await import('../render/gate.ts')
    const meant = nearestOf(name, Object.keys(COMMANDS))
    host.stderr.write(
      `${oneLine(withoutUrlSecrets(`sft-catalog: no command "${name}"${meant === undefined ? '.' : `; did you mean ${meant}?`} See sft-catalog --help`))}\n`,
    )
    return OUTCOMES.usage.code
  }
  const [command, { runInContext }] = await Promise.all([load(), import('./run-in-context.ts')])
  const { context, code } = await runInContext(command, rest, host)
  if (context.stop.signal.aborted || code === OUTCOMES.outOfTime.code) host.exit(code)
  return code
}

const commandOf = (name: string | undefined) =>
  name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined

/** Every command, in the order of `--help`. */
export const allCommands = (): Promise<readonly Command[]> =>
  Promise.all(Object.values(COMMANDS).map(load => load()))

async function overview(): Promise<readonly string[]> {
  const commands = await allCommands()
  const width = Math.max(...commands.map(command => command.name.length))
  return [
    `sft-catalog ${await versions()}: configuration as code for BICS SIM for Things`,
    '',
    ...commands.map(command => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'sft-catalog COMMAND --help tells the flags of a command.',
    'sft-catalog --version tells which program runs, and on what.',
  ]
}

/** What a report of a fault should say. */
async function versions(): Promise<string> {
  const { platform, arch } = process
  return `${await version()} (node ${process.version}, ${platform} ${arch})`
}
