/** Telling the place where people review what a step came to. */
import { appendFileSync } from 'node:fs'
import { z } from 'zod'
import { readTextOf } from '../durable/files.ts'
import type { Forge } from '../forge/forge.ts'
import { openGithub } from '../forge/github.ts'
import { openGitlab } from '../forge/gitlab.ts'
import { endIssue, firstMarked, type Published, putComment, putIssue } from '../forge/publish.ts'
import { ForgeError } from '../forge/request.ts'
import { OUTCOMES, type Outcome } from '../outcome.ts'
import { inPlainWords, PlainError } from '../plain-error.ts'
import { commentMark, type Step } from '../render/comment.ts'
import type { Environment } from '../settings.ts'
import { proxyFor } from '../sft/proxy.ts'
import { type Context, EXIT } from './context.ts'
import { UsageError } from './flags.ts'
import type { StepFiles } from './step-files.ts'

/** What of a report decides where it goes. */
const REPORT = z.object({
  step: z.enum(['plan', 'apply', 'drift'] satisfies readonly Step[]),
  outcome: z.enum(Object.keys(OUTCOMES) as Outcome[]),
  environment: z.string().exactOptional(),
})

type Report = z.infer<typeof REPORT>

/** The part of a pull request's event that is looked at. */
const EVENT = z.object({
  pull_request: z
    .object({
      number: z.int(),
      head: z.object({ repo: z.object({ full_name: z.string() }).nullable() }),
    })
    .optional(),
})

/** Where a step is told. */
const TARGETS = ['comment', 'issue'] as const
type Target = (typeof TARGETS)[number]

/** Last line of an issue, by which a run knows how the one before ended. */
const outcomeMark = (outcome: Outcome): string => `<!-- outcome ${outcome} -->`

/**
 * Tells what a step came to: a plan by a comment on its pull request, apply and drift by one issue, which is open
 * as long as they come to something else than `ok`.
 */
export async function publishStep(
  files: Pick<StepFiles, 'comment' | 'report'>,
  given: { readonly to: readonly string[]; readonly number: number | undefined },
  context: Context,
): Promise<number> {
  const report = await readReport(files.report)
  const body = await inPlainWords(files.comment, () => readTextOf(files.comment))
  const forge = openForge(context.env)
  for (const to of targetsOf(report, given.to)) {
    const told =
      to === 'comment'
        ? await tellChange(forge, report, body, given.number, context)
        : await tellIssue(forge, report, body)
    if (told !== undefined)
      context.out(`${to}: ${told.how}${told.url === '' ? '' : ` ${told.url}`}`)
  }
  return EXIT.ok
}

/** Says whether an apply waits for the next run: its issue is open, and the time limit ended it. */
export async function tellDue(environment: string | undefined, context: Context): Promise<number> {
  const issue = await firstMarked(
    openForge(context.env).issues(),
    commentMark('apply', environment),
  )
  const due = issue?.body.trimEnd().endsWith(outcomeMark('outOfTime')) === true
  context.out(String(due))
  const outputs = context.env['GITHUB_OUTPUT']
  if (outputs) appendFileSync(outputs, `due=${due}\n`)
  return EXIT.ok
}

async function readReport(file: string): Promise<Report> {
  const text = await inPlainWords(file, () => readTextOf(file))
  try {
    return REPORT.parse(JSON.parse(text))
  } catch (error) {
    throw new PlainError(`${file} is no report of "sft-catalog ci": run the step first`, {
      cause: error,
    })
  }
}

function targetsOf(report: Report, given: readonly string[]): readonly Target[] {
  if (given.length === 0) return [report.step === 'plan' ? 'comment' : 'issue']
  return given.map(name => {
    const target = TARGETS.find(one => one === name)
    if (target === undefined)
      throw new UsageError(`--to is "${name}": give one of ${TARGETS.join(', ')}`)
    return target
  })
}

/** The forge by what its runner sets. Tokens stand in the environment only. */
function openForge(env: Environment): Forge {
  const repository = env['GITHUB_REPOSITORY']
  const project = env['CI_PROJECT_ID']
  if (repository)
    return openGithub({
      ...wayTo(env['GITHUB_API_URL'] || 'https://api.github.com', env),
      repository,
      token: needed(env, 'GITHUB_TOKEN', 'GH_TOKEN'),
    })
  if (project)
    return openGitlab({
      ...wayTo(env['CI_API_V4_URL'] || 'https://gitlab.com/api/v4', env),
      project,
      token: needed(env, 'GITLAB_TOKEN'),
    })
  throw new UsageError(
    'nothing tells where to: GITHUB_REPOSITORY and GITHUB_TOKEN, or CI_PROJECT_ID and GITLAB_TOKEN',
  )
}

/** The address, and the way there: through the proxy that calls to the account take too. */
function wayTo(apiUrl: string, env: Environment) {
  if (!URL.canParse(apiUrl)) throw new UsageError(`"${apiUrl}" is no address of a forge's API`)
  return { apiUrl, fetch: proxyFor(new URL(apiUrl), env)?.fetch ?? fetch }
}

function needed(env: Environment, ...names: readonly string[]): string {
  const token = names.map(name => env[name]).find(value => value)
  if (token !== undefined) return token
  throw new UsageError(`a token is missing: set ${names.join(' or ')}`)
}

async function tellChange(
  forge: Forge,
  report: Report,
  body: string,
  number: number | undefined,
  context: Context,
): Promise<Published | undefined> {
  const { env } = context
  const event = await eventOf(env)
  const commit = env['GITHUB_SHA'] || env['CI_COMMIT_SHA']
  const request = Number(env['CI_MERGE_REQUEST_IID']) || undefined
  const change =
    number ??
    event.pull_request?.number ??
    request ??
    (commit === undefined ? undefined : await forge.changeOf(commit))
  if (change === undefined) {
    context.err('no pull request goes with this commit: there is nowhere to comment')
    return undefined
  }
  const mark = commentMark(report.step, report.environment)
  try {
    return await putComment(forge, change, mark, body)
  } catch (error) {
    if (!(error instanceof ForgeError && error.status === 403 && isOfFork(event, env))) throw error
    context.err('a run for a fork may not comment; the comment stands on the page of the run')
    return undefined
  }
}

async function eventOf(env: Environment): Promise<z.infer<typeof EVENT>> {
  const file = env['GITHUB_EVENT_PATH']
  if (!file) return {}
  const { data } = EVENT.safeParse(JSON.parse(await inPlainWords(file, () => readTextOf(file))))
  return data ?? {}
}

const isOfFork = ({ pull_request }: z.infer<typeof EVENT>, env: Environment): boolean =>
  pull_request !== undefined && pull_request.head.repo?.full_name !== env['GITHUB_REPOSITORY']

async function tellIssue(forge: Forge, report: Report, body: string): Promise<Published> {
  const { step, outcome, environment } = report
  const mark = commentMark(step, environment)
  if (outcome === 'ok')
    return await endIssue(forge, mark, `${step}: everything is as it should be.`)
  const where = environment === undefined ? '' : ` (${environment})`
  const title = `sft-catalog ${step}${where}: ${OUTCOMES[outcome].meaning.split(/[(:;]/)[0]?.trim()}`
  return await putIssue(forge, mark, title, `${body.trimEnd()}\n\n${outcomeMark(outcome)}\n`)
}
