import type { ExpectedList } from './account/kind-list.ts'
import { type Expected, listIssues, listingOf, type Observation } from './account/observation.ts'
import { observationHash } from './account/observation-hash.ts'
import {
  type ObserveEvent,
  observeAccount,
  readToTheEnd,
  type StockQuestion,
} from './account/observe.ts'
import type { Issue } from './issues.ts'
import type { Address, Catalog } from './model.ts'
import { checkPlan } from './plan/check.ts'
import { diffCatalog } from './plan/diff.ts'
import { retireSuperseded } from './plan/diff-orphans.ts'
import { expectedOf } from './plan/expected.ts'
import { withImpact } from './plan/impact.ts'
import { labelsOf } from './plan/labels.ts'
import { planChanges } from './plan/operations.ts'
import type { Change, Plan } from './plan/plan.ts'
import {
  iccidsWithoutId,
  orphanedIccids,
  type ResourceGraph,
  resolveCatalog,
} from './plan/resolve.ts'
import { targetChanges } from './plan/targets.ts'
import type { Sales } from './resources/impact.ts'
import { kinds } from './resources/kinds.ts'
import type { Sft } from './sft/api.ts'
import { accountIdentity, checkAccount } from './state/account-identity.ts'
import type { State } from './state/state.ts'
import { withWireOf } from './with-wire.ts'

/** What planning may be told; each has the default that suits a first run. */
export interface PlanOptions {
  /** Read the SIM stock where endpoints lack an ID. Default true. */
  readonly inventory?: boolean
  /** Retire what left the catalog. Default false. */
  readonly prune?: boolean
  /** Addresses to limit the plan to, and what they need. */
  readonly targets?: readonly string[]
  /** The first so many endpoints of each batch go before the rest. */
  readonly canary?: number
  /** Go ahead where checkPlan would refuse. Default false. */
  readonly force?: boolean
  /** Rules of the team that the plan is held against; `force` lifts none of them. Absent: there are none. */
  readonly policy?: PlanPolicy
  /** Announced writes were looked for just now: what is still announced is not known. Default false. */
  readonly settled?: boolean
  /** What was sold, for the impact on people; absent: not known. */
  readonly sales?: Sales
  /** Rows of a page of the SIM stock. Default: what the client is set to (contract 4.6). */
  readonly pageSize?: number
  readonly onEvent?: (event: ObserveEvent) => void
}

/** A plan and what it was made from. */
export interface MadePlan {
  readonly plan: Plan
  readonly observation: Observation
  /** What the catalog wants of the account. */
  readonly graph: ResourceGraph
  /** Hash of what was read, for saved plans. */
  readonly accountHash: string
}

/**
 * Reads the account, compares, and plans. Nothing is written anywhere. The plan's issues hold what
 * stands against applying it; an account that cannot be read is an `SftError`.
 *
 * @example
 * const { plan } = await makePlan(catalog, store.state, sft)
 * const report = await applyPlan(plan, { sft, store })
 */
export async function makePlan(
  catalog: Catalog,
  state: State,
  account: Sft,
  options: PlanOptions = {},
): Promise<MadePlan> {
  const sft = withWireOf(account, catalog)
  const { observation, graph, changes: all } = await compare(catalog, state, sft, options)
  const identity = accountIdentity(sft, catalog.account, observation)
  const wrongAccount = checkAccount(state, identity)
  const targeted = targetChanges(all, options.targets ?? [], graph)
  const changes =
    options.prune === true
      ? [...targeted.changes, ...retireSuperseded(targeted.changes, state)]
      : targeted.changes
  const issues = [...wrongAccount, ...listIssues(observation), ...graph.issues, ...targeted.issues]
  const planned = planChanges(withImpact(changes, state, options.sales), issues, {
    callsPerSecond: sft.budget.callsPerSecond,
    bulkMode: sft.bulkMode,
    bulkSize: sft.bulkSize,
    learnt: state.learnt,
    ...(options.canary !== undefined && { canary: options.canary }),
  })
  const refusals = options.force === true ? [] : checkPlan(planned, state, catalog.limits)
  const breaches = await policyIssues(planned, catalog, options.policy)
  const plan = {
    ...planned,
    issues: [...planned.issues, ...refusals, ...breaches],
    labels: labelsOf(
      observation,
      planned.changes.flatMap(({ kind, action }) => (action === 'keep' ? [] : [kind])),
    ),
    account: identity,
    ...(catalog.account.wire && { wire: catalog.account.wire }),
  }
  const sections = kinds().flatMap(({ list }) => (list === undefined ? [] : [list.section]))
  return { plan, observation, graph, accountHash: observationHash(observation, sections) }
}

