import { type Given, UsageError } from './command.ts'
import { EXIT, type World } from './world.ts'

/** Shows what was changed by hand in `what` and asks whether it is meant. */
export const confirmEdit =
  (given: Given, world: World, what: string) =>
  async (differs: readonly string[]): Promise<boolean> => {
    world.out(`against what was last written, ${what} has:`)
    for (const line of differs) world.out(`  ${line}`)
    if (differs.length === 0) world.out('  the same values, written otherwise')
    if (given.is('yes')) return true
    if (!world.canAsk)
      throw new UsageError('there is nobody to ask: give --yes once you know that it is meant')
    const answer = await world.ask('Is that what you mean? Only "yes" takes it: ')
    return answer.trim().toLowerCase() === 'yes'
  }

/** Says what came of it. */
export function sayEdit(
  report: { readonly accepted: boolean } | undefined,
  world: World,
  what: string,
): number {
  if (report === undefined)
    world.out(`${what} is as it was last written: there is nothing to accept`)
  else world.out(report.accepted ? `${what} is taken as it is now` : 'nothing was changed')
  return report === undefined || report.accepted ? EXIT.ok : EXIT.failed
}
