/** The one form of catalog files: order of fields, quotes, indentation, blank lines. Comments stay where they are. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { listOf, objectOf } from '../json.ts'
import type { Json } from '../model.ts'
import { keyText } from './values.ts'
import { scalarText } from './yaml-text.ts'

/** In which order the fields of a mapping are written: of the file itself, and by the path of its list or mapping. */
export type FieldOrder = (path: readonly string[]) => readonly string[]

const WIDTH = 100

type Map_ = YAMLMap<Node, Node | null>
type Pair_ = Pair<Node, Node | null>

/** A document in its one form. `data` is what it means, by which digits that are text get their quotes. */
export function formatDocument(document: Document.Parsed, data: Json, order: FieldOrder): string {
  const print = printer(document, order)
  const root = document.contents
  const head = document.commentBefore ? [...commentLines(document.commentBefore), ''] : []
  const body = isMap<Node, Node | null>(root) ? print.root(root, data) : print.value(root, data)
  const end = document.comment ? ['', ...commentLines(document.comment)] : []
  const lines = [...head, ...body, ...end]
  return `${tidy(lines).join('\n')}\n`
}

/** No blank lines at the ends, and never two. */
function tidy(lines: readonly string[]): readonly string[] {
  const kept = lines
    .map(line => line.trimEnd())
    .filter((line, at, all) => line !== '' || (at > 0 && all[at - 1] !== ''))
  return kept.at(-1) === '' ? kept.slice(0, -1) : kept
}

/** Lines of a comment as the parser has it: without the signs, blank ones among them. */
const commentLines = (comment: string): readonly string[] =>
  comment.split('\n').map(line => (line === '' ? '' : `#${line}`.trimEnd()))

const indented = (lines: readonly string[]): readonly string[] =>
  lines.map(line => (line === '' ? '' : `  ${line}`))

/** What stands before and behind a node. */
interface Said {
  readonly before: readonly string[]
  /** One line behind it. */
  readonly behind: string
}

function saidOf(node: Node | null): Said {
  const comment = node?.comment ?? ''
  const isOne = comment !== '' && !comment.includes('\n')
  return {
    before: [
      ...(node?.commentBefore ? commentLines(node.commentBefore) : []),
      // Several lines behind a value would be those of what follows.
      ...(comment !== '' && !isOne ? commentLines(comment) : []),
    ],
    behind: isOne ? `  ${commentLines(comment).join('')}` : '',
  }
}

const isBlock = (node: Node | null): node is Map_ | YAMLSeq<Node> =>
  (isMap<Node, Node | null>(node) || isSeq<Node>(node)) &&
  node.items.length > 0 &&
  (node.flow !== true || hasComments(node))

/** Whether a comment stands within a collection that is written on one line. */
function hasComments(node: Map_ | YAMLSeq<Node>): boolean {
  let found = false
  visit(node, {
    Node: (_key, part) => {
      if (part !== node && (part.commentBefore || part.comment)) found = true
    },
  })
  return found
}

/** A value behind `key:` or `-`: what stands on that line, the lines below it, and what closes it. */
interface Placed {
  readonly line: string
  readonly below: readonly string[]
  readonly closes?: string
}

