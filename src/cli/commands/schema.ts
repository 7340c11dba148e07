import { catalogJsonSchema } from '../../catalog/index.ts'
import { policyJsonSchema } from '../../policy/policy-schema.ts'
import { JSON_COMMANDS } from '../../render/formats.ts'
import { outputSchema } from '../../render/outputs.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { on, text, UsageError } from '../flags.ts'

/** JSON Schemas: of catalog files and rules, for editors, and of what commands answer, for programs. */
export const schema = defineCommand({
  name: 'schema',
  summary:
    'print the JSON Schema of catalog files or of rules, for editors, or of what a command answers',
  usage: '[--policy | --output COMMAND]',
  flags: {
    policy: on('of the files of policy/'),
    output: text('COMMAND', 'of what this command writes with --json'),
  },
  rules: [{ when: '--policy', not: ['--output'], why: 'each is a schema of its own' }],
  run: async ({ flags }, context) => {
    const command = JSON_COMMANDS.find(name => name === flags.output)
    if (flags.output !== undefined && command === undefined)
      throw new UsageError(`--output is one of ${JSON_COMMANDS.join(', ')}`)
    context.json(
      flags.policy
        ? policyJsonSchema()
        : command === undefined
          ? catalogJsonSchema()
          : outputSchema(command),
    )
    return EXIT.ok
  },
})
