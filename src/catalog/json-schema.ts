import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { kinds, oncePerKinds } from '../resources/kinds.ts'
import { catalogFileOf } from './schema.ts'

/** The catalog language as JSON Schema (draft 2020-12): what editors, ajv and the text rules use. */
export const catalogJsonSchema: () => JsonObject = oncePerKinds(() => {
  const schema = z.toJSONSchema(catalogFileOf(kinds()), { io: 'input' })
  // Through JSON, since zod's own type of it allows what JSON does not have.
  const made: unknown = JSON.parse(JSON.stringify(schema))
  if (!isJsonObject(made)) throw new TypeError('zod made a JSON Schema that is no object')
  return made
})
