import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { listOf, objectOf } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import type { CatalogLimits } from './limits.ts'
import { tooDeep } from './parse.ts'
import { issueAt, type Place, type Source } from './source.ts'
import { type CatalogEnvironment, substitute } from './substitute.ts'

/** A path into a document: keys and indexes. */
export type Path = readonly (string | number)[]

/** A document as plain values, with the way back to its source. */
export interface Values {
  readonly data: Json
  /** Whether values of an environment were put in: the text alone does not tell what it says. */
  readonly isSubstituted: boolean
  /** Paths, joined by `/`, whose value was found wrong already. */
  readonly wrong: ReadonlySet<string>
  /** Where the value at a path stands, or its key; the nearest parent where it is absent. */
  placeOf(path: Path, part?: 'key' | 'value'): Place
}

/** Thrown where no value can be made of a document; caught in `readValues`. */
class GivenUp extends Error {}

/**
 * Turns YAML nodes into plain values. `schema` tells where text is meant: there a plain number is taken
 * as it is written, so that `0044`, `1.10` and ICCIDs lose nothing. Elsewhere a number that would not be
 * written the same way again is refused.
 */
export function readValues(
  root: Node | null,
  source: Source,
  schema: JsonObject,
  limits: CatalogLimits,
  log: IssueLog,
  environment?: CatalogEnvironment,
): Values | undefined {
  const reading = new Reading(source, limits, log, environment)
  let data: Json
  try {
    data = root === null ? null : reading.convert(root, [], schema, false)
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error
    return undefined
  }
  return {
    data,
    isSubstituted: reading.isSubstituted,
    wrong: reading.wrong,
    placeOf: (path, part = 'value') => placeIn(root, path, part, reading.targets),
  }
}

/** Where the value at a path stands, or its key; the nearest parent where it is absent. */
function placeIn(
  root: Node | null,
  path: Path,
  part: 'key' | 'value',
  targets: ReadonlyMap<Alias, Node>,
): Place {
  const follow = (node: Node | null | undefined) =>
    isAlias(node) ? targets.get(node) : (node ?? undefined)
  let place: Place = root === null ? { offset: 0, length: 1 } : placeOfNode(root)
  let node = follow(root)
  for (const [index, step] of path.entries()) {
    const below = node === undefined ? undefined : partOf(node, step)
    if (below === undefined) return place
    const isValue = index === path.length - 1 && part === 'value'
    place = placeOfNode(isValue ? (below.value ?? below.key) : below.key)
    node = follow(below.value)
  }
  return place
}

/** One document while it is read. */
class Reading {
  readonly targets = new Map<Alias, Node>()
  readonly wrong = new Set<string>()
  isSubstituted = false
  readonly #anchors = new Map<string, Node>()
  readonly #source: Source
  readonly #limits: CatalogLimits
  readonly #log: IssueLog
  readonly #environment: CatalogEnvironment | undefined
  #aliased = 0

  constructor(
    source: Source,
    limits: CatalogLimits,
    log: IssueLog,
    environment: CatalogEnvironment | undefined,
  ) {
    this.#source = source
    this.#limits = limits
    this.#log = log
    this.#environment = environment
  }

  convert(node: Node, path: Path, rules: JsonObject, inAlias: boolean): Json {
    if (path.length > this.#limits.depth) this.#giveUp(node, tooDeep(this.#limits.depth))
    if (inAlias) {
      this.#aliased += 1
      const { aliasedNodes } = this.#limits
      if (this.#aliased > aliasedNodes) this.#giveUp(node, aliasBomb(aliasedNodes))
    }
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source)
      if (target === undefined) return this.#giveUp(node, unknownAnchor(node.source))
      this.targets.set(node, target)
      return this.convert(target, path, rules, true)
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return this.#scalar(node, path, rules)
    if (isMap<Node, Node | null>(node)) return this.#map(node, path, rules, inAlias)
    const items: Json[] = []
    const itemRules = branchOf(rules, 'array')['items']
    for (const [index, item] of listItems(node).entries()) {
      items.push(this.convert(item, [...path, index], objectOf(itemRules), inAlias))
    }
    return items
  }

  #map(node: YAMLMap<Node, Node | null>, path: Path, rules: JsonObject, inAlias: boolean): Json {
    const result: Record<string, Json> = {}
    const branch = branchOf(rules, 'object')
    const properties = objectOf(branch['properties'])
    const keys = new Set<string>()
    for (const { key: name, value } of node.items) {
      const key = this.#key(name, path, keys)
      if (key === undefined) continue
      keys.add(key)
      const below = Object.hasOwn(properties, key)
        ? properties[key]
        : branch['additionalProperties']
      result[key] =
        value === null ? null : this.convert(value, [...path, key], objectOf(below), inAlias)
    }
    return result
  }

