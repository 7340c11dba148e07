import { outcomeOfExit } from '../../outcome.ts'
import type { Step } from '../../render/comment.ts'
import { RUN_FLAGS } from '../approved-run.ts'
import { catalogFolder } from '../catalog.ts'
import {
  ACCOUNT_FLAGS,
  byFirst,
  CATALOG_FLAGS,
  type Command,
  defineCommand,
  JSON_FLAG,
  READ_FLAGS,
} from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { INIT_FLAG } from '../first-run.ts'
import { namesOf, on, text, texts, UsageError, type Values, whole } from '../flags.ts'
import { PLAN_FLAGS } from '../planning.ts'
import { POLICY_FLAG } from '../policy.ts'
import { publishStep, tellDue } from '../publishing.ts'
import { runCommand } from '../run-command.ts'
import { LEDGER_FLAG } from '../sold-endpoints.ts'
import {
  forgetSavedPlan,
  openStepFiles,
  type StepFiles,
  type StepRun,
  stepAnswer,
  stepFiles,
  tellActions,
  writeStepFiles,
} from '../step-files.ts'
import { openStepPage } from '../step-page.ts'
import { version } from '../version.ts'
import { watched } from '../watched.ts'

const { 'auto-approve': _, ...TIME_FLAGS } = RUN_FLAGS

/** What each step takes of the command that it is. */
const STEP_FLAGS = {
  plan: {
    ...CATALOG_FLAGS,
    ...POLICY_FLAG,
    ...READ_FLAGS,
    ...PLAN_FLAGS,
    ...LEDGER_FLAG,
    ...INIT_FLAG,
  },
  apply: {
    ...CATALOG_FLAGS,
    ...POLICY_FLAG,
    ...ACCOUNT_FLAGS,
    ...PLAN_FLAGS,
    ...LEDGER_FLAG,
    ...INIT_FLAG,
    ...TIME_FLAGS,
  },
  drift: {
    ...CATALOG_FLAGS,
    ...READ_FLAGS,
    endpoints: on('drift: page through the SIM stock too'),
  },
} as const

const DIR_FLAG = { dir: text('FOLDER', 'where the files are (default sft-catalog-ci)') } as const

const OWN_FLAGS = {
  ...DIR_FLAG,
  'allow-blocked': on('exit 0, not 5, where something is blocked or not known'),
  ...JSON_FLAG,
} as const

const HTML_FLAG = {
  html: text('FILE', 'a page to look at, whatever becomes of the step (docs/pictures.md)'),
} as const

const PUBLISH_FLAGS = {
  to: texts('WHERE', 'comment or issue (default: comment for a plan, else issue)'),
  number: whole('N', 'the pull request; otherwise as the runner tells it'),
} as const

const FLAGS = {
  ...PUBLISH_FLAGS,
  ...STEP_FLAGS.plan,
  ...STEP_FLAGS.apply,
  ...STEP_FLAGS.drift,
  ...OWN_FLAGS,
  ...HTML_FLAG,
} as const

type Flags = Values<typeof FLAGS>

const DEFAULT_FOLDER = 'sft-catalog-ci'

/** One step of a pipeline: the command of that name, and files that tell of it, however it ends. */
export const ci = defineCommand({
  name: 'ci',
  summary:
    'one step of a pipeline, whole: comment, annotations and report are written whatever becomes of it',
  usage: 'plan | apply [PLAN] | drift | publish | due [flags]',
  flags: FLAGS,
  tellsBroken: true,
  ...byFirst<typeof FLAGS, Step | 'publish' | 'due'>('ci', '--dir', {
    plan: [...namesOf(STEP_FLAGS.plan), ...namesOf(OWN_FLAGS), '--html'],
    apply: [...namesOf(STEP_FLAGS.apply), ...namesOf(OWN_FLAGS)],
    drift: [...namesOf(STEP_FLAGS.drift), ...namesOf(OWN_FLAGS), '--html'],
    publish: namesOf(PUBLISH_FLAGS),
    due: [],
  }),
  arguments: [1, 2],
  run: async ({ flags, args: [name = '', plan] }, context) => {
    const step = STEPS.find(one => one === name)
    if (context.broken && step === undefined) throw context.broken.error
    if (name === 'publish' && plan === undefined) {
      const files = stepFiles(flags.dir ?? DEFAULT_FOLDER)
      return await publishStep(files, { to: flags.to, number: flags.number }, context)
    }
    if (name === 'due' && plan === undefined)
      return await tellDue(context.environment?.name, context)
    if (step === undefined) throw new UsageError(`no ci step "${name}"`)
    if (plan !== undefined && step !== 'apply') throw new UsageError(`ci ${name} takes no file`)
    return await runStep(step, plan, flags, context)
  },
})

const STEPS = ['plan', 'apply', 'drift'] as const satisfies readonly Step[]

async function runStep(
  step: Step,
  plan: string | undefined,
  flags: Flags,
  context: Context,
): Promise<number> {
  const files = await openStepFiles(flags.dir ?? DEFAULT_FOLDER)
  if (step === 'plan') forgetSavedPlan(files)
  const { page, error } = await openStepPage(flags.html)
  const run: StepRun = {
    step,
    version: await version(),
    place: catalogFolder(flags, context),
    ...(page && { page }),
  }
  const { context: inner, seen } = watched(context)
  const write = (code: number | undefined) => writeStepFiles(files, run, seen, code, context)
  write(undefined)
  context.beforeExit(write)
  const answers: Context = {
    ...inner,
    ...(flags.json && { out: context.err }),
    answer: () => undefined,
  }
  const ended = await runCommand(
    await commandOf(step, error === undefined ? context : { broken: { error } }),
    argumentsOf(step, plan, flags, files),
    answers,
  )
  const code = step === 'plan' && ended.code === EXIT.changes ? EXIT.ok : ended.code
  const texts = write(code)
  const answer = stepAnswer(run, seen, files)
  tellActions(texts, answer, seen, code, {
    ...context,
    ...(flags.json && { document: toStderr(context) }),
  })
  context.answer('ci', answer, outcomeOfExit(ended.code))
  return code
}

const toStderr = (context: Context) => (text: string) => {
  for (const line of text.split('\n')) context.err(line)
}

/** The command of a step; with settings that are broken, one that says so. */
async function commandOf(step: Step, { broken }: Pick<Context, 'broken'>): Promise<Command> {
  const command = await COMMANDS[step]()
  return broken === undefined
    ? command
    : { ...command, read: () => () => Promise.reject(broken.error) }
}

const COMMANDS: Readonly<Record<Step, () => Promise<Command>>> = {
  plan: async () => (await import('./plan.ts')).plan,
  apply: async () => (await import('./apply.ts')).apply,
  drift: async () => (await import('./drift.ts')).drift,
}

/** The words of the command that a step is. */
function argumentsOf(
  step: Step,
  plan: string | undefined,
  flags: Flags,
  files: StepFiles,
): readonly string[] {
  const given = Object.keys(STEP_FLAGS[step]).flatMap(name => {
    const value = flags[name as keyof Flags]
    if (typeof value === 'boolean') return value ? [`--${name}`] : []
    return [value].flat().flatMap(one => (one === undefined ? [] : [`--${name}=${one}`]))
  })
  const always: Readonly<Record<Step, readonly string[]>> = {
    plan: [`--out=${files.plan}`, '--detailed-exitcode'],
    apply: ['--auto-approve', ...(plan === undefined ? [] : [plan])],
    drift: ['--detailed-exitcode'],
  }
  return [...given, ...always[step], ...(flags['allow-blocked'] ? ['--allow-blocked'] : [])]
}
