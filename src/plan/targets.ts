import type { Issue } from '../issues.ts'
import type { Address } from '../model.ts'
import { kinds } from '../resources/kinds.ts'
import type { Change } from './plan.ts'
import type { ResourceGraph } from './resolve.ts'

/** Addresses of the resources that an entry such as `endpointBatch/first` stands for. */
function membersOf(target: string, graph: ResourceGraph): readonly Address[] | undefined {
  const groupings = kinds().flatMap(kind => kind.grouping ?? [])
  const found = groupings.find(({ prefix }) => target.startsWith(`${prefix}/`))
  if (found === undefined) return undefined
  const key = target.slice(found.prefix.length + 1)
  return [...graph.resources.values()].flatMap(({ address, local }) =>
    local[found.field] === key ? [address] : [],
  )
}

const examples = (): string =>
  [
    ...kinds().map(({ kind, exampleKey }) => `${kind}/${exampleKey}`),
    ...kinds().flatMap(({ grouping }) => (grouping ? [`${grouping.prefix}/<key>`] : [])),
  ].join(', ')

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
    const addresses =
      membersOf(target, graph) ??
      changes.flatMap(({ address }) => (address === target ? [address] : []))
    for (const address of addresses) choose(address)
    if (addresses.length === 0)
      issues.push({
        code: 'TARGET_UNKNOWN',
        severity: 'error',
        message: `--target ${target} names nothing in the catalog or the state`,
        hint: `addresses look like ${examples()}`,
      })
  }
  return { changes: changes.filter(change => chosen.has(change.address)), issues }
}
