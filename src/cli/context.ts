import { styleText } from 'node:util'
import type { ApplyReport } from '../apply/report.ts'
import type { CatalogEnvironment } from '../catalog/index.ts'
import type { DriftReport } from '../drift/drift-report.ts'
import type { Issue } from '../issues.ts'
import { OUTCOMES, type Outcome } from '../outcome.ts'
import type { Landscape } from '../plan/landscape.ts'
import type { Plan } from '../plan/plan.ts'
import type { JsonCommand } from '../render/formats.ts'
import { jsonText, manyLines, marked, throughGate, withoutUrlSecrets } from '../render/gate.ts'
import { type IssueStyle, renderIssue } from '../render/issues.ts'
import type { JsonAnswer } from '../render/outputs.ts'
import { type Paint, plain, type Tone } from '../render/paint.ts'
import { inRows } from '../render/rows.ts'
import type { Subject } from '../render/subject.ts'
import type { Environment } from '../settings.ts'
import { readEnvFile } from './env-file.ts'
import type { Choice, Host, Output, StopSignal } from './host.ts'
import { type Live, type LiveOutput, openLive } from './live.ts'

/** Exit codes, the same for every command. */
export const EXIT: Readonly<Record<Outcome, number>> = {
  usage: OUTCOMES.usage.code,
  failed: OUTCOMES.failed.code,
  refused: OUTCOMES.refused.code,
  interrupted: OUTCOMES.interrupted.code,
  terminated: OUTCOMES.terminated.code,
  outOfTime: OUTCOMES.outOfTime.code,
  locked: OUTCOMES.locked.code,
  blocked: OUTCOMES.blocked.code,
  changes: OUTCOMES.changes.code,
  ok: OUTCOMES.ok.code,
}

/** Why a run was told to stop: the reason of its stop signal. */
export class StopError extends Error {
  override readonly name = 'AbortError'
  readonly outcome: Outcome
  constructor(by: StopSignal | 'time') {
    super(by === 'time' ? 'the time limit was reached' : `stopped by ${by}`)
    this.outcome = STOPPED_BY[by]
  }
}

const STOPPED_BY = {
  SIGINT: 'interrupted',
  SIGTERM: 'terminated',
  time: 'outOfTime',
} as const satisfies Readonly<Record<StopSignal | 'time', Outcome>>

/** What a run came to that was told to stop; undefined where nobody did. */
export function stopOutcome({ stop }: Pick<Context, 'stop'>): Outcome | undefined {
  const reason: unknown = stop.signal.reason
  return reason instanceof StopError ? reason.outcome : undefined
}

/** The exit code of a signal that ends a run at once. */
export const exitOf = (signal: StopSignal): number => EXIT[STOPPED_BY[signal]]

/** Told of a signal, and how many there were. */
type SignalListener = (signal: StopSignal, times: number) => void

/** Told of what a run comes upon, for whoever makes documents of it. */
interface Witness {
  readonly issues: (issues: readonly Issue[]) => void
  /** A line of a shown issue, of which `issues` was told: on stderr, and no message. */
  readonly showIssue: (line: string) => void
  readonly subject: (subject: Subject) => void
  /** A plan, and what pictures of it are made of. */
  readonly plan: (plan: Plan, landscape?: () => Landscape) => void
  readonly report: (report: ApplyReport) => void
  readonly drift: (report: DriftReport) => void
}

/** What a command acts in: everything that it may touch besides files and the account. */
export interface Context {
  /** The process's environment over that of a `.env` file. */
  readonly env: Environment
  /** A line on stdout: the answer. What would move a cursor or begin another line is taken out. */
  readonly out: (line: string) => void
  /**
   * What a command answers with `--json`. It is written once the run has ended, with how it ended; `outcome` is
   * what it came to, where the exit code does not tell.
   */
  readonly answer: <Name extends JsonCommand>(
    command: Name,
    fields: JsonAnswer<Name>,
    outcome?: Outcome,
  ) => void
  readonly witness?: Witness
  /** What was wrong with the settings, for a command that tells of it in its own way. */
  readonly broken?: { readonly error: unknown }
  /** The environment that was named, with what it puts into catalog files. */
  readonly environment?: CatalogEnvironment & { readonly name: string }
  /** JSON on stdout that is a document of its own. */
  readonly json: (value: unknown) => void
  /** Lines on stdout whose format was made by a renderer of Markdown, CSV or YAML. */
  readonly document: (text: string) => void
  /** Resolves once stdout has taken what was written, so that a long answer is not kept in memory. */
  readonly drained: () => Promise<void>
  /** A line on stderr: progress, warnings, errors. */
  readonly err: (line: string) => void
  readonly paint: Paint
  readonly paintErr: Paint
  readonly isErrTerminal: boolean
  /** True where a person can be asked: stdin and stdout are terminals. */
  readonly canAsk: boolean
  /** True where progress may redraw itself: stdout is a terminal that knows its width. */
  readonly canRedraw: boolean
  readonly ask: (question: string) => Promise<string>
  /** One of several answers, the first where nobody moves. */
  readonly choose: (question: string, choices: readonly Choice[]) => Promise<string>
  /** What goes on while nothing is said. */
  readonly live: Live
  /** Told to stop: first by SIGINT or SIGTERM, or by a time limit. */
  readonly stop: AbortController
  readonly onSignal: (listener: SignalListener) => void
  /** Ends at once, whatever is under way. */
  readonly exit: (code: number) => never
  /** Called before a signal ends the run at once, with its exit code. */
  readonly beforeExit: (listener: (code: number) => void) => void
}

