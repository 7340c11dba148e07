import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { catalogFile } from './schema.ts'

let schema: JsonObject | undefined

/** The catalog language as JSON Schema (draft 2020-12): what editors, ajv and the text rules use. */
export function catalogJsonSchema(): JsonObject {
  if (schema === undefined) {
    // Through JSON, since zod's own type of it allows what JSON does not have.
    const made: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(catalogFile, { io: 'input' })))
    if (!isJsonObject(made)) throw new TypeError('zod made a JSON Schema that is no object')
    schema = made
  }
  return schema
}
