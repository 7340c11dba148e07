import { createHash } from 'node:crypto'
import { secondsFor } from '../call-rate.ts'
import type { Issue } from '../issues.ts'
import type { Address, KindName, Spec } from '../model.ts'
import { kindOf } from '../resources/kinds.ts'
import type { Learnt } from '../state/state.ts'
import {
  ACTIONS,
  type Action,
  type AdoptChange,
  type Change,
  type Cost,
  type CreateChange,
  type Operation,
  type Plan,
  type ReplaceChange,
  shownAs,
  type UpdateChange,
} from './plan.ts'

/** What the calls of a plan depend on besides its changes. */
export interface PlanSettings {
  readonly callsPerSecond: number
  readonly bulkMode: 'on' | 'off' | 'auto'
  readonly bulkSize: number
  readonly learnt: Learnt
  /** The first so many endpoints of each batch go before the rest. */
  readonly canary?: number
}

/** Changes → operations in an order that can be run, what they cost, and the counts. */
export function planChanges(
  changes: readonly Change[],
  issues: readonly Issue[],
  settings: PlanSettings,
): Plan {
  const operations: Operation[] = []
  const byAddress = new Map<Address, string>()
  const add = (operation: Operation) => {
    operations.push(operation)
    for (const { address } of operation.changes) byAddress.set(address, operation.id)
  }
  const bulkKind = changes.filter(
    (change): change is CreateChange =>
      change.action === 'create' && kindOf(change.kind).bulk !== undefined,
  )
  for (const change of changes) {
    if (change.action === 'create' && kindOf(change.kind).bulk !== undefined) continue
    const operation = operationOf(change, byAddress)
    if (operation !== undefined) add(operation)
  }
  for (const operation of creationsInBulk(bulkKind, settings)) add(operation)
  const summary = Object.fromEntries(ACTIONS.map(action => [action, 0])) as Record<Action, number>
  for (const change of changes) summary[shownAs(change)] += 1
  return {
    changes,
    operations,
    summary,
    cost: costOf(
      operations.reduce((sum, operation) => sum + operation.calls, 0),
      settings.callsPerSecond,
    ),
    issues,
    labels: {},
  }
}

/** Calls, and the time they take at a rate. */
export function costOf(calls: number, callsPerSecond: number): Cost {
  return { calls, seconds: secondsFor(calls, callsPerSecond), callsPerSecond }
}

function operationOf(
  change: Change,
  byAddress: ReadonlyMap<Address, string>,
): Operation | undefined {
  const work = workOf(change)
  if (work === undefined) return undefined
  const { action, calls, needs, id = `${action} ${change.address}` } = work
  const after = needs === undefined ? [] : [...needs, ...(change.after ?? [])]
  return {
    id,
    kind: change.kind,
    action,
    changes: [change],
    needs: after.flatMap(address => byAddress.get(address) ?? []),
    calls,
  }
}

/** What a change takes; undefined where nothing is done about it. */
function workOf(change: Change):
  | {
      readonly action: Operation['action']
      readonly calls: number
      /** Absent: it depends on nothing, whatever it is to come after. */
      readonly needs?: readonly Address[]
      readonly id?: string
    }
  | undefined {
  switch (change.action) {
    case 'create':
    case 'replace':
      return { action: change.action, calls: callsToMake(change), needs: change.resource.needs }
    case 'adopt':
      return { action: 'adopt', calls: callsToEdit(change), needs: change.resource.needs }
    case 'update':
      return editsOf(change).length === 0
        ? { action: 'record', calls: 0 }
        : { action: 'update', calls: callsToEdit(change), needs: change.resource.needs }
    case 'retire':
      return {
        action: 'retire',
        calls: kindOf(change.kind).retirement?.calls ?? 0,
        // What is done to one address is done in turn: each leaves the record that the next one changes.
        needs: [change.address],
        id: `retire ${change.address} ${change.id}`,
      }
    case 'forget':
      return { action: 'forget', calls: 0 }
    case 'keep':
    case 'orphan':
    case 'blocked':
      return undefined
  }
}

