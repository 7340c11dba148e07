import { unknownSettings } from '../known-settings.ts'
import { type Outcome, outcomeOfExit } from '../outcome.ts'
import { JSON_FORMATS, type JsonCommand } from '../render/formats.ts'
import { throughGate, withoutUrlSecrets } from '../render/gate.ts'
import { plain } from '../render/paint.ts'
import { withKeysOf } from '../secrets/keys-in-force.ts'
import type { Environment } from '../settings.ts'
import type { Command } from './command.ts'
import { type Context, EXIT, openContext, readEnvironment } from './context.ts'
import type { Host } from './host.ts'
import { runCommand } from './run-command.ts'

/**
 * Runs a command with the words after its name. A `.env` that cannot be read ends the run: without it, defaults would
 * stand for what it says.
 */
export async function runInContext(
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
