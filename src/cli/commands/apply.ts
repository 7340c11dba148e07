import { readFile } from 'node:fs/promises'
import { applyPlan } from '../../apply/apply-plan.ts'
import type { ApplyReport, Result } from '../../apply/report.ts'
import { settlePending } from '../../apply/settle-pending.ts'
import { type MadePlan, makePlan } from '../../make-plan.ts'
import type { Catalog } from '../../model.ts'
import { applyOutcome, hardErrors, type Outcome, planOutcome } from '../../outcome.ts'
import { inPlainWords } from '../../plain-error.ts'
import { count, duration } from '../../render/paint.ts'
import { outcomeToJson, planToJson } from '../../render/plan-json.ts'
import { renderPlan } from '../../render/plan-text.ts'
import { renderReport, reportToJson } from '../../render/report-text.ts'
import { type Subject, subjectText } from '../../render/subject.ts'
import { parseSavedPlan, type SavedPlan, whatMoved } from '../../saved-plan.ts'
import type { Sft } from '../../sft/api.ts'
import type { StateStore } from '../../state/state.ts'
import { openState } from '../../stores/states.ts'
import { openAccount, readCatalog, stateOf, subjectOf } from '../account.ts'
import {
  ACCOUNT_FLAGS,
  CATALOG_FLAGS,
  type Command,
  type Given,
  JSON_FLAG,
  namesOf,
  UsageError,
} from '../command.ts'
import { INIT_FLAG, mayBegin } from '../first-run.ts'
import { PLAN_FLAGS, planOptions, sayRead } from '../planning.ts'
import { showProgress } from '../progress.ts'
import { LEDGER_FLAG, readSales } from '../sales.ts'
import { EXIT, showIssues, type World } from '../world.ts'

/** Brings the account to what the catalog says, and keeps the IDs in the state. */
export const apply: Command = {
  name: 'apply',
  summary: 'bring the account to what the catalog says',
  usage: '[PLAN] [flags]',
  arguments: [0, 1],
  flags: [
    ...CATALOG_FLAGS,
    ...ACCOUNT_FLAGS,
    ...PLAN_FLAGS,
    LEDGER_FLAG,
    INIT_FLAG,
    ['--auto-approve', 'do not ask; needed where nobody can be asked'],
    ['--parallel N', 'writes in flight (default: what fills the rate)'],
    ['--max-minutes N', 'stop after so long, exit 4; the next run goes on'],
    ['--allow-blocked', 'exit 0, not 5, where something is blocked and the rest is done'],
    JSON_FLAG,
  ],
  rules: [
    {
      when: 'PLAN',
      not: [...namesOf(PLAN_FLAGS), '--init'],
      why: 'a saved plan holds what it was made with; make another one with "sft-catalog plan --out"',
    },
    {
      when: '--json',
      needs: ['--auto-approve', 'PLAN'],
      why: 'a question would stand in the data',
    },
  ],
  run: async (given, world) => {
    checkGiven(given, world)
    const catalog = await readCatalog(given, world)
    if (catalog === undefined) return EXIT.failed
    const file = given.positionals[0]
    const saved =
      file === undefined
        ? undefined
        : parseSavedPlan(await inPlainWords(file, () => readFile(file, 'utf8')), file)
    await using sft = openAccount(given, world, 'writes')
    if (!(await mayBegin(given, world, saved, subjectOf(sft, given, world)))) return EXIT.refused
    await using store = await openState(stateOf(given, world), {
      purpose: 'apply',
      onNotice: world.err,
    })
    const limit = watchTime(given, world)
    try {
      return await applyCatalog(catalog, sft, store, saved, given, world)
    } finally {
      clearTimeout(limit)
    }
  },
}

/** Wrong usage is told before anything is read or opened. */
function checkGiven(given: Given, world: World): void {
  planOptions(given)
  given.whole('parallel')
  if (!given.is('auto-approve') && given.positionals.length === 0 && !world.canAsk)
    throw new UsageError('there is nobody to ask: give --auto-approve, or use plan to look first')
}

/** The longest time that a timer can be set to; a longer one would end at once. */
const LONGEST_MINUTES = 35_000

/** Why the run was stopped, from the stop signal's reason. */
type StopReason = 'SIGINT' | 'SIGTERM' | 'time'

const STOPPED_BY: Readonly<Record<StopReason, Outcome>> = {
  SIGINT: 'interrupted',
  SIGTERM: 'terminated',
  time: 'outOfTime',
}

function watchTime(given: Given, world: World): NodeJS.Timeout | undefined {
  const minutes = given.number('max-minutes')
  world.onSignal((signal, times) => {
    if (times > 1) {
      world.err(
        'stopped at once; the state is true, what was under way is looked for first by the next run',
      )
      world.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated)
    }
    world.err('stopping: waiting for what is under way (once more to stop at once)')
    world.stop.abort(signal)
  })
  if (minutes === undefined) return undefined
  const timer = setTimeout(
    () => world.stop.abort('time'),
    Math.min(minutes, LONGEST_MINUTES) * 60_000,
  )
  timer.unref()
  return timer
}