/** Rules that a plan is held against, such as those of `loadPolicy`. */
export interface PlanPolicy {
  checkPlan(plan: Plan, catalog: Catalog): Promise<readonly Issue[]>
}

/** A plan with errors has no changes, of which nothing is to be concluded. */
async function policyIssues(
  plan: Plan,
  catalog: Catalog,
  policy: PlanPolicy | undefined,
): Promise<readonly Issue[]> {
  return policy === undefined || plan.issues.some(isError)
    ? []
    : await policy.checkPlan(plan, catalog)
}

/** What was read of the account, what the catalog wants of it, and what becomes of every address. */
interface Compared {
  readonly observation: Observation
  readonly graph: ResourceGraph
  readonly changes: readonly Change[]
}

/** Compares with lists that are read as far as it takes: one that had enough may lack a name that is to be given. */
async function compare(
  catalog: Catalog,
  state: State,
  sft: Sft,
  options: PlanOptions,
): Promise<Compared> {
  const orphans = options.prune === true ? orphanedIccids(catalog, state, options.targets) : []
  const missing = [...iccidsWithoutId(catalog, state, options.targets), ...orphans]
  const stock: StockQuestion =
    options.inventory === false
      ? { ask: missing.length === 0 ? 'nothing' : 'skip' }
      : { ask: 'iccids', iccids: missing }
  const expected = expectedOf(catalog, state)
  const compareWith = (observation: Observation): Compared => {
    const graph = resolveCatalog(catalog, observation, state)
    const changes = graph.issues.some(isError)
      ? []
      : diffCatalog(graph, state, observation, {
          prune: options.prune === true,
          moved: catalog.moved,
          ...(options.settled === true && { unsettled: unsettledOf(state) }),
          ...(options.sales && { sold: options.sales.soldIccids }),
          ...(options.sales?.endpointsToTakeOver && {
            known: options.sales.endpointsToTakeOver,
          }),
        })
    return { observation, graph, changes }
  }
  let compared = compareWith(
    await observeAccount(sft.read, {
      stock,
      expected,
      pageSize: options.pageSize ?? sft.form.pageSize,
      destGroupId: catalog.account.destGroupId,
      ...(options.onEvent && { onEvent: options.onEvent }),
    }),
  )
  // Each turn reads a list to its end. A zone that is made anew opens the names of its plans.
  for (;;) {
    const open = openLists(expected, compared)
    if (open.length === 0) return compared
    compared = compareWith(await readToTheEnd(sft.read, compared.observation, open))
  }
}

/** Lists that were not read to their ends, and of which a change would have to know more. */
const openLists = (
  { lists }: Expected,
  { observation, changes }: Compared,
): readonly ExpectedList[] =>
  lists.filter(
    ({ kind, list }) =>
      listingOf(observation, list.section).stopped === true &&
      changes.some(change => change.kind === kind && isOpen(change)),
  )

/** Whether something of it may be blocked only because a list was not read to its end. */
const isOpen = (change: Change): boolean =>
  change.action === 'blocked'
    ? change.notKnown === true
    : 'blocked' in change && change.blocked.some(({ field }) => field === 'name')

/** Addresses that an announced write may have made already. */
function unsettledOf(state: State): ReadonlySet<Address> {
  return new Set(
    Object.values(state.pending)
      .filter(({ action }) => action === 'create' || action === 'replace')
      .flatMap(({ drafts }) => drafts.map(({ kind, key }): Address => `${kind}/${key}`)),
  )
}

const isError = (issue: Issue): boolean => issue.severity === 'error'
