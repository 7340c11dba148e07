import { catalogJsonSchema } from '../../catalog/index.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../world.ts'

/** The JSON Schema of catalog files, for editors. */
export const schema: Command = {
  name: 'schema',
  summary: 'print the JSON Schema of catalog files, for editors',
  usage: '',
  flags: [],
  run: async (_given, world) => {
    world.json(catalogJsonSchema())
    return EXIT.ok
  },
}
