import { isJsonObject } from '../json.ts'
import type { Json } from '../model.ts'
import type { PrintedEntry } from './entry-edit.ts'
import { formatText } from './format-file.ts'
import { unsubstituted } from './substitute.ts'
import { flowText, scalarText } from './yaml-text.ts'

/** A catalog file of one subject. */
export interface PrintedFile {
  /** Comment lines at the top. */
  readonly head: readonly string[]
  readonly account?: PrintedEntry
  readonly section?: string
  readonly entries?: readonly PrintedEntry[]
  /** Comment lines at the end. */
  readonly tail?: readonly string[]
}

/** A catalog file as text that `loadCatalog` reads back as it was given, in the one form; the same input, the same text. */
export function printCatalogFile(file: PrintedFile): string {
  const lines = [...file.head.map(comment), 'version: 1']
  if (file.account !== undefined) {
    lines.push('', ...(file.account.comments ?? []).map(comment), 'account:')
    for (const [field, value] of Object.entries(file.account.fields))
      lines.push(...fieldLines(field, value, '  '))
  }
  const { section, entries = [] } = file
  if (section !== undefined && entries.length > 0)
    lines.push('', `${section}:`, ...entries.flatMap(entryLines))
  if (file.tail !== undefined && file.tail.length > 0) lines.push('', ...file.tail.map(comment))
  const text = `${lines.join('\n')}\n`
  const formatted = formatText('a file that is to be written', text)
  return 'text' in formatted ? formatted.text : text
}

/** The key of the entry that a line of a printed file belongs to. */
export function printedKeyAt(text: string, line: number): string | undefined {
  const lines = text.split('\n')
  for (let at = Math.min(line, lines.length) - 1; at >= 0; at -= 1) {
    const key = /^ {2}- key: (.+)$/.exec(lines[at] ?? '')?.[1]
    if (key !== undefined) return key.replaceAll('"', '')
  }
  return undefined
}

function entryLines(entry: PrintedEntry): readonly string[] {
  const lines = Object.entries(entry.fields).flatMap(([field, value]) =>
    fieldLines(field, value, '    '),
  )
  const [first = '', ...rest] = lines
  return [
    ...(entry.comments ?? []).map(text => `  ${comment(text)}`),
    `  - ${first.trimStart()}`,
    ...rest,
  ]
}

function fieldLines(field: string, meant: Json, indent: string): readonly string[] {
  const value = unsubstituted(meant)
  if (value === null || typeof value !== 'object')
    return [`${indent}${field}: ${scalarText(value)}`]
  if (!isList(value) || !value.some(isJsonObject)) return [`${indent}${field}: ${flowText(value)}`]
  return [`${indent}${field}:`, ...value.map(item => `${indent}  - ${flowText(item)}`)]
}

/** Names come from the platform: nothing in them may end the comment. */
const comment = (text: string): string => `# ${text.replace(/\p{Cc}+/gu, ' ')}`.trimEnd()

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
