import { deferred } from '../apply/endings.ts'
import { leftOf } from '../apply/leave-work.ts'
import type { ApplyReport, Result } from '../apply/report.ts'
import { count, grouped } from '../counts.ts'
import type { PlanOptions } from '../make-plan.ts'
import type { Catalog } from '../model.ts'
import { blockedEntries, type Outcome } from '../outcome.ts'
import type { Operation, Plan } from '../plan/plan.ts'
import type { ApplyAbout } from '../state/apply-log.ts'
import type { StateStore } from '../state/state.ts'
import { catalogFolder } from './catalog.ts'
import type { CatalogFlags } from './command.ts'
import type { Context } from './context.ts'
import { provenanceOf } from './provenance.ts'

type Flags = CatalogFlags & { readonly 'allow-blocked': boolean; readonly detach: boolean }

/** Whether a plan has all that the catalog wants, so that nothing of an earlier one is needed any more. */
const isWhole = ({ targets = [], inventory = true }: PlanOptions): boolean =>
  targets.length === 0 && inventory

/**
 * Whether a plan may be carried out beside what workers carry out; says why not. One that has all that is wanted takes
 * its place; one that has not is done in between, and cannot be left to workers as well.
 */
export async function mayGoBeside(
  store: StateStore,
  options: PlanOptions,
  flags: Flags,
  context: Context,
): Promise<boolean> {
  if (isWhole(options)) return true
  const id = await store.log?.detached?.underWay()
  if (id === undefined) return true
  if (!flags.detach) {
    context.err(
      `apply ${id} goes on afterwards: with --target or --no-inventory a plan has not all that is wanted`,
    )
    return true
  }
  context.err(
    `${context.paintErr('error', 'error')} workers carry out apply ${id}, and a plan with --target or --no-inventory has not all that is wanted, ` +
      'so that it cannot take its place: leave these flags out, or leave --detach out, or wait with "sft-catalog apply --wait". Nothing was changed',
  )
  return false
}

/** An apply that is kept in the history. */
interface LoggedApply {
  end(outcome: Outcome, report: ApplyReport): Promise<void>
  /** Leaves operations to workers; the number of the apply. */
  leave(plan: Plan, later: readonly Operation[], report: ApplyReport): Promise<number | undefined>
}

/** Notes that an apply begins, and says where it takes the place of another one. */
export async function beginLogged(
  store: StateStore,
  plan: Plan,
  catalog: Catalog,
  options: PlanOptions,
  flags: Flags,
  context: Context,
): Promise<LoggedApply> {
  const { log } = store
  const whole = isWhole(options)
  const isNeeded =
    plan.operations.length > 0 || (whole && (await log?.detached?.underWay()) !== undefined)
  if (log === undefined || !isNeeded) return NOT_LOGGED
  const about = await aboutOf(plan, catalog, flags, context)
  const { id, superseded } = await log.begin(about, whole)
  if (superseded !== undefined)
    context.err(
      `apply ${id} takes the place of apply ${superseded.id}, which workers carried out: ${count(superseded.done, 'endpoint')} of it done, ` +
        `the other ${grouped(superseded.left)} dropped, since this plan has what is wanted`,
    )
  return {
    end: (outcome, { counts, calls }) => log.end(id, { outcome, counts, calls }),
    async leave(plan, later, { counts, calls }) {
      const { callsPerSecond } = plan.cost
      await log.detached?.leave(id, {
        ...leftOf(plan, later),
        callsPerSecond: Number.isFinite(callsPerSecond) ? callsPerSecond : undefined,
        counts,
        calls,
      })
      return id
    },
  }
}

const NOT_LOGGED: LoggedApply = { end: async () => {}, leave: async () => undefined }

async function aboutOf(
  plan: Plan,
  catalog: Catalog,
  flags: Flags,
  context: Context,
): Promise<ApplyAbout> {
  return {
    ...(await provenanceOf(context.env, catalogFolder(flags, context))),
    catalog: catalog.hash,
    summary: plan.summary,
    calls: plan.cost.calls,
    blocked: flags['allow-blocked'] ? 0 : blockedEntries(plan).length,
  }
}

/** The report of what was done at once, with what was to be left and was not. */
export function withNotLeft(
  report: ApplyReport,
  later: readonly Operation[],
  why: string,
): ApplyReport {
  const results = later
    .flatMap(({ changes }) => changes)
    .map((change): Result => deferred(change, why))
  return {
    ...report,
    results: [...report.results, ...results],
    counts: { ...report.counts, deferred: report.counts.deferred + results.length },
  }
}