  /** A key of a mapping; undefined, and said, where it can be none. */
  #key(node: Node, path: Path, others: ReadonlySet<string>): string | undefined {
    const key = isScalar(node) ? keyText(node) : undefined
    if (key === undefined || key === '__proto__' || key === '<<') {
      this.#report(node, path, badKey(key))
      return undefined
    }
    if (!others.has(key)) return key
    this.#report(node, [...path, key], {
      code: 'YAML_DUPLICATE_KEY',
      message: `${JSON.stringify(key)} stands in this mapping twice`,
      hint: 'keep one of the two',
    })
    return undefined
  }

  #text(text: string, node: Scalar, path: Path, rules: JsonObject): Json {
    const environment = this.#environment
    const put = environment === undefined ? undefined : substitute(text, environment)
    if (put === undefined) return text
    this.isSubstituted = true
    for (const problem of put.problems) this.#report(node, path, problem)
    return meansText(rules) ? String(put.value) : put.value
  }

  #scalar(node: Scalar, path: Path, rules: JsonObject): Json {
    const { value } = node
    if (typeof value === 'string') return this.#text(value, node, path, rules)
    const written = node.source ?? String(value)
    if (meansText(rules)) {
      if (!isPlainNumber(value, written, path)) this.#report(node, path, notText(written, value))
      return written
    }
    if (typeof value === 'number' && String(value) !== written) {
      this.#report(node, path, {
        code: 'NOT_TEXT',
        message: `${written} would be read as ${String(value)}`,
        hint: `write "${written}" in quotes if these characters are meant`,
      })
      return Number.isFinite(value) ? value : written
    }
    return typeof value === 'number' || typeof value === 'boolean' ? value : null
  }

  #report(node: Node, path: Path, problem: Problem): void {
    this.wrong.add(path.join('/'))
    this.#log.add(issueAt(this.#source, placeOfNode(node), problem))
  }

  #giveUp(node: Node, problem: Problem): never {
    this.#log.add(issueAt(this.#source, placeOfNode(node), problem))
    throw new GivenUp(problem.message)
  }
}

/** Digits are text as they stand; other notations could mean what they say or what they stand for. */
const isPlainNumber = (value: unknown, written: string, path: Path): boolean =>
  typeof value === 'number' &&
  (/^[0-9]+(\.[0-9]+)?$/.test(written) ||
    // An ICCID file's reader knows better what happened to this one.
    (/e/i.test(written) && path.includes('iccids')))

/** What stands in a node under a key or at an index; an item of a list is its own key. */
function partOf(
  node: Node,
  step: string | number,
): { readonly key: Node; readonly value: Node | null } | undefined {
  if (isScalar(node) || isAlias(node)) return undefined
  if (isMap<Scalar, Node | null>(node))
    return node.items.find(({ key }) => isScalar(key) && keyText(key) === String(step))
  const value = listItems(node)[Number(step)]
  return value && { key: value, value }
}

function listItems(node: Node): readonly Node[] {
  return isSeq<Node>(node) ? node.items : []
}

/** A key as it is written: keys are text, whatever they look like. */
export function keyText(key: Scalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

function placeOfNode(node: Node): Place {
  const [from, to] = node.range ?? [0, 1]
  const length = isScalar(node) || isAlias(node) ? to - from : 1
  return { offset: from, length: Math.max(1, length) }
}

/** Of alternatives the one of this type. */
function branchOf(rules: JsonObject, type: string): JsonObject {
  const branches = listOf(rules['anyOf']).map(objectOf)
  return branches.find(branch => branch['type'] === type) ?? rules
}

function meansText(rules: JsonObject): boolean {
  const isNumber = branchOf(rules, 'integer')['type'] === 'integer'
  return !isNumber && branchOf(rules, 'string')['type'] === 'string'
}

function notText(written: string, value: unknown): Problem {
  if (value === null) {
    return {
      code: 'NOT_TEXT',
      message: 'text is meant here and there is none',
      hint: 'write a value or remove the field',
    }
  }
  return {
    code: 'NOT_TEXT',
    message: `text is meant here, and ${written} is a ${typeof value}`,
    hint: `write "${written}" in quotes if these characters are meant`,
  }
}

function badKey(key: string | undefined): Problem {
  if (key === '<<') {
    return {
      code: 'SCHEMA',
      message: 'merge keys (<<) are not part of YAML 1.2',
      hint: 'use an alias for a whole value, or repeat the fields',
    }
  }
  return {
    code: 'SCHEMA',
    message: key === undefined ? 'a key must be text' : `${key} cannot be a key`,
    hint: 'give the field another name',
  }
}

function unknownAnchor(name: string): Problem {
  const hint = 'an alias stands after its anchor, in the same file'
  return { code: 'YAML_SYNTAX', message: `there is no anchor &${name} before this alias`, hint }
}

function aliasBomb(limit: number): Problem {
  return {
    code: 'YAML_ALIAS',
    message: `the aliases of this file expand to more than ${limit} values`,
    hint: 'write out what the aliases stand for, or leave them out',
  }
}