/** What must have been given is looked for before, and read back after. */
const callsToMake = ({ kind, spec }: CreateChange | ReplaceChange): number =>
  kindOf(kind).readsBack?.(spec) === true ? 3 : 1

const editsOf = ({ fields }: AdoptChange | UpdateChange): readonly string[] =>
  fields.filter(({ mutability }) => mutability !== 'local').map(({ field }) => field)

function callsToEdit(change: AdoptChange | UpdateChange): number {
  const edits = editsOf(change)
  return edits.length === 0 ? 0 : kindOf(change.kind).editCalls(edits)
}

/** Endpoints that share their settings share calls. */
function* creationsInBulk(
  creations: readonly CreateChange[],
  { canary, bulkMode, bulkSize, learnt }: PlanSettings,
): Iterable<Operation> {
  const bulk = bulkMode === 'on' || (bulkMode === 'auto' && (learnt.bulk ?? 'works') === 'works')
  const size = bulk ? bulkSize : 1
  const stageOf = (stage: CreationGroup['stage']) => (canary === undefined ? {} : { stage })
  // The account's first bulk call carries one endpoint and is read back before larger ones are sent.
  let trialCalls = bulkMode === 'auto' && learnt.bulk === undefined ? 2 : 0
  let n = 0
  for (const { kind, stage, members: group } of groupsOf(creations, canary))
    for (let at = 0; at < group.length; ) {
      const members = group.slice(at, at + size + (trialCalls > 0 ? 1 : 0))
      at += members.length
      n += 1
      const sent = trialCalls > 0 && members.length === 1 ? trialCalls : 1 + trialCalls
      yield {
        id: `create ${kind} #${n} (${members.length})`,
        kind,
        action: 'create',
        changes: members,
        needs: [],
        ...stageOf(stage),
        calls: sent + (stage === 'canary' ? members.length : 0),
      }
      trialCalls = 0
    }
}

interface CreationGroup {
  readonly kind: KindName
  readonly stage: 'canary' | 'main'
  readonly members: readonly CreateChange[]
}

/** Endpoints with the same settings, the first ones of each batch as canaries before the rest. */
function groupsOf(
  creations: readonly CreateChange[],
  canary: number | undefined,
): readonly CreationGroup[] {
  const stages = {
    canary: new Map<string, CreateChange[]>(),
    main: new Map<string, CreateChange[]>(),
  }
  const perEntry = new Map<string, number>()
  for (const change of creations) {
    const entry = entryOf(change)
    const nth = (perEntry.get(entry) ?? 0) + 1
    perEntry.set(entry, nth)
    const stage = canary !== undefined && nth <= canary ? stages.canary : stages.main
    const key = `${change.kind} ${settingsKey(change.spec)}`
    const group = stage.get(key)
    if (group === undefined) stage.set(key, [change])
    else group.push(change)
  }
  return (['canary', 'main'] as const).flatMap(stage =>
    [...stages[stage].values()].flatMap(members =>
      members[0] === undefined ? [] : [{ kind: members[0].kind, stage, members }],
    ),
  )
}

/** The entry of the catalog that a resource is one of many of. */
function entryOf({ kind, key, resource }: CreateChange): string {
  const { grouping } = kindOf(kind)
  return `${kind} ${grouping === undefined ? key : String(resource.local[grouping.field])}`
}

/** What endpoints of one bulk call must share: every field but the name. */
function settingsKey(spec: Spec): string {
  const { name: _name, ...shared } = spec
  return JSON.stringify(shared)
}

/** One hash for a plan's meaning: the same changes on the same state give the same hash. */
export function planHash(plan: Plan): string {
  const hash = createHash('sha256')
  for (const change of plan.changes) {
    if (change.action === 'keep') continue
    hash.update(
      JSON.stringify([
        change.action,
        change.address,
        'fields' in change ? change.fields : [],
        'spec' in change ? change.spec : null,
      ]),
    )
  }
  return hash.digest('hex')
}
