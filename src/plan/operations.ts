import { createHash } from 'node:crypto'
import type { Issue } from '../issues.ts'
import type { Address, KindName, Spec } from '../model.ts'
import { KINDS } from '../resources/kinds.ts'
import type { Learnt } from '../state/state.ts'
import {
  ACTIONS,
  type Action,
  type Change,
  type Cost,
  type CreateChange,
  type Operation,
  type Plan,
  shownAs,
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

/** Share of the configured rate that spaced calls reach (contract 1.10). */
export const RATE_SHARE = 0.98

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
    for (const address of operation.addresses) byAddress.set(address, operation.id)
  }
  const bulkKind = changes.filter(
    (change): change is CreateChange =>
      change.action === 'create' && KINDS[change.kind].identity === 'iccid',
  )
  for (const change of changes) {
    if (change.action === 'create' && KINDS[change.kind].identity === 'iccid') continue
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
    cost: costOf(operations, settings.callsPerSecond),
    issues,
    labels: {},
  }
}

/** Calls of operations, and the time they take at a rate. */
export function costOf(operations: readonly Operation[], callsPerSecond: number): Cost {
  const calls = operations.reduce((sum, operation) => sum + operation.calls, 0)
  const seconds = Number.isFinite(callsPerSecond) ? calls / (callsPerSecond * RATE_SHARE) : 0
  return { calls, seconds, callsPerSecond }
}

function operationOf(
  change: Change,
  byAddress: ReadonlyMap<Address, string>,
): Operation | undefined {
  const kind = KINDS[change.kind]
  const base = { kind: change.kind, addresses: [change.address], needs: [] }
  const needs = (addresses: readonly Address[]) =>
    [...addresses, ...(change.after ?? [])].flatMap(address => byAddress.get(address) ?? [])
  switch (change.action) {
    case 'create':
      return {
        ...base,
        id: `create ${change.address}`,
        action: 'create',
        needs: needs(change.resource.needs),
        calls: 1,
      }
    case 'replace':
      return {
        ...base,
        id: `replace ${change.address}`,
        action: 'replace',
        needs: needs(change.resource.needs),
        calls: 1,
      }
    case 'adopt': {
      const edits = change.fields
        .filter(field => field.mutability !== 'local')
        .map(field => field.field)
      return {
        ...base,
        id: `adopt ${change.address}`,
        action: 'adopt',
        needs: needs(change.resource.needs),
        calls: edits.length === 0 ? 0 : kind.editCalls(edits),
      }
    }
    case 'update': {
      const edits = change.fields
        .filter(field => field.mutability !== 'local')
        .map(field => field.field)
      return edits.length === 0
        ? { ...base, id: `record ${change.address}`, action: 'record', calls: 0 }
        : {
            ...base,
            id: `update ${change.address}`,
            action: 'update',
            needs: needs(change.resource.needs),
            calls: kind.editCalls(edits),
          }
    }
    case 'retire':
      return {
        ...base,
        id: `retire ${change.address} ${change.id}`,
        action: 'retire',
        // What is done to one address is done in turn: each leaves the record that the next one changes.
        needs: needs([change.address]),
        calls: kind.retirement?.calls ?? 0,
      }
    case 'forget':
      return { ...base, id: `forget ${change.address}`, action: 'forget', calls: 0 }
    case 'keep':
    case 'orphan':
    case 'blocked':
      return undefined
  }
}

/** Endpoints that share their settings share calls. */
function* creationsInBulk(
  creations: readonly CreateChange[],
  settings: PlanSettings,
): Iterable<Operation> {
  const { canary, bulkMode, learnt } = settings
  const bulk = bulkMode === 'on' || (bulkMode === 'auto' && (learnt.bulk ?? 'works') === 'works')
  const groups = {
    canary: new Map<string, CreateChange[]>(),
    main: new Map<string, CreateChange[]>(),
  }
  const perBatch = new Map<string, number>()
  for (const change of creations) {
    const batch = String(change.resource.local['batch'])
    const nth = (perBatch.get(batch) ?? 0) + 1
    perBatch.set(batch, nth)
    const stage = canary !== undefined && nth <= canary ? groups.canary : groups.main
    const key = settingsKey(change.spec)
    const group = stage.get(key)
    if (group === undefined) stage.set(key, [change])
    else group.push(change)
  }
  const size = bulk ? settings.bulkSize : 1
  // The account's first bulk call carries one endpoint and is read back before larger ones are sent.
  let trialCalls = bulkMode === 'auto' && learnt.bulk === undefined ? 2 : 0
  let n = 0
  for (const stage of ['canary', 'main'] as const) {
    for (const group of groups[stage].values()) {
      for (let at = 0; at < group.length; ) {
        const members = group.slice(at, at + size + (trialCalls > 0 ? 1 : 0))
        at += members.length
        n += 1
        const kind: KindName = members[0]?.kind ?? 'endpoint'
        yield {
          id: `create ${kind} #${n} (${members.length})`,
          kind,
          action: 'create',
          addresses: members.map(change => change.address),
          needs: [],
          ...(canary !== undefined && { stage }),
          calls:
            (trialCalls > 0 && members.length === 1 ? trialCalls : 1 + trialCalls) +
            (stage === 'canary' ? members.length : 0),
        }
        trialCalls = 0
      }
    }
  }
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
