/** The one form of catalog files: order of fields, quotes, indentation, blank lines. Comments stay where they are. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  visit,
  type YAMLSeq,
} from 'yaml'
import { listOf, objectOf } from '../json.ts'
import type { Json } from '../model.ts'
import { commentLines, isBlock, saidBeside, saidOf } from './yaml-comments.ts'
import {
  anchorOf,
  type FieldOrder,
  inline,
  joined,
  type Mapping,
  type NamedPair,
  type Place,
  pairsOf,
  placeIn,
  placeOf,
} from './yaml-inline.ts'
import { scalarText } from './yaml-text.ts'

const WIDTH = 100

/** A document in its one form. `data` is what it means, by which digits that are text get their quotes. */
export function formatDocument(document: Document.Parsed, data: Json, order: FieldOrder): string {
  const place = { order, hasAliases: hasAliases(document), isAnchored: false, path: [] }
  const root = document.contents
  const head = document.commentBefore ? [...commentLines(document.commentBefore), ''] : []
  const body = isMap<Node, Node | null>(root)
    ? rootLines(root, data, place)
    : valueLines(root, data, place)
  const end = document.comment ? ['', ...commentLines(document.comment)] : []
  const lines = [...head, ...body, ...end]
  return `${tidy(lines).join('\n')}\n`
}

function hasAliases(document: Document.Parsed): boolean {
  let found = false
  visit(document, {
    Alias: () => {
      found = true
    },
  })
  return found
}

/** No blank lines at the ends, and never two. */
function tidy(lines: readonly string[]): readonly string[] {
  const kept = lines
    .map(line => line.trimEnd())
    .filter((line, at, all) => line !== '' || (at > 0 && all[at - 1] !== ''))
  return kept.at(-1) === '' ? kept.slice(0, -1) : kept
}

const indented = (lines: readonly string[]): readonly string[] =>
  lines.map(line => (line === '' ? '' : `  ${line}`))

/** Each section has a blank line before it; what stands above the first one is the head of the file. */
function rootLines(node: Mapping, data: Json, place: Place): readonly string[] {
  const [opening] = node.items
  const head = opening && saidOf(opening.key).before
  const above = node.commentBefore ? commentLines(node.commentBefore) : []
  const sections = pairsOf(node, place).flatMap(named => {
    const all = fieldLines(named, objectOf(data)[named.name] ?? null, place)
    return ['', ...(named.pair === opening ? all.slice(head?.length ?? 0) : all)]
  })
  return [
    ...above,
    ...(head ?? []),
    ...sections.slice(1),
    ...(node.comment ? ['', ...commentLines(node.comment)] : []),
  ]
}

function valueLines(node: Node | null, data: Json, place: Place): readonly string[] {
  const { line, below, closes = [] } = layOut(node, data, 0, place)
  return [...(line === '' ? [] : [line]), ...below, ...[closes].flat()]
}

/** A value behind `key:` or `-`: what stands on that line, the lines below it, and what closes it. */
interface LaidOut {
  readonly line: string
  readonly below: readonly string[]
  readonly closes?: string
}

/** @param used how much of the line is taken already. */
function layOut(node: Node | null, data: Json, used: number, outer: Place): LaidOut {
  const onOneLine = () => inline(node, data, false, outer)
  if (node === null || isAlias(node)) return { line: onOneLine(), below: [] }
  const place = placeIn(outer, node)
  const anchor = anchorOf(node)
  if (isScalar(node)) {
    const block = blockText(node, data)
    return block === undefined
      ? { line: onOneLine(), below: [] }
      : { line: joined(anchor, block.head), below: block.lines }
  }
  const collection = node as Mapping | YAMLSeq<Node>
  if (isBlock(node)) return { line: anchor, below: blockLines(collection, data, place) }
  const line = onOneLine()
  if (used + line.length <= WIDTH || collection.items.length === 0) return { line, below: [] }
  return isSeq<Node>(node) && node.items.every(item => isScalar(item) || isAlias(item))
    ? wrapped(joined(anchor, '['), node, data, place)
    : { line: anchor, below: blockLines(collection, data, place) }
}

/** Items of a list over several lines. */
function wrapped(head: string, node: YAMLSeq<Node>, data: Json, place: Place): LaidOut {
  const below: string[] = []
  let line = ''
  for (const [at, item] of node.items.entries()) {
    const text = inline(item, listOf(data)[at] ?? null, true, place)
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
function blockLines(node: Mapping | YAMLSeq<Node>, data: Json, place: Place): readonly string[] {
  const own = isSeq<Node>(node) ? seqLines(node, data, place) : mapLines(node, data, place)
  return [...own, ...(node.comment && !node.flow ? commentLines(node.comment) : [])]
}

function seqLines(node: YAMLSeq<Node>, data: Json, place: Place): readonly string[] {
  return node.items.flatMap((item, at) => [
    ...(item.spaceBefore && at > 0 ? [''] : []),
    ...itemLines(item, listOf(data)[at] ?? null, place),
  ])
}

function itemLines(item: Node, data: Json, place: Place): readonly string[] {
  const said = saidBeside(item)
  const { line, below, closes } = layOut(item, data, 6, place)
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

function mapLines(node: Mapping, data: Json, place: Place): readonly string[] {
  return pairsOf(node, place).flatMap((named, at) => [
    ...(named.pair.key.spaceBefore && at > 0 ? [''] : []),
    ...fieldLines(named, objectOf(data)[named.name] ?? null, place),
  ])
}

function fieldLines({ name, pair, value }: NamedPair, data: Json, place: Place): readonly string[] {
  const key = saidOf(pair.key)
  const said = saidBeside(value)
  const label = `${joined(anchorOf(pair.key), scalarText(name))}:`
  const { line, below, closes } = layOut(value, data, label.length + 5, placeOf(place, name))
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
