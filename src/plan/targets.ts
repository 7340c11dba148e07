import type { Issue } from '../issues.ts'
import type { Address } from '../model.ts'
import type { Change } from './plan.ts'
import type { ResourceGraph } from './resolve.ts'

const BATCH = 'endpointBatch/'

const membersOf = (batch: string, graph: ResourceGraph): readonly Address[] =>
  [...graph.resources.values()].flatMap(({ address, local }) =>
    local['batch'] === batch ? [address] : [],
  )

/** Changes of the targets and of what they need. A batch is named as `endpointBatch/<key>`. */
export function targetChanges(
  changes: readonly Change[],
  targets: readonly string[],
  graph: ResourceGraph,
): { readonly changes: readonly Change[]; readonly issues: readonly Issue[] } {
  if (targets.length === 0) return { changes, issues: [] }
  const chosen = new Set<Address>()
  const issues: Issue[] = []
  const after = new Map(changes.map(change => [change.address, change.after]))
  const choose = (address: Address) => {
    if (chosen.has(address)) return
    chosen.add(address)
    for (const needed of graph.resources.get(address)?.needs ?? []) choose(needed)
    for (const first of after.get(address) ?? []) choose(first)
  }
  for (const target of targets) {
    const addresses = target.startsWith(BATCH)
      ? membersOf(target.slice(BATCH.length), graph)
      : changes.flatMap(({ address }) => (address === target ? [address] : []))
    for (const address of addresses) choose(address)
    if (addresses.length === 0)
      issues.push({
        code: 'TARGET_UNKNOWN',
        severity: 'error',
        message: `--target ${target} names nothing in the catalog or the state`,
        hint: 'addresses look like rateZone/europe, addonPlan/eu-10gb, endpoint/<iccid>, endpointBatch/<key>',
      })
  }
  return { changes: changes.filter(change => chosen.has(change.address)), issues }
}
