import { isDeepStrictEqual } from 'node:util'
import { CST, type Document, Lexer } from 'yaml'
import type { Issue } from '../issues.ts'
import type { Json } from '../model.ts'
import { kinds } from '../resources/kinds.ts'
import { formatDocument } from './format-yaml.ts'
import { createIssueLog } from './issue-log.ts'
import { catalogJsonSchema } from './json-schema.ts'
import { type CatalogLimits, DEFAULT_LIMITS } from './limits.ts'
import { parseCatalogDocument } from './parse.ts'
import { openCatalogFolder, readCatalogFiles } from './read.ts'
import { accountDefaults } from './schema.ts'
import { createSource, issueAt, type Source } from './source.ts'
import { readValues } from './values.ts'
import type { FieldOrder } from './yaml-inline.ts'

/** A file in its one form, or why it was left as it is. */
export type Formatted = { readonly text: string } | { readonly issues: readonly Issue[] }

/** A file of a catalog. */
export interface FormattedFile {
  /** As people see it. */
  readonly path: string
  readonly before: string
  readonly formatted: Formatted
}

/**
 * The files of a catalog folder in their one form; nothing is written. A file that cannot be read is an issue.
 *
 * @example
 * const { files } = await formatCatalog('catalog')
 */
export async function formatCatalog(directory: string): Promise<{
  readonly files: readonly FormattedFile[]
  readonly issues: readonly Issue[]
}> {
  const log = createIssueLog(DEFAULT_LIMITS.issuesPerFile)
  const folder = await openCatalogFolder(directory, log)
  const sources = folder === undefined ? [] : await readCatalogFiles(folder, DEFAULT_LIMITS, log)
  return {
    files: sources.map(({ source }) => ({
      path: source.path,
      before: source.text,
      formatted: formatSource(source, DEFAULT_LIMITS),
    })),
    issues: log.sorted(),
  }
}

/** A catalog file in its one form; `path` is for messages. */
export const formatText = (path: string, text: string): Formatted =>
  formatSource(createSource(path, text), DEFAULT_LIMITS)

/** A comment may find its place in the second one; who formats a formatted file changes nothing. */
const TURNS = 4

/**
 * What a file means stays what it is, with all of its comments: held by reading both, so that a mistake here
 * leaves a file alone instead of changing it.
 */
function formatSource(source: Source, limits: CatalogLimits): Formatted {
  const read = meaningOf(source, limits)
  if ('issues' in read) return read
  const { document, data } = read
  if (document === null) return { text: source.text }
  const isSame = (text: string, after: Meaning): after is Read =>
    'data' in after &&
    isDeepStrictEqual(after.data, data) &&
    isDeepStrictEqual(commentsOf(text), commentsOf(source.text))
  let last = { text: source.text, document }
  for (let turn = 0; turn < TURNS; turn++) {
    const text = formatDocument(last.document, data, fieldOrder())
    if (text === last.text) return { text }
    const after = meaningOf(createSource(source.path, text), limits)
    if (!isSame(text, after) || after.document === null) break
    last = { text, document: after.document }
  }
  const problem = {
    code: 'FORMAT_LEFT',
    message: 'this file has a comment or a value in a place where its one form would lose it',
    hint: 'move comments above the field that they are about, and write anchors, tags and keys plainly',
  } as const
  return { issues: [issueAt(source, { offset: 0, length: 1 }, problem)] }
}

interface Read {
  readonly document: Document.Parsed | null
  readonly data: Json
}

type Meaning = Read | { readonly issues: readonly Issue[] }

function meaningOf(source: Source, limits: CatalogLimits): Meaning {
  const log = createIssueLog(limits.issuesPerFile)
  const document = parseCatalogDocument(source, limits, log)
  const values =
    document === undefined
      ? undefined
      : readValues(document?.contents ?? null, source, catalogJsonSchema(), limits, log)
  return document === undefined || values === undefined || log.hasErrors()
    ? { issues: log.sorted() }
    : { document, data: values.data }
}

/** Comments without the blanks at their ends, in the order of their text: they may move with their fields. */
function commentsOf(text: string): readonly string[] {
  const found: string[] = []
  for (const lexeme of new Lexer().lex(text))
    if (CST.tokenType(lexeme) === 'comment') found.push(lexeme.trimEnd())
  return found.sort()
}

/** The order of the documentation: sections of a file, fields of `account` and of entries. */
function fieldOrder(): FieldOrder {
  const sections = kinds().map(({ catalog }) => catalog)
  const root = ['version', 'account', ...sections.map(({ section }) => section), 'moved', 'limits']
  const fields = new Map(
    sections.map(({ section, fieldOrder }) => [section, [...fieldOrder, ...SHARED]]),
  )
  return ([section, ...more]) => {
    if (section === undefined) return root
    if (more.length > 0) return []
    return section === 'account' ? Object.keys(accountDefaults.shape) : (fields.get(section) ?? [])
  }
}

const SHARED = ['onNetworkRemoval', 'portal', 'sft', 'lifecycle']
