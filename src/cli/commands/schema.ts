import { catalogJsonSchema } from '../../catalog/index.ts'
import { JSON_COMMANDS } from '../../render/formats.ts'
import { outputSchema } from '../../render/outputs.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { text, UsageError } from '../flags.ts'

/** JSON Schemas: of catalog files, for editors, and of what commands answer, for programs. */
export const schema = defineCommand({
  name: 'schema',
  summary: 'print the JSON Schema of catalog files, for editors, or of what a command answers',
  usage: '[--output COMMAND]',
  flags: { output: text('COMMAND', 'of what this command writes with --json') },
  run: async ({ flags }, context) => {
    const command = JSON_COMMANDS.find(name => name === flags.output)
    if (flags.output !== undefined && command === undefined)
      throw new UsageError(`--output is one of ${JSON_COMMANDS.join(', ')}`)
    context.json(command === undefined ? catalogJsonSchema() : outputSchema(command))
    return EXIT.ok
  },
})