async function applyCatalog(
  catalog: Catalog,
  sft: Sft,
  store: StateStore,
  saved: SavedPlan | undefined,
  given: Given,
  world: World,
): Promise<number> {
  const json = given.is('json')
  const subject = subjectOf(sft, given, world)
  const sales = await readSales(given, world, store.state)
  await settleEarlier(sft, store, world)
  const made = await unlessStopped(world, () =>
    makePlan(catalog, store.state, sft, {
      ...(saved?.options ?? planOptions(given)),
      ...(sales && { sales }),
      settled: true,
      onEvent: sayRead(world, json),
    }),
  )
  if (made === undefined) {
    world.err('stopped before anything was changed')
    return EXIT[stopOf(world) ?? 'failed']
  }
  const { plan } = made
  if (
    saved !== undefined &&
    !stillHolds(saved, whatMoved(saved, made, catalog.hash, store.state), world)
  )
    return EXIT.refused
  showIssues(world, plan.issues)
  const planned = planOutcome(plan)
  const refused = planned === 'failed' || planned === 'refused'
  if (!json && hardErrors(plan).length === 0)
    for (const line of renderPlan(plan, world.paint, subject)) world.out(line)
  if (refused) {
    if (json)
      world.json({
        format: 1,
        ...outcomeToJson(planned),
        plan: planToJson(plan, subject),
        report: null,
      })
    return EXIT[planned]
  }
  if (
    plan.operations.length > 0 &&
    !given.is('auto-approve') &&
    saved === undefined &&
    !(await confirmed(world, `Apply these changes to ${subjectText(subject)}?`))
  ) {
    world.err('nothing was changed')
    return EXIT[stopOf(world) ?? 'failed']
  }
  const report = await carryOut(made, sft, store, given, world)
  const outcome = outcomeOf(report, given, world)
  if (json)
    world.json({
      format: 1,
      ...outcomeToJson(outcome),
      plan: planToJson(plan, subject),
      report: reportToJson(report),
    })
  else if (plan.operations.length > 0)
    for (const line of renderReport(report, world.paint, subject)) world.out(line)
  if (outcome === 'outOfTime')
    world.err(`time limit reached after ${duration(report.seconds)}: the next run goes on`)
  return EXIT[outcome]
}

/** Whether a saved plan may be applied; says why where it may not. */
function stillHolds(saved: SavedPlan, moved: readonly string[], world: World): boolean {
  if (moved.length === 0) return true
  const why = `the saved plan of ${saved.madeAt} does not hold any more: ${moved.join('; ')}`
  world.err(world.paintErr('error', why))
  world.err('nothing was changed: make a new plan')
  return false
}

/** What the run came to; with `--allow-blocked`, apart from what the plan had blocked. */
const outcomeOf = (report: ApplyReport, given: Given, world: World): Outcome =>
  applyOutcome(given.is('allow-blocked') ? { ...report, blocked: [] } : report, stopOf(world))

async function carryOut(
  made: MadePlan,
  sft: Sft,
  store: StateStore,
  given: Given,
  world: World,
): Promise<ApplyReport> {
  const progress = showProgress(world, sft.budget, given.is('json'))
  const parallel = given.whole('parallel')
  try {
    return await applyPlan(made.plan, {
      sft,
      store,
      stop: world.stop.signal,
      onEvent: progress.onEvent,
      confirmCanary: results => confirmCanary(results, subjectOf(sft, given, world), given, world),
      ...(parallel !== undefined && { parallel }),
    })
  } finally {
    await progress.end()
  }
}

async function settleEarlier(sft: Sft, store: StateStore, world: World): Promise<void> {
  const pending = Object.values(store.state.pending)
  if (pending.length === 0) return
  world.err(
    `looking for ${count(pending.length, 'write')} that an earlier run did not see the end of`,
  )
  const settled = settlePending(sft, store, {
    signal: world.stop.signal,
    onSettled: ({ intent, found, absent, notKnown }) => {
      const told = [
        ...(found.length > 0
          ? [
              `found ${found.slice(0, 3).join(', ')}${found.length > 3 ? ` and ${found.length - 3} more` : ''}`,
            ]
          : []),
        ...(absent.length > 0 ? [`${count(absent.length, 'object')} not there`] : []),
        ...(notKnown.length > 0
          ? [`${count(notKnown.length, 'object')} not known, looked for again by the next run`]
          : []),
      ]
      world.err(`  ${intent.operation}: ${told.join(', ') || 'settled'}`)
    },
  })
  try {
    await settled
  } catch (error) {
    // Told to stop: what is still open stays announced, and is looked for by the next run.
    if (!world.stop.signal.aborted) throw error
  }
}

async function confirmed(world: World, question: string): Promise<boolean> {
  const answer = await world.ask(`${question} Only "yes" is taken: `)
  return answer.trim().toLowerCase() === 'yes'
}

async function confirmCanary(
  results: readonly Result[],
  subject: Subject,
  given: Given,
  world: World,
): Promise<boolean> {
  const good = results.every(result => result.status === 'done')
  for (const result of results)
    world.err(
      `  ${result.address}: ${result.status}${'message' in result ? `, ${result.message}` : ''}`,
    )
  if (given.is('auto-approve') || !world.canAsk) return good
  return confirmed(
    world,
    `${results.filter(result => result.status === 'done').length} of ${results.length} canary endpoints are there. Go on with the rest on ${subjectText(subject)}?`,
  )
}

/** Who told the run to stop; undefined where nobody did. */
function stopOf(world: World): Outcome | undefined {
  const { signal } = world.stop
  return signal.aborted ? STOPPED_BY[signal.reason as StopReason] : undefined
}

/** Reading is given up at once when the run is told to stop: undefined. */
async function unlessStopped<Value>(
  world: World,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  const { signal } = world.stop
  if (signal.aborted) return undefined
  const stopped = new Promise<undefined>(resolve =>
    signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  )
  return Promise.race([read(), stopped])
}
