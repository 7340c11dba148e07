import { existsSync } from 'node:fs'
import { readIccidList } from '../../catalog/index.ts'
import { count, grouped } from '../../counts.ts'
import type { Issue } from '../../issues.ts'
import type { ChangeShareLimits } from '../../model.ts'
import { nearestOf } from '../../nearest.ts'
import { type Outcome, planErrors, planOutcome } from '../../outcome.ts'
import type {
  EndpointChoice,
  LifecycleAction,
  LifecyclePlan,
  LifecycleRequest,
  Provisioner,
} from '../../provision/index.ts'
import { isStatusWord, STATUS_WORDS } from '../../provision/status-words.ts'
import { renderEndpointReport, renderEndpoints } from '../../render/endpoint-text.ts'
import { planToJson } from '../../render/plan-json.ts'
import { renderPlan } from '../../render/plan-text.ts'
import { type Subject, subjectText, subjectToJson } from '../../render/subject.ts'
import type { Sft } from '../../sft/api.ts'
import type { State } from '../../state/state.ts'
import { readState } from '../../stores/states.ts'
import { stateOf, subjectOf } from '../account.ts'
import {
  confirmed,
  RUN_FLAGS,
  requireApproval,
  tellEnd,
  unlessStopped,
  withinTime,
} from '../approved-run.ts'
import { catalogFolder, checkDigitOf, loadWith } from '../catalog.ts'
import { CATALOG_FLAG, CHECK_DIGIT_FLAG, defineCommand } from '../command.ts'
import { type Context, EXIT, showIssues, stopOutcome } from '../context.ts'
import { namesOf, text, texts, UsageError, type Values, whole } from '../flags.ts'
import {
  FORMAT_RULE,
  OUT_RULE,
  PAGE_FLAGS,
  type Pages,
  pageFrame,
  pagesInto,
  showPage,
} from '../pages.ts'
import { PLAN_FLAGS } from '../planning.ts'
import { showProgress } from '../progress.ts'
import { answer, lookIntoLedger, PROVISIONER_FLAGS, withOpenProvisioner } from '../provisioner.ts'

const CHOICE_FLAGS = {
  tag: texts('TAG', 'only endpoints with this tag (several times: with one of them)'),
  batch: texts('KEY', 'only endpoints of this batch (several times: of one of them)'),
  status: texts('WORD', `only of this status: ${STATUS_WORDS.join(', ')} (several times: of one)`),
  'iccid-file': text('FILE', 'only these ICCIDs: one a line, or a CSV with a column iccid'),
  limit: whole('N', 'the first N; of a change, the first N that it changes'),
  ...CHECK_DIGIT_FLAG,
} as const

const LOOK_FLAGS = { 'no-inventory': PLAN_FLAGS['no-inventory'] } as const
const CHANGE_FLAGS = { force: PLAN_FLAGS.force, ...CATALOG_FLAG, ...RUN_FLAGS } as const

const FLAGS = {
  ...CHOICE_FLAGS,
  ...LOOK_FLAGS,
  ...CHANGE_FLAGS,
  ...PROVISIONER_FLAGS,
  ...PAGE_FLAGS,
} as const

type Flags = Values<typeof FLAGS>

const LOOKS = ['list', 'report'] as const
const ACTIONS = ['activate', 'suspend', 'reactivate'] as const satisfies readonly LifecycleAction[]

