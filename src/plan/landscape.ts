/** What a plan moves in: everything that it is about, changed or not, as far as people look at it. */
import { z } from 'zod'
import type { Observation } from '../account/observation.ts'
import { readNetworkCountry } from '../countries.ts'
import type { Address, Json, KindName, Spec } from '../model.ts'
import { countryOfNetwork, networkWord } from '../networks.ts'
import type { Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { recordAt } from '../state/records.ts'
import type { AnyRecord, State } from '../state/state.ts'
import { ACTIONS, type Action, type Change, type FieldChange, type Plan, shownAs } from './plan.ts'
import type { ResourceGraph } from './resolve.ts'

const action = z.enum(ACTIONS)
const texts = z.array(z.string()).readonly()

const offer = z.object({
  inWords: z.string(),
  dataMB: z.number().exactOptional(),
  days: z.number().exactOptional(),
  charge: z.string().exactOptional(),
  currencyId: z.string().exactOptional(),
})

/** Countries by ISO 3166-1 alpha-2 code. */
const reach = z.object({
  countries: texts,
  /** Networks, those of no known country too. */
  networks: z.int().min(0),
})

const node = z.object({
  /** Of what stands for many, such as a batch, that of its entry. */
  address: z.string(),
  kind: z.string(),
  name: z.string(),
  action,
  /** Addresses that it needs. */
  needs: texts,
  /** Of what stands for many: how many, by what becomes of them. */
  members: z.partialRecord(action, z.int().min(0)).exactOptional(),
  /** Where it is valid; `before` as the account has it, `after` as it is after applying. */
  covers: z.object({ before: reach.exactOptional(), after: reach.exactOptional() }).exactOptional(),
  offers: z.object({ before: offer.exactOptional(), after: offer.exactOptional() }).exactOptional(),
})

/** How a landscape is kept in a saved plan. */
export const LANDSCAPE = z.object({
  nodes: z.array(node).readonly(),
  /** Names for people of the words that stand in changed lists. */
  labels: z.record(z.string(), z.string()).readonly(),
})

/** Everything that a plan is about, with what of it is drawn. It holds no ICCID, no secret and no sale. */
export type Landscape = Readonly<z.infer<typeof LANDSCAPE>>
export type LandscapeNode = Landscape['nodes'][number]

/** What a landscape is made of. */
export interface LandscapeSource {
  readonly plan: Plan
  readonly graph: ResourceGraph
  readonly observation: Observation
  readonly state: State
}

/** A plan with what stands beside it. Pure. */
export function landscapeOf(source: LandscapeSource): Landscape {
  const countryOf = countries(source.observation)
  const nodes = new Map<string, LandscapeNode>()
  for (const change of source.plan.changes) {
    const kind = kindOf(change.kind)
    const about = lookAt(change, kind, source)
    const entry = entryOf(about, kind)
    if (entry !== undefined) addMember(nodes, entry, change.kind, shownAs(change), about.needs)
    // An old revision of an entry that lives on is told among the changes.
    else if (!(change.action === 'retire' && change.superseded !== undefined))
      nodes.set(change.address, nodeOf(change, kind, about, countryOf))
  }
  return { nodes: [...nodes.values()], labels: labelsInDiffs(source.plan) }
}

/** What a catalog wants, without an account: what needs what, and what is sold. Pure. */
export function wantedLandscape({ resources }: ResourceGraph): Landscape {
  const nodes = new Map<string, LandscapeNode>()
  for (const { kind: name, address, naturalKey, local, needs, spec } of resources.values()) {
    const kind = kindOf(name)
    const about = { record: undefined, local, needs, before: undefined, after: spec }
    const entry = entryOf(about, kind)
    if (entry !== undefined) addMember(nodes, entry, name, 'keep', needs)
    else {
      const after = kind.offer?.(spec)
      nodes.set(address, {
        address,
        kind: name,
        name: naturalKey,
        action: 'keep',
        needs,
        ...(after && { offers: { after } }),
      })
    }
  }
  return { nodes: [...nodes.values()], labels: {} }
}

/** One thing before and after. */
interface About {
  readonly record: AnyRecord | undefined
  readonly local: Readonly<Record<string, Json>>
  readonly needs: readonly Address[]
  readonly before: Spec | undefined
  readonly after: Spec | undefined
}

function lookAt(change: Change, kind: Kind, { graph, state }: LandscapeSource): About {
  const resource = graph.resources.get(change.address)
  const record =
    'record' in change && change.record !== undefined
      ? change.record
      : recordAt(state, kind.kind, change.key)
  const local = resource?.local ?? localOf(kind, record)
  const { before, after } = specsOf(change, record, resource?.spec)
  return { record, local, needs: resource?.needs ?? recordedNeeds(kind, record), before, after }
}

/** What a record keeps as a resource has it. */
const localOf = (kind: Kind, record: AnyRecord | undefined): About['local'] =>
  Object.fromEntries(
    [...kind.localFields, ...(kind.grouping ? [kind.grouping.field] : [])].flatMap(field => {
      const value: Json | undefined = record && Reflect.get(record, field)
      return value === undefined ? [] : [[field, value]]
    }),
  )

const recordedNeeds = (kind: Kind, record: AnyRecord | undefined): readonly Address[] =>
  kind.references.flatMap(({ to, keyField }): Address[] => {
    const key: unknown = record && Reflect.get(record, keyField)
    return typeof key === 'string' ? [`${to}/${key}`] : []
  })

function specsOf(
  change: Change,
  record: AnyRecord | undefined,
  wanted: Spec | undefined,
): Pick<About, 'before' | 'after'> {
  const was = record?.spec
  switch (change.action) {
    case 'create':
      return { before: undefined, after: change.spec }
    case 'replace':
      return { before: was, after: change.spec }
    case 'adopt':
    case 'update':
      return { before: change.current, after: edited(change.current, change.fields) }
    case 'retire':
    case 'forget':
      return { before: was, after: undefined }
    case 'keep':
      return { before: was, after: wanted ?? was }
    case 'orphan':
    case 'blocked':
      return { before: was, after: was }
  }
}

const edited = (current: Spec, fields: readonly FieldChange[]): Spec => ({
  ...current,
  ...Object.fromEntries(
    fields.flatMap(({ field, mutability, wanted }) =>
      mutability === 'local' || wanted === undefined ? [] : [[field, wanted]],
    ),
  ),
})

/** The entry that a thing is one of many of. */
function entryOf({ local }: About, { grouping }: Kind): string | undefined {
  const key = grouping && local[grouping.field]
  return typeof key === 'string' ? `${grouping?.prefix}/${key}` : undefined
}

function addMember(
  nodes: Map<string, LandscapeNode>,
  address: string,
  kind: KindName,
  shown: Action,
  needs: readonly Address[],
): void {
  const there = nodes.get(address)
  const members = { ...there?.members, [shown]: (there?.members?.[shown] ?? 0) + 1 }
  // What happens to most of those that change stands for all.
  const [most = 'keep'] = ACTIONS.filter(one => one !== 'keep' && (members[one] ?? 0) > 0).toSorted(
    (one, other) => (members[other] ?? 0) - (members[one] ?? 0),
  )
  nodes.set(address, {
    address,
    kind,
    name: address.slice(address.indexOf('/') + 1),
    action: most,
    needs: there?.needs ?? needs,
    members,
  })
}

type CountryOf = (network: { readonly word: string; readonly tadig?: string }) => string | undefined

function nodeOf(change: Change, kind: Kind, about: About, countryOf: CountryOf): LandscapeNode {
  const { before, after, needs, record } = about
  const reaches = (spec: Spec | undefined, recorded: AnyRecord | undefined) =>
    spec && kind.covers && { ...reachOf(kind.covers(spec), kind, recorded, countryOf) }
  const offers = (spec: Spec | undefined) => spec && kind.offer?.(spec)
  const isNew = change.action === 'create' || change.action === 'adopt'
  const covers = both(reaches(before, isNew ? undefined : record), reaches(after, undefined))
  const sold = both(offers(before), offers(after))
  return {
    address: change.address,
    kind: change.kind,
    name: change.name,
    action: shownAs(change),
    needs,
    ...(covers && { covers }),
    ...(sold && { offers: sold }),
  }
}

/** Two sides of one thing; undefined where there is neither. */
const both = <Side>(before: Side | undefined, after: Side | undefined) =>
  before === undefined && after === undefined
    ? undefined
    : { ...(before !== undefined && { before }), ...(after !== undefined && { after }) }

/** The countries of networks; those that a record has and the account lost are among what was there before. */
function reachOf(
  words: readonly string[],
  kind: Kind,
  record: AnyRecord | undefined,
  countryOf: CountryOf,
) {
  const networks = new Map<string, string | undefined>(words.map(word => [word, undefined]))
  for (const network of (record && kind.networks?.(record)) ?? [])
    networks.set(networkWord(network), network.tadig)
  const found = [...networks].map(([word, tadig]) =>
    countryOf({ word, ...(tadig !== undefined && { tadig }) }),
  )
  return {
    countries: [...new Set(found.filter(code => code !== undefined))].toSorted(),
    networks: networks.size,
  }
}

/** By the account's list; a network that left it by its TADIG code. */
function countries({ networks }: Observation): CountryOf {
  const known = new Map(
    networks.items.map(network => [networkWord(network), countryOfNetwork(network)]),
  )
  return ({ word, tadig }) => known.get(word) ?? readNetworkCountry(undefined, tadig).code
}

/** Names of what joins or leaves a list; those of the whole account would dwarf the rest. */
function labelsInDiffs({ changes, labels }: Plan): Readonly<Record<string, string>> {
  const words = changes.flatMap(change =>
    ['fields' in change ? change.fields : [], 'blocked' in change ? change.blocked : []]
      .flat()
      .flatMap(({ applied, wanted, account }) => {
        const before = new Set(listed(account ?? applied))
        const after = new Set(listed(wanted))
        return [
          ...[...before].filter(word => !after.has(word)),
          ...[...after].filter(word => !before.has(word)),
        ]
      }),
  )
  return Object.fromEntries(
    words.flatMap(word => {
      const label = Object.hasOwn(labels, word) ? labels[word] : undefined
      return label === undefined ? [] : [[word, label]]
    }),
  )
}

const listed = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []
