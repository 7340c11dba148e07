import type { Plan } from '../../src/plan/plan.ts'
import { kindOf } from '../../src/resources/kinds.ts'
import type { World } from '../../src/simulator/index.ts'
import { idOf } from '../../src/state/records.ts'

/**
 * What a plan says is not there while it is, in sentences: what it would create, and what it would forget.
 * Asked as soon as the plan is made, before the account changes again.
 */
export function checkPlan(plan: Plan, world: World): readonly string[] {
  return plan.changes.flatMap((change): readonly string[] => {
    const { address, kind, key, name } = change
    // What was moved is forgotten under its old address, and is there.
    const wasMoved = change.notes.some(note => note.startsWith('moved to'))
    if (change.action === 'forget' && !wasMoved && isThere(world, kind, change.id))
      return [`the plan forgets ${address}, and ${change.id} is there`]
    if (change.action !== 'create') return []
    const { record } = change
    const id = record && idOf(kindOf(kind), record)
    if (id !== undefined && isThere(world, kind, id))
      return [`the plan makes ${address} anew, and ${id} is there`]
    return isTaken(world, kind, key, name)
      ? [`the plan makes ${address}, and "${name}" is there`]
      : []
  })
}

function isThere(world: World, kind: Plan['changes'][number]['kind'], id: string): boolean {
  switch (kind) {
    case 'rateZone':
      return world.zones.has(id)
    case 'addonPlan':
      return world.plans.has(id)
    case 'endpoint':
      return world.endpoints.has(id)
    default:
      throw new Error(`the simulator has no ${kind}`)
  }
}

function isTaken(
  world: World,
  kind: Plan['changes'][number]['kind'],
  key: string,
  name: string,
): boolean {
  switch (kind) {
    case 'rateZone':
      return [...world.zones.values()].some(zone => zone.name === name)
    case 'addonPlan':
      return [...world.plans.values()].some(({ basicInfo }) => basicInfo.planName === name)
    case 'endpoint':
      return world.sims.get(key)?.endPointId !== undefined
    default:
      throw new Error(`the simulator has no ${kind}`)
  }
}