/** Stock at scale: endpoints that no order has, chosen by tag, batch, status or ICCID. */
export const endpoints = defineCommand({
  name: 'endpoints',
  summary: 'list, report, activate, suspend or reactivate the endpoints that no order has',
  usage: 'list|report|activate|suspend|reactivate [flags]',
  arguments: [1, 1],
  first: [...LOOKS, ...ACTIONS],
  flags: FLAGS,
  rules: [
    FORMAT_RULE,
    OUT_RULE,
    ...(['list', ...ACTIONS] as const).map(when => ({
      when,
      not: ['--format'] as const,
      why: 'only endpoints report makes a page',
    })),
    ...LOOKS.map(when => ({
      when,
      not: [...namesOf(CHANGE_FLAGS)],
      why: `endpoints ${when} changes nothing`,
    })),
    ...ACTIONS.map(when => ({
      when,
      not: [...namesOf(LOOK_FLAGS)],
      why: `endpoints ${when} decides on what the account says of each SIM`,
    })),
    ...ACTIONS.map(when => ({
      when,
      needs: ['--tag', '--batch', '--status', '--iccid-file'] as const,
      why: 'what is to be changed is chosen, not assumed',
    })),
  ],
  run: async ({ flags, args: [what = ''] }, context) => {
    const action = ACTIONS.find(one => one === what)
    if (action === undefined && !LOOKS.some(one => one === what))
      throw new UsageError(`endpoints knows ${[...LOOKS, ...ACTIONS].join(', ')}, not "${what}"`)
    for (const word of flags.status)
      if (!isStatusWord(word))
        throw new UsageError(`--status ${word}: give one of ${STATUS_WORDS.join(', ')}`)
    if (action !== undefined) {
      if (flags.json && !flags['auto-approve'])
        throw new UsageError('--json needs --auto-approve: a question would stand in the data')
      requireApproval(flags, context, 'use "endpoints list" to look first')
    }
    const pages = await pagesInto(flags)
    const choice = await readChoice(flags, context)
    if (choice === undefined) return EXIT.failed
    if (action === undefined)
      return await lookIntoLedger(flags, context, (provisioner, sft) =>
        look(what === 'report', choice, { provisioner, sft, pages }, flags, context),
      )
    const limits = await readLimits(flags, context)
    if (limits === 'broken') return EXIT.failed
    const request = { action, choice, force: flags.force, limits }
    return await withOpenProvisioner(flags, context, (provisioner, sft) =>
      withinTime(flags, context, () => change(request, provisioner, sft, flags, context)),
    )
  },
})

/**
 * `limits` of the catalog, which is not needed with `--force`, nor where nobody named one and none is in its usual place:
 * then what a catalog without `limits` says.
 */
async function readLimits(flags: Flags, context: Context): Promise<ChangeShareLimits | 'broken'> {
  if (flags.force) return {}
  const isNamed = flags.catalog !== undefined || context.env['SFT_CATALOG'] !== undefined
  if (!isNamed && !existsSync(catalogFolder(flags, context))) return {}
  const { catalog, issues } = await loadWith(flags, context)
  if (catalog !== undefined) return catalog.limits
  showIssues(context, issues)
  context.err('limits: of the catalog cannot be read: mend it, or go ahead with --force')
  return 'broken'
}

/** What was chosen; undefined where it names what the state does not have, which is shown. */
async function readChoice(flags: Flags, context: Context): Promise<EndpointChoice | undefined> {
  const state = await readState(stateOf(flags, context))
  const file = flags['iccid-file']
  const list =
    file === undefined ? undefined : await readIccidList(file, checkDigitOf(flags, context))
  const issues = [
    ...(list?.issues ?? []),
    ...unknownNames('batch', flags.batch, namesIn(state, 'batch')),
    ...unknownNames('tag', flags.tag, namesIn(state, 'tag')),
    ...unknownIccids(list?.iccids ?? [], file ?? '', state),
  ]
  showIssues(context, issues)
  if (issues.some(({ severity }) => severity === 'error')) return undefined
  const { tag, batch, status, limit } = flags
  return {
    ...(tag.length > 0 && { tags: tag }),
    ...(batch.length > 0 && { batches: batch }),
    ...(status.length > 0 && { statuses: status }),
    ...(list !== undefined && { iccids: list.iccids }),
    ...(limit !== undefined && { limit }),
  }
}

const namesIn = (state: State, what: 'batch' | 'tag'): ReadonlySet<string> =>
  new Set(
    Object.values(state.endpoints).flatMap(({ batch, tags }) => (what === 'tag' ? tags : [batch])),
  )

const unknownNames = (
  what: 'batch' | 'tag',
  given: readonly string[],
  known: ReadonlySet<string>,
): readonly Issue[] =>
  given
    .filter(name => !known.has(name))
    .map(name => {
      const near = nearestOf(name, known)
      return {
        code: 'TARGET_UNKNOWN',
        severity: 'error',
        message: `no endpoint of the state has the ${what} "${name}"`,
        hint: near === undefined ? 'apply it first, or check the state' : `did you mean ${near}?`,
      }
    })

