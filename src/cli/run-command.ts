import type { Command } from './command.ts'
import { type Context, EXIT, stopOutcome } from './context.ts'
import { UsageError } from './flags.ts'

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly isThrown: boolean
}

/** Runs one command to its end: an error is told on stderr, and becomes its exit code. */
export async function runCommand(
  command: Command,
  argv: readonly string[],
  context: Context,
): Promise<Ended> {
  try {
    const work = command.read(argv)
    if (work !== 'help') return { code: await work(context), isThrown: false }
    for (const line of command.help) context.out(line)
    return { code: EXIT.ok, isThrown: false }
  } catch (error) {
    return { code: await showError(error, command, context), isThrown: true }
  }
}

/** Errors end here: one line that says what and what to do; a stack only for what nobody foresaw. */
async function showError(error: unknown, command: Command, context: Context): Promise<number> {
  if (error instanceof UsageError) {
    context.err(
      `sft-catalog ${command.name}: ${error.message}${/[.?!]$/.test(error.message) ? '' : '.'} See sft-catalog ${command.name} --help`,
    )
    return EXIT.usage
  }
  const { explainError, outcomeOf } = await import('./explain-error.ts')
  for (const line of explainError(error, context)) context.err(line)
  return EXIT[outcomeOf(error, stopOutcome(context))]
}
