/** Nodes of YAML on one line. */
import {
  type Alias,
  isAlias,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { listOf, objectOf } from '../json.ts'
import type { Json } from '../model.ts'
import { keyText } from './values.ts'
import { scalarText } from './yaml-text.ts'

/** In which order the fields of a mapping are written: of the file itself, and by the path of its list or mapping. */
export type FieldOrder = (path: readonly string[]) => readonly string[]

export type Mapping = YAMLMap<Node, Node | null>

/** Where in a document a node stands, and what that asks of its form. */
export interface Place {
  readonly order: FieldOrder
  /** The document has aliases, which must stay behind what they stand for. */
  readonly hasAliases: boolean
  /** An alias stands for this node, or for one that it is in: it may be meant otherwise there, so that its form is kept. */
  readonly isAnchored: boolean
  /** Names of the fields that lead here. */
  readonly path: readonly string[]
}

/** The place of what is in a node. */
export const placeIn = (place: Place, node: Node): Place =>
  isAlias(node) || node.anchor === undefined ? place : { ...place, isAnchored: true }

/** The place of the value of a field. */
export const placeOf = (place: Place, name: string): Place => ({
  ...place,
  path: [...place.path, name],
})

/** What an alias names a node by, as it stands before the node; empty: nothing. */
export const anchorOf = (node: Node | null): string =>
  node !== null && !isAlias(node) && node.anchor !== undefined ? `&${node.anchor}` : ''

/** Words with blanks between them, without those that are empty. */
export const joined = (...words: readonly string[]): string =>
  words.filter(word => word !== '').join(' ')

/** A field of a mapping. */
export interface NamedPair {
  readonly name: string
  readonly pair: Pair<Node, Node | null>
  readonly value: Node | null
}

/** Pairs in the order in which they are written; an alias must stay behind its anchor. */
export function pairsOf(node: Mapping, { order, hasAliases, path }: Place): readonly NamedPair[] {
  const named = node.items.map(pair => ({
    name: (isScalar(pair.key) ? keyText(pair.key) : undefined) ?? '',
    pair,
    value: pair.value,
  }))
  if (hasAliases) return named
  const names = order(path)
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length)
  return named.toSorted((one, other) => rank(one.name) - rank(other.name))
}

/** A node on one line; `flow`: within brackets. */
export function inline(node: Node | null, data: Json, flow: boolean, outer: Place): string {
  if (node === null) return 'null'
  if (isAlias(node)) return `*${(node as Alias).source}`
  const place = placeIn(outer, node)
  const anchor = anchorOf(node)
  if (isScalar(node)) return joined(anchor, scalar(node, data, flow, place))
  if (isSeq<Node>(node)) {
    const items = node.items.map((item, at) => inline(item, listOf(data)[at] ?? null, true, place))
    return joined(anchor, `[${items.join(', ')}]`)
  }
  const fields = pairsOf(node as Mapping, place).map(({ name, value }) => {
    const text = inline(value, objectOf(data)[name] ?? null, true, placeOf(place, name))
    return `${scalarText(name, { flow: true })}: ${text}`
  })
  return joined(anchor, fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`)
}

function scalar(node: Scalar, data: Json, flow: boolean, { isAnchored }: Place): string {
  const meant = typeof data === 'object' ? null : data
  const keeps = isAnchored && typeof node.value !== 'string' && node.source !== undefined
  return keeps ? (node.source ?? '') : scalarText(meant, { flow })
}
