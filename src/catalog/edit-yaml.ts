import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { isJsonObject } from '../json.ts'
import type { Json } from '../model.ts'
import type { EntryEdit } from './entry-edit.ts'
import { unsubstituted } from './substitute.ts'
import { flowText, type ScalarStyle, scalarText } from './yaml-text.ts'

/** The section of a file that has the entry, and the order in which its fields are written. */
export interface EntrySection {
  readonly section: string
  readonly fieldOrder: readonly string[]
}

/** An entry is written in a way that cannot be changed without touching something else. */
export class YamlEditError extends Error {
  override readonly name = 'YamlEditError'
}

/**
 * Changes one entry of a file. Only the characters of the changed values change: comments, order, quotes,
 * indentation and everything else stay as they are. Throws a `YamlEditError`.
 */
export function editEntry(
  text: string,
  section: EntrySection,
  key: string,
  edits: readonly EntryEdit[],
): string {
  // One at a time, each on a fresh reading, so that places are never stale.
  return edits.reduce((before, edit) => editOnce(before, section, key, edit), text)
}

/** A scalar field of an entry as it is written, without quotes; undefined where it is none. */
export function writtenField(
  text: string,
  section: EntrySection,
  key: string,
  field: string,
): string | undefined {
  const value = pairOf(findEntry(parse(text), section, key), field)?.value
  return isScalar(value) ? (value.source ?? String(value.value)) : undefined
}

function editOnce(text: string, section: EntrySection, key: string, edit: EntryEdit): string {
  const document = parse(text)
  const entry = findEntry(document, section, key)
  const edited = change({ text, document, fieldOrder: section.fieldOrder }, entry, edit)
  parse(edited)
  return edited
}

interface Source {
  readonly text: string
  readonly document: Document
  readonly fieldOrder: readonly string[]
}

type Map_ = YAMLMap<Node, Node | null>

function change(source: Source, entry: Map_, edit: EntryEdit): string {
  switch (edit.edit) {
    case 'set':
      return setField(source, entry, edit.field, unsubstituted(edit.value))
    case 'remove':
      return removeField(source, entry, edit.field)
    case 'add': {
      const items = edit.items.map(unsubstituted)
      const list = pairOf(entry, edit.field)?.value
      return list === undefined || list === null
        ? setField(source, entry, edit.field, items)
        : addItems(source, ownList(source, list, edit.field), items)
    }
    case 'drop': {
      const list = ownList(source, pairOf(entry, edit.field)?.value, edit.field)
      return list.items.length === 1
        ? removeField(source, entry, edit.field)
        : dropItem(source, list, edit.index)
    }
  }
}

function setField(source: Source, entry: Map_, field: string, value: Json): string {
  const old = pairOf(entry, field)?.value
  if (old === undefined) return insertField(source, entry, field, value)
  if (old === null) throw new YamlEditError(`${field} has no value to change`)
  refuseShared(source.document, old, field)
  if (isScalar(old) && typeof old.value === 'string' && /(^|[^$])\$\{/.test(old.value))
    throw new YamlEditError(`${field} is ${old.value}: change the value in the environment`)
  if (isMap<Node, Node | null>(old) && isJsonObject(value)) {
    const fields = Object.entries(value)
    if (fields.length > 0 && fields.every(([name]) => pairOf(old, name) !== undefined))
      // From the last one to the first: places behind a change are stale.
      return fields
        .toSorted(([a], [b]) => offsetOf(old, b) - offsetOf(old, a))
        .reduce((text, [name, item]) => setField({ ...source, text }, old, name, item), source.text)
  }
  const [from, to] = span(source.text, old)
  return splice(source.text, from, to, valueText(value, old, isFlow(entry)))
}

function insertField(
  { text, fieldOrder }: Source,
  entry: Map_,
  field: string,
  value: Json,
): string {
  // A new field goes behind the last one that stands before it in the order.
  const rank = fieldOrder.indexOf(field)
  const before = entry.items.filter(pair => {
    const at = fieldOrder.indexOf(keyText(pair))
    return at !== -1 && at < rank
  })
  const pair = before.at(-1) ?? entry.items.at(-1)
  if (pair === undefined) throw new YamlEditError('the entry is empty')
  const [, end] = span(text, pair.value ?? pair.key)
  if (isFlow(entry)) return splice(text, end, end, `, ${field}: ${flowText(value)}`)
  const first = entry.items[0]
  const [start] = span(text, first?.key ?? pair.key)
  const indent = ' '.repeat(start - lineStart(text, start))
  return insertLines(text, end, [`${indent}${field}: ${valueText(value, undefined, false)}`])
}

function removeField({ text, document }: Source, entry: Map_, field: string): string {
  const index = entry.items.findIndex(pair => keyText(pair) === field)
  const pair = entry.items[index]
  if (pair === undefined) return text
  if (pair.value !== null) refuseShared(document, pair.value, field)
  const [from] = span(text, pair.key)
  const [, to] = span(text, pair.value ?? pair.key)
  if (isFlow(entry))
    return removeFrom(
      text,
      entry.items.map(item => item.key),
      index,
      from,
      to,
    )
  if (index === 0) throw new YamlEditError(`${field} opens its entry; move it below another field`)
  return removeLines(text, from, to)
}

function addItems({ text }: Source, list: YAMLSeq<Node>, items: readonly Json[]): string {
  const last = list.items.at(-1)
  if (last === undefined) {
    const [from, to] = span(text, list)
    return splice(text, from, to, flowText(items))
  }
  const [from, end] = span(text, last)
  if (isFlow(list)) return splice(text, end, end, items.map(item => `, ${flowText(item)}`).join(''))
  const dash = text.lastIndexOf('-', from - 1)
  const indent = text.slice(lineStart(text, dash), dash)
  return insertLines(
    text,
    end,
    items.map(item => `${indent}- ${flowText(item)}`),
  )
}

function dropItem({ text }: Source, list: YAMLSeq<Node>, index: number): string {
  const item = list.items[index]
  if (item === undefined) throw new YamlEditError(`the list has no item ${index + 1}`)
  const [from, to] = span(text, item)
  return isFlow(list) ? removeFrom(text, list.items, index, from, to) : removeLines(text, from, to)
}

/** Takes a part of a flow collection out, with the comma that goes with it. */
function removeFrom(
  text: string,
  starts: readonly Node[],
  index: number,
  from: number,
  to: number,
): string {
  const next = starts[index + 1]
  if (next !== undefined) return splice(text, from, span(text, next)[0], '')
  const comma = text.lastIndexOf(',', from)
  return splice(text, index === 0 ? from : comma, to, '')
}

const splice = (text: string, from: number, to: number, by: string): string =>
  text.slice(0, from) + by + text.slice(to)

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

/** Puts lines behind the one that ends a value, its comment included. */
function insertLines(text: string, valueEnd: number, lines: readonly string[]): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const at = lineEnd(text, valueEnd)
  const opened = text.endsWith('\n') || at < text.length ? '' : newline
  return splice(text, at, at, opened + lines.map(line => `${line}${newline}`).join(''))
}

