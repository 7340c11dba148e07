/** Runs one command in a process of its own: `node --import tsx test/adopt/run-command.ts adopt --dry-run`. */
import { readGiven, UsageError } from '../../src/cli/command.ts'
import { adopt } from '../../src/cli/commands/adopt.ts'
import { plan } from '../../src/cli/commands/plan.ts'
import { explainError } from '../../src/cli/explain-error.ts'
import { openWorld } from '../../src/cli/world.ts'

const [name, ...rest] = process.argv.slice(2)
const command = [adopt, plan].find(command => command.name === name)
const world = openWorld(process.env)
try {
  if (command === undefined) throw new UsageError(`no command ${name}`)
  const given = readGiven(command, rest)
  if (given === 'help') throw new UsageError('help')
  process.exitCode = await command.run(given, world)
} catch (error) {
  for (const line of explainError(error, world)) world.err(line)
  process.exitCode = 1
}