const STYLES = {
  add: 'green',
  remove: 'red',
  change: 'yellow',
  warn: 'yellow',
  error: 'red',
  dim: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>

// Which stream it goes to, and whether that takes colour, is decided here and not by Node.
const coloured: Paint = (tone, text) => styleText(STYLES[tone], text, { validateStream: false })

function paintFor(stream: Output, env: Environment): Paint {
  const never = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== ''
  const always = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
  return !never && (always || stream.isTTY === true) ? coloured : plain
}

/** The environment of a process over a `.env` file in the working folder. Throws a SettingsError. */
export const readEnvironment = (host: Host): Environment => ({
  ...readEnvFile('.env'),
  ...host.env,
})

/** A line as it may be shown: the one way to a terminal. */
const safe = (line: string, paint: Paint): string => withoutUrlSecrets(throughGate(line, paint))

/** The context of a process. */
export function openContext(
  env: Environment,
  host: Host,
  environment?: Context['environment'],
): Omit<Context, 'answer'> {
  const { stdin, stdout, stderr } = host
  const stop = new AbortController()
  const listeners: SignalListener[] = []
  let signals = 0
  const lastWords: ((code: number) => void)[] = []
  const exit = (code: number): never => {
    for (const say of lastWords) say(code)
    return host.exit(code)
  }
  const looks = { out: paintFor(stdout, env), err: paintFor(stderr, env) }
  const live = openLive(liveOutput(stderr, env, looks.err))
  // What is said beside a question that waits begins a line of its own.
  let asking = false
  // Whatever is said takes the row away that stands there until something is said.
  const write = (stream: Output, text: string): void => {
    live.said()
    if (asking) stdout.write('\n')
    asking = false
    stream.write(text)
  }
  host.onSignal(signal => {
    signals += 1
    if (listeners.length === 0) exit(exitOf(signal))
    for (const listener of listeners) listener(signal, signals)
  })
  return {
    env,
    ...(environment && { environment }),
    out: line => write(stdout, `${inRows(safe(line, looks.out), stdout)}\n`),
    json: value => write(stdout, `${jsonText(value)}\n`),
    document: text => write(stdout, `${manyLines(text)}\n`),
    drained: () => untilDrained(stdout),
    err: line => write(stderr, `${inRows(safe(line, looks.err), stderr)}\n`),
    live,
    paint: marked,
    paintErr: marked,
    isErrTerminal: stderr.isTTY === true,
    canAsk: stdin.isTTY === true && stdout.isTTY === true,
    canRedraw: mayRedraw(stdout, env),
    ask: async question => {
      using _asking = live.handOver()
      asking = true
      try {
        const answer = await host.question(inRows(safe(question, looks.out), stdout), stop.signal)
        asking = false
        return answer
      } catch (error) {
        // Told to stop instead of answering: that is no answer.
        if (stop.signal.aborted) return ''
        throw error
      }
    },
    choose: async (question, choices) => {
      using _asking = live.handOver()
      return await host.choose(safe(question, looks.out), choices, stop.signal)
    },
    stop,
    onSignal: listener => listeners.push(listener),
    exit,
    beforeExit: listener => lastWords.push(listener),
  }
}

/** A terminal that knows its width, and that a person looks at. */
const mayRedraw = (stream: Output, env: Environment): boolean =>
  stream.isTTY === true &&
  (stream.columns ?? 0) > 0 &&
  env['TERM'] !== 'dumb' &&
  env['CI'] === undefined

/** One row that is written over needs no more than a carriage return; what has rows listr2 draws. */
function liveOutput(stderr: Output, env: Environment, look: Paint): LiveOutput {
  const dim = (text: string) => safe(marked('dim', text), look)
  return {
    line: text => void stderr.write(`${dim(text)}\n`),
    ...(mayRedraw(stderr, env) && {
      row: {
        draw: text =>
          void stderr.write(
            `\r\u001b[K${text === '' ? '' : dim(text.slice(0, (stderr.columns ?? 80) - 1))}`,
          ),
      },
    }),
  }
}

/** A reader that went away will take nothing more: what is written then is dropped. */
async function untilDrained(stdout: Output): Promise<void> {
  if (stdout.writableNeedDrain !== true) return
  await new Promise<void>(resolve => {
    for (const event of ['drain', 'error', 'close'] as const) stdout.once?.(event, () => resolve())
  })
}

const ISSUE_TONE: Readonly<Record<IssueStyle, Tone>> = {
  error: 'error',
  warning: 'warn',
  place: 'strong',
  code: 'strong',
  caret: 'error',
  hint: 'dim',
}

/** Writes issues to stderr, each with its place and a caret, and counts them. */
export function showIssues(context: Context, issues: readonly Issue[]): void {
  context.witness?.issues(issues)
  const say = context.witness?.showIssue ?? context.err
  for (const issue of issues)
    for (const line of renderIssue(issue, {
      colour: (style, text) => context.paintErr(ISSUE_TONE[style], text),
    }))
      say(line)
  const errors = issues.filter(issue => issue.severity === 'error').length
  const warnings = issues.length - errors
  if (issues.length > 0)
    say(
      `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    )
}
