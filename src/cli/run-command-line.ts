import { type Outcome, outcomeOfExit } from '../outcome.ts'
import { JSON_FORMATS, type JsonCommand } from '../render/formats.ts'
import { oneLine, throughGate, withoutUrlSecrets } from '../render/gate.ts'
import { plain } from '../render/paint.ts'
import { inRows } from '../render/rows.ts'
import type { Environment } from '../settings.ts'
import type { Command } from './command.ts'
import { type Context, EXIT, openContext, readEnvironment } from './context.ts'
import type { Host } from './host.ts'
import { runCommand } from './run-command.ts'
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
    const { platform, arch } = process
    host.stdout.write(`${await version()} (node ${process.version}, ${platform} ${arch})\n`)
    return EXIT.ok
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [topic] = rest
    const load = commandOf(topic)
    for (const line of load === undefined ? await overview() : (await load()).help)
      host.stdout.write(`${inRows(line, host.stdout)}\n`)
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  const load = commandOf(name)
  if (load === undefined) {
    const { nearestOf } = await import('../nearest.ts')
    const meant = nearestOf(name, Object.keys(COMMANDS))
    host.stderr.write(
      `${oneLine(withoutUrlSecrets(`sft-catalog: no command "${name}"${meant === undefined ? '.' : `; did you mean ${meant}?`} See sft-catalog --help`))}\n`,
    )
    return EXIT.usage
  }
  const command = await load()
  const { context, code } = await runInContext(command, rest, host)
  if (context.stop.signal.aborted || code === EXIT.outOfTime) host.exit(code)
  return code
}

const commandOf = (name: string | undefined) =>
  name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined

/** A `.env` that cannot be read ends the run: without it, defaults would stand for what it says. */
async function runInContext(
  command: Command,
  argv: readonly string[],
  host: Host,
): Promise<{ readonly context: Omit<Context, 'answer'>; readonly code: number }> {
  let env: Environment = {}
  let words = argv
  let environment: Context['environment']
  let warnings: readonly string[] = []
  try {
    if (!command.hermetic) {
      env = readEnvironment(host)
      const { unknownSettings } = await import('../known-settings.ts')
      warnings = unknownSettings(Object.keys(env))
      const named = takeEnvironment(argv, env)
      words = named.words
      if (named.name !== undefined) {
        const { bindEnvironment } = await import('./environments.ts')
        ;({ env, environment } = await bindEnvironment(named.name, words, env))
      }
    }
  } catch (error) {
    const context = { ...openContext(host.env, host), broken: { error } }
    const broken: Command = command.tellsBroken
      ? command
      : { ...command, read: argv => brokenBy(error, command.read(argv)) }
    return { context, code: await runTold(broken, words, context) }
  }
  const context = openContext(env, host, environment)
  const { withKeysOf } = await import('../secrets/keys-in-force.ts')
  for (const warning of warnings) context.err(context.paintErr('warn', `warning: ${warning}`))
  try {
    return { context, code: await withKeysOf(env, () => runTold(command, words, context)) }
  } finally {
    context.live.close()
  }
}

/** The environment that a line or the settings name, and the line without it. */
function takeEnvironment(
  argv: readonly string[],
  env: Environment,
): { readonly words: readonly string[]; readonly name: string | undefined } {
  const at = argv.findIndex(word => word === '--env' || word.startsWith('--env='))
  const end = argv.indexOf('--')
  if (at < 0 || (end >= 0 && end < at)) return { words: argv, name: env['SFT_ENV'] }
  const joined = argv[at]?.startsWith('--env=') === true
  const name = joined ? argv[at]?.slice('--env='.length) : argv[at + 1]
  return { words: argv.toSpliced(at, joined ? 1 : 2), name: name ?? '' }
}

/** Work that ends with an error before it begins; help is shown whatever is broken. */
const brokenBy = (
  error: unknown,
  work: ReturnType<Command['read']>,
): ReturnType<Command['read']> => (work === 'help' ? work : () => Promise.reject(error))

/**
 * Runs, and with `--json` says on stdout what it answered and how it ended. Wrong usage says nothing there:
 * it was no such command.
 */
async function runTold(
  command: Command,
  argv: readonly string[],
  context: Omit<Context, 'answer'>,
): Promise<number> {
  const messages: string[] = []
  let told: { readonly fields: object; readonly outcome: Outcome | undefined } | undefined
  const isData = argv.includes('--json') && Object.hasOwn(JSON_FORMATS, command.name)
  const envelopeOf = (code: number, outcome: Outcome) => ({
    format: JSON_FORMATS[command.name as JsonCommand],
    command: command.name,
    outcome,
    exitCode: code,
  })
  context.beforeExit(code => {
    if (isData) context.json({ ...envelopeOf(code, outcomeOfExit(code)), messages })
  })
  const { code, isThrown } = await runCommand(command, argv, {
    ...context,
    answer: (_command, fields, outcome) => {
      told = { fields, outcome }
    },
    err: line => {
      // Only an answer in JSON has them: a worker would keep every line of its life.
      if (isData) messages.push(withoutUrlSecrets(throughGate(line, plain)))
      context.err(line)
    },
  })
  const isBroken = isThrown || (told === undefined && code !== EXIT.ok)
  if (!isData || code === EXIT.usage || (told === undefined && !isBroken)) return code
  const outcome = isThrown ? undefined : told?.outcome
  const envelope = envelopeOf(code, outcome ?? outcomeOfExit(code))
  context.json({ ...envelope, ...told?.fields, ...envelope, ...(isBroken && { messages }) })
  return code
}

/** Every command, in the order of `--help`. */
export const allCommands = (): Promise<readonly Command[]> =>
  Promise.all(Object.values(COMMANDS).map(load => load()))

async function overview(): Promise<readonly string[]> {
  const commands = await allCommands()
  const width = Math.max(...commands.map(command => command.name.length))
  return [
    `sft-catalog ${await version()}: configuration as code for BICS SIM for Things`,
    '',
    ...commands.map(command => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'sft-catalog COMMAND --help tells the flags of a command.',
  ]
}