function printer(document: Document.Parsed, order: FieldOrder) {
  let isAnchored = false
  let hasAnchors = false
  visit(document, {
    Alias: () => {
      hasAnchors = true
    },
  })

  /** What an alias stands for may be meant otherwise there, so that its form is kept. */
  const within = <Result>(node: Node, work: () => Result): Result => {
    const before = isAnchored
    isAnchored ||= !isAlias(node) && node.anchor !== undefined
    const result = work()
    isAnchored = before
    return result
  }

  const anchorOf = (node: Node | null): string =>
    node !== null && !isAlias(node) && node.anchor !== undefined ? `&${node.anchor}` : ''

  const joined = (...words: readonly string[]): string =>
    words.filter(word => word !== '').join(' ')

  function scalar(node: Scalar, data: Json, flow: boolean): string {
    const meant = typeof data === 'object' ? null : data
    const keeps = isAnchored && typeof node.value !== 'string' && node.source !== undefined
    return keeps ? (node.source ?? '') : scalarText(meant, { flow })
  }

  /** A node on one line. */
  function inline(node: Node | null, data: Json, flow: boolean, path: readonly string[]): string {
    if (node === null) return 'null'
    if (isAlias(node)) return `*${(node as Alias).source}`
    return within(node, () => {
      const anchor = anchorOf(node)
      if (isScalar(node)) return joined(anchor, scalar(node, data, flow))
      if (isSeq<Node>(node)) {
        const items = node.items.map((item, at) =>
          inline(item, listOf(data)[at] ?? null, true, path),
        )
        return joined(anchor, `[${items.join(', ')}]`)
      }
      const fields = pairsOf(node as Map_, path).map(({ name, value }) => {
        const text = inline(value, objectOf(data)[name] ?? null, true, [...path, name])
        return `${scalarText(name, { flow: true })}: ${text}`
      })
      return joined(anchor, fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`)
    })
  }

  function place(node: Node | null, data: Json, used: number, path: readonly string[]): Placed {
    if (node === null || isAlias(node)) return { line: inline(node, data, false, path), below: [] }
    return within(node, () => {
      const anchor = anchorOf(node)
      if (isScalar(node)) {
        const block = blockText(node, data)
        return block === undefined
          ? { line: inline(node, data, false, path), below: [] }
          : { line: joined(anchor, block.head), below: block.lines }
      }
      const collection = node as Map_ | YAMLSeq<Node>
      if (isBlock(node)) return { line: anchor, below: lines(collection, data, path) }
      const line = inline(node, data, false, path)
      if (used + line.length <= WIDTH) return { line, below: [] }
      if (isSeq<Node>(node) && node.items.every(item => isScalar(item) || isAlias(item)))
        return wrapped(joined(anchor, '['), node, data)
      return collection.items.length === 0
        ? { line, below: [] }
        : { line: anchor, below: lines(collection, data, path) }
    })
  }

  /** Items of a list over several lines. */
  function wrapped(head: string, node: YAMLSeq<Node>, data: Json) {
    const below: string[] = []
    let line = ''
    for (const [at, item] of node.items.entries()) {
      const text = inline(item, listOf(data)[at] ?? null, true, [])
      const word = at === node.items.length - 1 ? text : `${text},`
      // Lists stand at most at the fourth column.
      if (line !== '' && 6 + line.length + 1 + word.length > WIDTH) {
        below.push(line)
        line = word
      } else line = joined(line, word)
    }
    return { line: head, below: [...below, line], closes: ']' }
  }

  /** The lines of a collection that is written as a block. */
  function lines(
    node: Map_ | YAMLSeq<Node>,
    data: Json,
    path: readonly string[],
  ): readonly string[] {
    const own = isSeq<Node>(node) ? seqLines(node, data, path) : mapLines(node, data, path)
    return [...own, ...(node.comment && !node.flow ? commentLines(node.comment) : [])]
  }

  function seqLines(node: YAMLSeq<Node>, data: Json, path: readonly string[]): readonly string[] {
    return node.items.flatMap((item, at) => [
      ...(item.spaceBefore && at > 0 ? [''] : []),
      ...itemLines(item, listOf(data)[at] ?? null, path),
    ])
  }

  function itemLines(item: Node, data: Json, path: readonly string[]): readonly string[] {
    const said = saidBeside(item)
    const { line, below, closes } = place(item, data, 6, path)
    if (line === '' && below.length > 0) {
      const [first = '', ...rest] = indented(below)
      // What is not one line any more has what stood behind it above.
      const above = said.behind === '' ? [] : [said.behind.trim()]
      return [...said.before, ...above, `-${first.slice(1)}`, ...rest]
    }
    const isOne = closes === undefined
    return [
      ...said.before,
      `- ${line}${isOne ? said.behind : ''}`,
      ...indented(below),
      ...(isOne ? [] : [`  ${closes}${said.behind}`]),
    ]
  }

  function mapLines(node: Map_, data: Json, path: readonly string[]): readonly string[] {
    return pairsOf(node, path).flatMap(({ name, pair, value }, at) => [
      ...(pair.key.spaceBefore && at > 0 ? [''] : []),
      ...fieldLines(name, pair, value, objectOf(data)[name] ?? null, path),
    ])
  }

  function fieldLines(
    name: string,
    pair: Pair_,
    value: Node | null,
    data: Json,
    path: readonly string[],
  ): readonly string[] {
    const key = saidOf(pair.key)
    const said = saidBeside(value)
    const label = `${anchorOf(pair.key) === '' ? '' : `${anchorOf(pair.key)} `}${scalarText(name)}:`
    const { line, below, closes } = place(value, data, label.length + 5, [...path, name])
    const opens = below.length > 0 && closes === undefined && !isScalar(value)
    const before = [
      ...key.before,
      ...(isBlock(value) ? [] : said.before),
      ...(opens && said.behind !== '' ? [said.behind.trim()] : []),
    ]
    const inner = isBlock(value) ? said.before : []
    return [
      ...before,
      `${joined(label, line)}${opens || closes !== undefined ? '' : said.behind}${key.behind}`,
      ...indented([...inner, ...below]),
      ...(closes === undefined ? [] : [`${closes}${said.behind}`]),
    ]
  }

  /** The comment of a block is within it, at its end; what was on one line has it above. */
  const saidBeside = (node: Node | null): Said => {
    if (!isBlock(node)) return saidOf(node)
    const above = [node.commentBefore, node.flow ? node.comment : undefined]
    return { before: above.flatMap(text => (text ? commentLines(text) : [])), behind: '' }
  }

  /** Pairs in the order in which they are written; an alias must stay behind its anchor. */
  function pairsOf(
    node: Map_,
    path: readonly string[],
  ): readonly { readonly name: string; readonly pair: Pair_; readonly value: Node | null }[] {
    const named = node.items.map(pair => ({
      name: (isScalar(pair.key) ? keyText(pair.key) : undefined) ?? '',
      pair,
      value: pair.value,
    }))
    if (hasAnchors) return named
    const names = order(path)
    const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length)
    return named.toSorted((one, other) => rank(one.name) - rank(other.name))
  }

  return {
    value: (node: Node | null, data: Json): readonly string[] => {
      const { line, below, closes = [] } = place(node, data, 0, [])
      return [...(line === '' ? [] : [line]), ...below, ...[closes].flat()]
    },
    /** Each section has a blank line before it; what stands above the first one is the head of the file. */
    root(node: Map_, data: Json): readonly string[] {
      const [opening] = node.items
      const head = opening && saidOf(opening.key).before
      const above = node.commentBefore ? commentLines(node.commentBefore) : []
      const sections = pairsOf(node, []).flatMap(({ name, pair, value }) => {
        const all = fieldLines(name, pair, value, objectOf(data)[name] ?? null, [])
        return ['', ...(pair === opening ? all.slice(head?.length ?? 0) : all)]
      })
      return [
        ...above,
        ...(head ?? []),
        ...sections.slice(1),
        ...(node.comment ? ['', ...commentLines(node.comment)] : []),
      ]
    },
  }
}

/** Text of several lines, as it stands below `|`; undefined where it is better in quotes, or has one line. */
function blockText(
  { type }: Scalar,
  data: Json,
): { readonly head: string; readonly lines: readonly string[] } | undefined {
  if (typeof data !== 'string') return undefined
  if (!data.includes('\n') && type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') return undefined
  const text = data.replace(/\n$/, '')
  // Blanks at the beginning or the end would need to be counted.
  if (!/^\S/.test(text) || /[^\S\n]$|\n$|[^\P{Cc}\n]/mu.test(text)) return undefined
  return { head: data.endsWith('\n') ? '|' : '|-', lines: text.split('\n') }
}
