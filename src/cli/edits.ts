import { type Context, EXIT } from './context.ts'
import { UsageError } from './flags.ts'

/** Shows what was changed by hand in `what` and asks whether it is meant. */
export const confirmEdit =
  (flags: { readonly yes: boolean }, context: Context, what: string) =>
  async (differs: readonly string[]): Promise<boolean> => {
    context.out(`against what was last written, ${what} has:`)
    for (const line of differs) context.out(`  ${line}`)
    if (differs.length === 0) context.out('  the same values, written otherwise')
    if (flags.yes) return true
    if (!context.canAsk)
      throw new UsageError('there is nobody to ask: give --yes once you know that it is meant')
    const answer = await context.ask('Is that what you mean? Only "yes" takes it: ')
    return answer.trim().toLowerCase() === 'yes'
  }

/** Says what came of it. */
export function sayEdit(
  report: { readonly accepted: boolean } | undefined,
  context: Context,
  what: string,
): number {
  if (report === undefined)
    context.out(`${what} is as it was last written: there is nothing to accept`)
  else context.out(report.accepted ? `${what} is taken as it is now` : 'nothing was changed')
  return report === undefined || report.accepted ? EXIT.ok : EXIT.failed
}
