import { catalogJsonSchema } from '../../catalog/index.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'

/** The JSON Schema of catalog files, for editors. */
export const schema = defineCommand({
  name: 'schema',
  summary: 'print the JSON Schema of catalog files, for editors',
  usage: '',
  flags: {},
  run: async (_given, context) => {
    context.json(catalogJsonSchema())
    return EXIT.ok
  },
})