const removeLines = (text: string, from: number, to: number): string =>
  splice(text, lineStart(text, from), lineEnd(text, to), '')

/** Where a node's text begins and ends, without white space behind it. */
function span(text: string, node: Node): readonly [number, number] {
  const [from, to] = node.range ?? [0, 0]
  let end = to
  while (end > from && /\s/.test(text[end - 1] ?? '')) end -= 1
  return [from, end]
}

function valueText(value: Json, like: Node | undefined, flow: boolean): string {
  if (value !== null && typeof value === 'object') return flowText(value)
  return scalarText(value, { flow, ...(isScalar(like) && styleOf(like)) })
}

function styleOf(node: Scalar): ScalarStyle {
  switch (node.type) {
    case 'QUOTE_DOUBLE':
      return { like: 'double' }
    case 'QUOTE_SINGLE':
      return { like: 'single' }
    case 'PLAIN':
      return { like: 'plain' }
    default:
      return {}
  }
}

/** Changing an anchored value would change what its aliases stand for. */
function refuseShared(document: Document, node: Node, field: string): void {
  const anchors = new Set<string>()
  visit(node, {
    Node: (_key, part) => {
      if (!isAlias(part) && part.anchor !== undefined) anchors.add(part.anchor)
    },
  })
  if (anchors.size === 0) return
  visit(document, {
    Alias: (_key, alias) => {
      if (anchors.has(alias.source))
        throw new YamlEditError(
          `${field} is anchored as &${alias.source} and used elsewhere: change it by hand`,
        )
    },
  })
}

function parse(text: string): Document {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const [error] = document.errors
  if (error !== undefined) throw new YamlEditError(`the file cannot be changed: ${error.message}`)
  return document
}

function findEntry(document: Document, { section }: EntrySection, key: string): Map_ {
  const root = document.contents
  const entries = isMap<Node, Node | null>(root) ? pairOf(root, section)?.value : undefined
  for (const entry of isSeq<Node>(entries) ? entries.items : [])
    if (isMap<Node, Node | null>(entry)) {
      const value = pairOf(entry, 'key')?.value
      if (isScalar(value) && (value.source ?? String(value.value)) === key) return entry
    }
  throw new YamlEditError(`there is no entry ${key} of its own in ${section}: change it by hand`)
}

const keyText = (pair: Pair<Node, Node | null>): string =>
  isScalar(pair.key) ? String(pair.key.value) : ''

const pairOf = (map: Map_, field: string): Pair<Node, Node | null> | undefined =>
  map.items.find(pair => keyText(pair) === field)

const offsetOf = (map: Map_, field: string): number => pairOf(map, field)?.key.range?.[0] ?? 0

/** A list that nothing else shares. */
function ownList(source: Source, node: Node | null | undefined, field: string): YAMLSeq<Node> {
  if (!isSeq<Node>(node))
    throw new YamlEditError(`${field} is not written out as a list here: change it by hand`)
  refuseShared(source.document, node, field)
  return node
}

const isFlow = (node: Map_ | YAMLSeq<Node>): boolean => node.flow === true
