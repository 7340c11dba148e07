/**
 * What codes and fields mean. The pages of docs/ are the source of codes, and the schema that of fields: what is
 * shown here is what stands there.
 */

import { readFile } from 'node:fs/promises'
import { catalogJsonSchema } from '../catalog/index.ts'
import { isJsonObject } from '../json.ts'
import type { Json } from '../model.ts'
import { OUTCOMES } from '../outcome.ts'
import { packageFile } from '../package-file.ts'

/** Pages with tables `| code | what it means | what to do |`. */
const PAGES = ['errors.md', 'selling.md'] as const

/** What is said of a word; undefined where nothing is known of it. */
export async function explanationOf(word: string): Promise<readonly string[] | undefined> {
  return (await explanationOfCode(word)) ?? explanationOfExit(word) ?? explanationOfField(word)
}

/** Every word of which something is known. */
export async function knownWords(): Promise<readonly string[]> {
  return [
    ...(await rowsOfPages()).keys(),
    ...Object.values(OUTCOMES).map(({ code }) => String(code)),
    ...fieldPaths(),
  ]
}

async function explanationOfCode(word: string): Promise<readonly string[] | undefined> {
  const rows = await rowsOfPages()
  const name = [...rows.keys()].find(code => code.toLowerCase() === word.toLowerCase())
  const row = name === undefined ? undefined : rows.get(name)
  return row && [name ?? word, row.means, row.todo]
}

interface Row {
  readonly means: string
  readonly todo: string
}

async function rowsOfPages(): Promise<ReadonlyMap<string, Row>> {
  const rows = new Map<string, Row>()
  for (const page of PAGES) {
    const text = await readFile(packageFile(`docs/${page}`), 'utf8')
    for (const line of text.split('\n')) {
      const [, codes = '', means = '', todo] = line.split(/(?<!\\)\|/).map(cell => cell.trim())
      if (todo === undefined || todo === '') continue
      for (const [, code = ''] of codes.matchAll(/`([A-Z][A-Z_]+|[A-Z]\w+Error)`/g))
        rows.set(code, { means: plain(means), todo: plain(todo) })
    }
  }
  return rows
}

/** Markdown without its marks. */
const plain = (text: string): string =>
  text
    .replace(/\[([^\]]+)\]\(([^)]+)\)/g, '$1 (docs/$2)')
    .replaceAll('`', '')
    .replaceAll('\\|', '|')

function explanationOfExit(word: string): readonly string[] | undefined {
  const found = Object.entries(OUTCOMES).find(
    ([name, { code }]) => String(code) === word || name === word,
  )
  return found && [`exit code ${found[1].code} (${found[0]})`, plain(found[1].meaning)]
}

/** A field by its path; what a list holds has the path of the list. */
function explanationOfField(path: string): readonly string[] | undefined {
  let node: Json | undefined = catalogSchema()
  for (const name of path.split('.')) {
    node = propertiesOf(node)[name]
    if (node === undefined) return undefined
  }
  if (!isJsonObject(node)) return undefined
  const inner = isJsonObject(node['items']) ? node['items'] : node
  const told = [node['description'], inner['description']].filter(text => typeof text === 'string')
  const form = inner['patternErrorMessage']
  const values = inner['enum']
  const fields = Object.keys(propertiesOf(node))
  return [
    path,
    ...new Set(told.map(String)),
    ...(typeof form === 'string' ? [`Write ${form}.`] : []),
    ...(Array.isArray(values) ? [`One of ${values.map(String).join(', ')}.`] : []),
    ...(fields.length > 0 ? [`It has ${fields.join(', ')}.`] : []),
  ]
}

const catalogSchema = (): Json => JSON.parse(JSON.stringify(catalogJsonSchema()))

/** The fields of a schema: its own, those of what its list holds, and those of its alternatives. */
function propertiesOf(node: Json | undefined): Readonly<Record<string, Json>> {
  if (!isJsonObject(node)) return {}
  const own = isJsonObject(node['properties']) ? node['properties'] : {}
  const inner = ['items', 'anyOf', 'oneOf', 'allOf'].flatMap(key => node[key] ?? []).flat()
  return Object.assign({}, own, ...inner.map(propertiesOf))
}

function fieldPaths(): readonly string[] {
  const top = propertiesOf(catalogSchema())
  return Object.entries(top).flatMap(([name, node]) => [
    name,
    ...Object.keys(propertiesOf(node)).map(field => `${name}.${field}`),
  ])
}
