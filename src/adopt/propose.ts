import type { Json, KindName } from '../model.ts'
import { entriesOf } from '../resources/catalog-part.ts'
import type { Kind } from '../resources/kind.ts'
import { kinds } from '../resources/kinds.ts'
import { idOf, recordsOf } from '../state/records.ts'
import { splitAddress } from '../state/state.ts'
import {
  type Defaults,
  hasAccountSection,
  type KindProposal,
  type Proposal,
  type ProposalInput,
  present,
} from './proposal.ts'

/** Account, state and catalog → what taking over the rest would write. Pure. */
export function proposeAdoption(input: ProposalInput): Proposal {
  const { catalog } = input
  const found = foundDefaults(input)
  const own = catalog !== undefined && hasAccountSection(catalog) ? catalog.account : undefined
  const proposals = new Map<KindName, KindProposal>()
  const keys = new Map<KindName, ReadonlyMap<string, string>>()
  for (const kind of kinds()) {
    const proposal = input.kinds.has(kind.kind)
      ? kind.adoption?.propose(input, {
          defaults: own ?? found,
          keys,
          entries: catalog === undefined ? [] : entriesOf(catalog, kind),
          facts: input.answers.facts.get(kind.kind),
        })
      : undefined
    if (proposal !== undefined) proposals.set(kind.kind, proposal)
    const drafted = [...(proposal?.chosen ?? [])].map(
      ([address, { id }]) => [id, splitAddress(address)[1]] as const,
    )
    keys.set(kind.kind, new Map([...managedKeys(kind, input), ...drafted]))
  }
  const isEmpty = [...proposals.values()].every(({ entries }) => entries.length === 0)
  const account = own === undefined && !isEmpty ? accountSection(input, found) : undefined
  return {
    ...(account !== undefined && { account }),
    kinds: proposals,
    left: [...proposals.values()].flatMap(({ left }) => left),
    notes: notesOf(input, proposals),
  }
}

/** Keys by platform ID of what entries can name: in the catalog, and in the state or found by name. */
function managedKeys(
  kind: Kind,
  { catalog, state, observation, kinds: chosen }: ProposalInput,
): readonly (readonly [id: string, key: string])[] {
  if (catalog === undefined || kind.identity !== 'name') return []
  const records = recordsOf(state, kind)
  const objects = chosen.has(kind.kind) ? [...kind.observed(observation)] : []
  return entriesOf(catalog, kind).flatMap(entry => {
    const record = Object.hasOwn(records, entry.key) ? records[entry.key] : undefined
    if (record !== undefined) return [[idOf(kind, record), entry.key] as const]
    const named = objects.filter(({ naturalKey }) => 'name' in entry && naturalKey === entry.name)
    return named.length === 1 && named[0] !== undefined ? [[named[0].id, entry.key] as const] : []
  })
}

/** The defaults that the account itself tells: what most of its objects have. */
const foundDefaults = (input: ProposalInput): Defaults =>
  Object.assign(
    { planType: 'prepaid' as const, roamingProfiles: [] },
    ...kinds().map(({ adoption }) => adoption?.defaults?.(input)),
  )

/** The order in which the account section is written. */
const ACCOUNT_ORDER = [
  'addonServiceProfile',
  'currencyId',
  'planType',
  'destinationGroup',
  'basePlan',
  'apnGroup',
  'roamingProfiles',
  'destGroupId',
]

function accountSection(input: ProposalInput, found: Defaults): Proposal['account'] {
  const parts = kinds().flatMap(({ kind, adoption }) => {
    const part = input.kinds.has(kind) ? adoption?.account?.(found, input) : undefined
    return part === undefined ? [] : [part]
  })
  const said: Record<string, Json | undefined> = {}
  for (const { fields } of parts) Object.assign(said, fields)
  const names = [...new Set([...ACCOUNT_ORDER, ...Object.keys(said)])]
  const fields = present(Object.fromEntries(names.map(name => [name, said[name]])))
  if (Object.keys(fields).length === 0) return undefined
  return { fields, comments: parts.flatMap(({ comments }) => comments) }
}

/** What people should know besides what is left out: of what is taken over first. */
function notesOf(
  input: ProposalInput,
  proposals: ReadonlyMap<KindName, KindProposal>,
): readonly string[] {
  return kinds()
    .toSorted((one, other) => Number(proposals.has(other.kind)) - Number(proposals.has(one.kind)))
    .flatMap(
      ({ kind, adoption }) => adoption?.notes?.(input, proposals.get(kind)?.entries ?? []) ?? [],
    )
}
