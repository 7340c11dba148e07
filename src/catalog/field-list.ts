/** The fields of the catalog language as people read them, from its JSON Schema. */
import { isJsonObject } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'
import { catalogJsonSchema } from './json-schema.ts'

/** A field of a catalog file. What a list holds has the path of the list. */
export interface CatalogField {
  /** `addonPlans.validity`. */
  readonly path: string
  /** What is said of it: of the field, and of what its list holds. */
  readonly says: readonly string[]
  /** How it is written, where it has a form. */
  readonly form: string | undefined
  readonly values: readonly string[]
  readonly isList: boolean
  readonly isRequired: boolean
  /** What holds where it is left out. */
  readonly otherwise: Json | undefined
  /** Names of the fields in it. */
  readonly has: readonly string[]
}

/** The field at a path; undefined where the language has none. */
export function catalogField(path: string): CatalogField | undefined {
  let parent: Json | undefined
  let node: Json | undefined = catalogJsonSchema()
  const names = path.split('.')
  for (const name of names) {
    parent = node
    node = propertiesOf(node)[name]
    if (node === undefined) return undefined
  }
  return isJsonObject(node) ? fieldOf(path, node, requiredOf(parent)) : undefined
}

/** Every field, parents before what they hold, in the order of the language. */
export const catalogFields = (): readonly CatalogField[] => fieldsBelow(catalogJsonSchema(), '')

function fieldsBelow(node: Json, above: string): readonly CatalogField[] {
  const required = requiredOf(node)
  return Object.entries(propertiesOf(node)).flatMap(([name, below]) =>
    isJsonObject(below)
      ? [fieldOf(`${above}${name}`, below, required), ...fieldsBelow(below, `${above}${name}.`)]
      : [],
  )
}

function fieldOf(path: string, node: JsonObject, required: readonly string[]): CatalogField {
  const inner = isJsonObject(node['items']) ? node['items'] : node
  const says = [node['description'], inner['description']].filter(text => typeof text === 'string')
  const form = inner['patternErrorMessage']
  const values = inner['enum']
  return {
    path,
    says: [...new Set(says)],
    form: typeof form === 'string' ? form : undefined,
    values: Array.isArray(values) ? values.map(String) : [],
    isList: node['type'] === 'array',
    isRequired: required.includes(path.split('.').at(-1) ?? path),
    otherwise: node['default'],
    has: Object.keys(propertiesOf(node)),
  }
}

/** Where a schema lists what must be there: itself, or what its list holds. */
function requiredOf(node: Json | undefined): readonly string[] {
  if (!isJsonObject(node)) return []
  const of = isJsonObject(node['items']) ? node['items'] : node
  return Array.isArray(of['required']) ? of['required'].map(String) : []
}

/** The fields of a schema: its own, those of what its list holds, and those of its alternatives. */
function propertiesOf(node: Json | undefined): Readonly<Record<string, Json>> {
  if (!isJsonObject(node)) return {}
  const own = isJsonObject(node['properties']) ? node['properties'] : {}
  const inner = ['items', 'anyOf', 'oneOf', 'allOf'].flatMap(key => node[key] ?? []).flat()
  return Object.assign({}, own, ...inner.map(propertiesOf))
}
