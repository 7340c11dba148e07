import {
  Composer,
  CST,
  type Document,
  Lexer,
  type Node,
  Parser,
  type YAMLParseError,
  type YAMLWarning,
} from 'yaml'
import type { IssueLog, Problem } from './issue-log.ts'
import type { CatalogLimits } from './limits.ts'
import { issueAt, type Place, type Source } from './source.ts'

/** The contents of one YAML 1.2 document, null where there are none; `undefined` as `parseCatalogDocument`. */
export function parseYaml(
  source: Source,
  limits: CatalogLimits,
  log: IssueLog,
): Node | null | undefined {
  const document = parseCatalogDocument(source, limits, log)
  return document ? document.contents : document
}

/**
 * Reads one YAML 1.2 document, null where the text has none; `undefined` where it cannot be used, and the log says
 * why. The text is fed to the parser piece by piece, so that hostile input is given up early and not after
 * gigabytes of tree.
 */
export function parseCatalogDocument(
  source: Source,
  limits: CatalogLimits,
  log: IssueLog,
): Document.Parsed | null | undefined {
  const guard = createGuard(limits)
  const parser = new Parser()
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    // Its own check compares each key with each; values.ts does it with a set.
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    stringKeys: false,
    logLevel: 'silent',
  })
  const documents: Document.Parsed[] = []
  const report = (place: Place, problem: Problem) => log.add(issueAt(source, place, problem))
  try {
    for (const lexeme of new Lexer().lex(source.text)) {
      const refusal = guard.check(lexeme)
      if (refusal !== undefined) {
        report({ offset: guard.offset(), length: lexeme.length }, refusal)
        return undefined
      }
      for (const token of parser.next(lexeme)) documents.push(...composer.next(token))
    }
    for (const token of parser.end()) documents.push(...composer.next(token))
    documents.push(...composer.end(true, source.text.length))
  } catch (error) {
    // The composer calls itself for each level of nesting.
    if (!(error instanceof RangeError)) throw error
    report({ offset: 0, length: 1 }, tooDeep(limits.depth))
    return undefined
  }
  const [document, second] = documents
  if (document === undefined) return null
  if (second !== undefined) {
    report({ offset: second.range[0], length: 3 }, manyDocuments)
    return undefined
  }
  // How often the composer runs out of stack on its way back up says nothing: once is enough.
  let overflows = 0
  const problems = [...document.errors, ...document.warnings].filter(
    problem => !isOverflow(problem) || ++overflows === 1,
  )
  for (const problem of problems.slice(0, limits.issuesPerFile)) {
    const [from, to] = problem.pos
    report({ offset: from, length: Math.max(1, to - from) }, describe(problem, limits))
  }
  return problems.length > 0 ? undefined : document
}

interface Guard {
  /** The reason to stop at this lexeme, if there is one. */
  check(lexeme: string): Problem | undefined
  /** Where the lexeme that was checked last begins. */
  offset(): number
}

/** Watches the stream of lexemes for what is cheap to write and dear to parse. */
function createGuard(limits: CatalogLimits): Guard {
  let tokens = 0
  let properties = 0
  let flowDepth = 0
  let indicators = 0
  let started = false
  let last = 0
  let next = 0
  const depthProblem = (type: CST.TokenType | null, lexeme: string): Problem | undefined => {
    switch (type) {
      case 'flow-map-start':
      case 'flow-seq-start':
        flowDepth += 1
        return flowDepth > limits.depth ? tooDeep(limits.depth) : undefined
      case 'flow-map-end':
      case 'flow-seq-end':
        flowDepth -= 1
        return flowDepth < 0 ? unopened(lexeme) : undefined
      case 'seq-item-ind':
      case 'explicit-key-ind':
        indicators += 1
        return indicators > limits.depth ? tooDeep(limits.depth) : undefined
      case 'newline':
        indicators = 0
        return undefined
      default:
        return undefined
    }
  }
  return {
    offset: () => last,
    check(lexeme) {
      const type = CST.tokenType(lexeme)
      // These three stand for no text; the byte order mark is gone already.
      if (type === 'doc-mode' || type === 'flow-error-end' || type === 'scalar') return undefined
      last = next
      next += lexeme.length
      tokens += 1
      if (tokens > limits.tokens) return tooComplex(`has more than ${limits.tokens} parts`)
      switch (type) {
        case 'directive-line':
          return directiveProblem(lexeme)
        case 'doc-start':
          if (started) return manyDocuments
          started = true
          return undefined
        case 'anchor':
        case 'tag':
          properties += 1
          return properties > limits.properties
            ? tooComplex(`has more than ${limits.properties} anchors and tags`)
            : undefined
        default:
          return depthProblem(type, lexeme)
      }
    },
  }
}

const manyDocuments: Problem = {
  code: 'YAML_DOCUMENTS',
  message: 'a second document begins here; a catalog file has one',
  hint: 'put it into a file of its own',
}

function directiveProblem(line: string): Problem | undefined {
  if (/^%YAML[ \t]+1\.2\s*(#.*)?$/.test(line)) return undefined
  if (!line.startsWith('%YAML')) {
    const hint = 'remove the line'
    return { code: 'YAML_SYNTAX', message: `the directive ${quote(line)} is not supported`, hint }
  }
  return {
    code: 'YAML_VERSION',
    message: `${quote(line.trim())} is not supported: 1.1 reads NO as false and 0044 as 36`,
    hint: 'remove the line: catalog files are YAML 1.2',
  }
}

function unopened(lexeme: string): Problem {
  const message = `this ${lexeme} closes nothing`
  return { code: 'YAML_SYNTAX', message, hint: 'remove it, or quote the text that it belongs to' }
}

function tooComplex(what: string): Problem {
  const hint = 'split the file; keep long lists of ICCIDs in an iccidFile'
  return { code: 'YAML_TOO_COMPLEX', message: `the file ${what}`, hint }
}

/** That nesting goes beyond the limit. */
export function tooDeep(depth: number): Problem {
  return {
    code: 'YAML_TOO_COMPLEX',
    message: `the file is nested deeper than ${depth} levels`,
    hint: 'the language itself needs six; check brackets and indentation',
  }
}

const isOverflow = (problem: YAMLParseError | YAMLWarning): boolean =>
  problem.message.startsWith('Maximum call stack')

function describe(problem: YAMLParseError | YAMLWarning, limits: CatalogLimits): Problem {
  // The composer reports its own RangeError as a fault of the document.
  if (isOverflow(problem)) return tooDeep(limits.depth)
  const syntax = (hint: string): Problem => ({
    code: 'YAML_SYNTAX',
    message: problem.message.replaceAll('\n', ' '),
    hint,
  })
  switch (problem.code) {
    case 'TAB_AS_INDENT':
      return syntax('indent with spaces')
    case 'BAD_INDENT':
    case 'BLOCK_IN_FLOW':
      return syntax('align it with the lines around it')
    case 'MISSING_CHAR':
      return syntax('add what is missing; a text with : or # in it needs quotes')
    case 'TAG_RESOLVE_FAILED':
      return syntax('remove the tag: a catalog has only text, numbers, lists and mappings')
    case 'BAD_ALIAS':
      return syntax('an alias stands after its anchor, in the same file')
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return syntax('check indentation and quotes of the lines before')
    default:
      return syntax('correct the YAML; a text with special characters needs quotes')
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}
