import type { Address } from '../model.ts'
import type { Kind } from '../resources/kind.ts'
import type { ObservedIndex } from './observed-index.ts'
import type { BlockedChange, Change, CreateChange, ReplaceChange, UpdateChange } from './plan.ts'

/** A change that gives a name to an object. */
type Taker = CreateChange | ReplaceChange | UpdateChange

/**
 * Names are unique on the platform, also between two calls of one run. What takes a name that another
 * change gives up waits for that one; what takes a name that stays taken is blocked with the ways out, and
 * so are names that are exchanged in a circle. Otherwise each run would fail like the one before. Whether
 * anything has a name is not known where the list may lack objects: the name would be given twice.
 *
 * @param owners address of each platform ID of the state; asked for where a name cannot be had.
 */
export function settleNames(
  kind: Kind,
  changes: readonly Change[],
  index: ObservedIndex,
  owners: () => ReadonlyMap<string, Address>,
): readonly Change[] {
  if (kind.identity !== 'name') return changes
  let settled = changes
  // What is blocked gives up no name either, which may block others.
  for (;;) {
    const { waits, blocked } = look(kind, settled, index, owners)
    if (blocked.size === 0) return inOrder(settled, waits)
    settled = settled.map(change => {
      const obstacle = blocked.get(change.address)
      return obstacle === undefined || !isTaker(change) ? change : withoutName(change, obstacle)
    })
  }
}

/** Why a name cannot be had. */
interface Obstacle {
  readonly reason: string
  /** It may be free: the account did not tell. */
  readonly notKnown?: true
}

interface Look {
  /** What takes a name, and the changes that give it up. */
  readonly waits: ReadonlyMap<Address, readonly Address[]>
  /** What cannot have its name, and why. */
  readonly blocked: ReadonlyMap<Address, Obstacle>
}

function look(
  kind: Kind,
  changes: readonly Change[],
  index: ObservedIndex,
  owners: () => ReadonlyMap<string, Address>,
): Look {
  const givers = new Map(
    changes.flatMap(change =>
      change.action === 'update' && newNameOf(change) !== undefined
        ? [[change.id, change.address] as const]
        : [],
    ),
  )
  const waits = new Map<Address, readonly Address[]>()
  const blocked = new Map<Address, Obstacle>()
  for (const change of changes) {
    const name = isTaker(change) ? newNameOf(change) : undefined
    if (name === undefined) continue
    const own = 'id' in change ? change.id : undefined
    const holders = (index.byName.get(name) ?? []).filter(({ id }) => id !== own)
    const stays = holders.find(({ id }) => !givers.has(id))
    if (stays !== undefined)
      blocked.set(change.address, {
        reason: nameTaken(kind, name, stays.id, owners().get(stays.id)),
      })
    else if (index.doubt !== undefined)
      blocked.set(change.address, {
        reason: `whether the account has ${kind.title} "${name}" is not known: ${index.doubt}`,
        notKnown: true,
      })
    else if (holders.length > 0)
      waits.set(
        change.address,
        holders.flatMap(({ id }) => givers.get(id) ?? []),
      )
  }
  for (const address of waits.keys()) {
    const circle = reachable(address, waits)
    if (circle.has(address))
      blocked.set(address, {
        reason: `${[...circle].sort().join(' and ')} exchange their names, and two ${kind.plural} cannot have one name even for a moment: give one of them a name of its own, apply, then give it the one meant; or exchange their keys instead`,
      })
  }
  return { waits, blocked }
}

/** Why a name cannot be had, and the ways out. */
export const nameTaken = (
  kind: Kind,
  name: string,
  id: string,
  owner: Address | undefined,
): string =>
  owner === undefined
    ? `the account has another ${kind.title} named "${name}" (${id}): rename that one in the portal, or choose another name`
    : `"${name}" (${id}) is ${owner} of the state already: use moved: to rename an entry, or another name`

const isTaker = (change: Change): change is Taker =>
  change.action === 'create' || change.action === 'replace' || change.action === 'update'

/** The name that a change gives; undefined where it leaves the name alone. */
function newNameOf(change: Taker): string | undefined {
  if (change.action !== 'update') return change.name
  const field = change.fields.find(
    ({ field, mutability }) => field === 'name' && mutability === 'in-place',
  )
  return field && String(field.wanted)
}

function reachable(
  from: Address,
  waits: ReadonlyMap<Address, readonly Address[]>,
): ReadonlySet<Address> {
  const seen = new Set<Address>()
  const visit = (address: Address) => {
    for (const next of waits.get(address) ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      visit(next)
    }
  }
  visit(from)
  return seen
}

/** What can be done without the name is done; a new object cannot. */
function withoutName(change: Taker, { reason, notKnown }: Obstacle): Change {
  const { address, kind, key, name, notes, position } = change
  const base = { address, kind, key, name, notes, ...(position && { position }) }
  const blockedAs = (why: string, fields: BlockedChange['fields']): BlockedChange => ({
    ...base,
    action: 'blocked',
    reason: why,
    fields,
    ...('id' in change && { id: change.id }),
    ...(notKnown && { notKnown }),
  })
  if (change.action !== 'update') return blockedAs(reason, [])
  const fields = change.fields.filter(({ field }) => field !== 'name')
  const blocked = [
    ...change.blocked,
    ...change.fields
      .filter(({ field }) => field === 'name')
      .map(field => ({ ...field, mutability: 'blocked' as const, message: reason })),
  ]
  if (fields.length > 0 || change.movedFrom !== undefined) return { ...change, fields, blocked }
  return blockedAs(blocked.map(({ field, message }) => `${field}: ${message}`).join('; '), blocked)
}

/** Who gives up a name stands before who takes it. */
function inOrder(
  changes: readonly Change[],
  waits: ReadonlyMap<Address, readonly Address[]>,
): readonly Change[] {
  if (waits.size === 0) return changes
  const renamed = new Map(
    changes.flatMap(change =>
      change.action === 'update' ? [[change.address, change] as const] : [],
    ),
  )
  const placed = new Set<Change>()
  const place = (change: Change) => {
    if (placed.has(change)) return
    for (const giver of waits.get(change.address) ?? []) {
      const before = renamed.get(giver)
      if (before !== undefined) place(before)
    }
    placed.add(change)
  }
  for (const change of changes) place(change)
  return [...placed].map(change => {
    const after = waits.get(change.address)
    if (after === undefined || !isTaker(change)) return change
    return {
      ...change,
      after,
      notes: [...change.notes, `takes its name from ${after.join(', ')}, which is renamed first`],
    }
  })
}