/** ICCIDs that are named before the rest is counted. */
const NAMED = 3

function unknownIccids(iccids: readonly string[], file: string, state: State): readonly Issue[] {
  const unknown = iccids.filter(iccid => state.endpoints[iccid] === undefined)
  if (unknown.length === 0) return []
  const named = unknown.slice(0, NAMED).join(', ')
  const more = unknown.length > NAMED ? ` and ${grouped(unknown.length - NAMED)} more` : ''
  return [
    {
      code: 'TARGET_UNKNOWN',
      severity: 'error',
      message: `${file}: the state has no endpoint of ${named}${more}`,
      hint: 'take them out of the file, or apply the batch that has them first',
    },
  ]
}

async function look(
  isReport: boolean,
  choice: EndpointChoice,
  {
    provisioner,
    sft,
    pages,
  }: { readonly provisioner: Provisioner; readonly sft: Sft; readonly pages: Pages | undefined },
  flags: Flags,
  context: Context,
): Promise<number> {
  const account = !flags['no-inventory']
  const subject = subjectOf(sft, flags, context)
  if (isReport) {
    const report = await provisioner.reportEndpoints({ ...choice, account })
    const fields = { ...subjectToJson(subject), report }
    if (pages !== undefined)
      await showPage(
        pages.endpointsPage({ answer: fields, ...(await pageFrame()) }),
        flags,
        context,
      )
    else
      answer(
        flags,
        context,
        'endpoints',
        fields,
        renderEndpointReport(report, context.paint, subject),
      )
  } else {
    const listed = await provisioner.endpoints({ ...choice, account })
    const lines = renderEndpoints(listed, context.paint, subject)
    answer(flags, context, 'endpoints', { ...subjectToJson(subject), endpoints: listed }, lines)
  }
  return EXIT.ok
}

async function change(
  request: LifecycleRequest,
  provisioner: Provisioner,
  sft: Sft,
  flags: Flags,
  context: Context,
): Promise<number> {
  const subject = subjectOf(sft, flags, context)
  const made = await unlessStopped(context, () => provisioner.planLifecycle(request))
  if (made === undefined) {
    context.err('stopped before anything was changed')
    return EXIT[stopOutcome(context) ?? 'failed']
  }
  const { plan } = made
  showIssues(context, plan.issues)
  const planned = planOutcome(plan)
  if (!flags.json && planErrors(plan).length === 0)
    for (const line of renderPlan(plan, context.paint, subject)) context.out(line)
  if (planned === 'failed' || planned === 'refused') {
    if (flags.json) context.answer('endpoints', { plan: planToJson(plan, subject), report: null })
    return EXIT[planned]
  }
  if (
    plan.operations.length > 0 &&
    !(await approved(request.action, made, subject, flags, context))
  ) {
    context.err('nothing was changed')
    return EXIT[stopOutcome(context) ?? 'failed']
  }
  return EXIT[await carryOut(made, provisioner, sft, flags, context)]
}

async function approved(
  action: LifecycleAction,
  { plan }: LifecyclePlan,
  subject: Subject,
  flags: Flags,
  context: Context,
): Promise<boolean> {
  if (flags['auto-approve']) return true
  const many = plan.operations.length
  const what = count(many, 'endpoint')
  const verb = `${action.charAt(0).toUpperCase()}${action.slice(1)}`
  return await confirmed(context, `${verb} ${what} of ${subjectText(subject)}?`)
}

async function carryOut(
  made: LifecyclePlan,
  provisioner: Provisioner,
  sft: Sft,
  flags: Flags,
  context: Context,
): Promise<Outcome> {
  const { plan } = made
  const { parallel, json } = flags
  const subject = subjectOf(sft, flags, context)
  const progress = showProgress(context, plan, sft.budget, json)
  const report = await provisioner
    .applyLifecycle(made, {
      stop: context.stop.signal,
      onEvent: progress.onEvent,
      ...(parallel !== undefined && { parallel }),
    })
    .finally(progress.end)
  const outcome = tellEnd('endpoints', { plan, report, subject }, flags, context)
  return outcome
}
