/** Asking a process of its own what rules come to: it may be killed, and this one goes on. */
import { fork } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../package-file.ts'
import type { Job, Verdict } from './job.ts'

/** How long a rule may take, and how many may take too long or too much before no more is evaluated. */
const DEADLINE_MS = 10_000
const MOST_LOST = 3
/** Beside the deadline, for a machine that is busy: starting, and telling. */
const PATIENCE_MS = 60_000
/** Memory of the process, in MB. */
const MEMORY_MB = 256

/** Whether this runs from its sources, which the process has to be able to load too. */
const isSource = import.meta.url.endsWith('.ts')
const EVALUATOR = fileURLToPath(
  isSource ? new URL('./evaluator.ts', import.meta.url) : packageFile('dist/policy/evaluator.js'),
)

/**
 * What each rule of a job comes to, in their order. A rule that takes too long or too much memory is *lost*; after
 * three of them the rest is, so that hostile rules end a run soon.
 */
export async function askEvaluator(
  job: Omit<Job, 'deadlineMs'>,
  { deadlineMs = DEADLINE_MS }: { readonly deadlineMs?: number } = {},
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  const lost = () => verdicts.filter(({ kind }) => kind === 'lost').length
  while (verdicts.length < job.rules.length && lost() < MOST_LOST) {
    const rest = { ...job, deadlineMs, rules: job.rules.slice(verdicts.length) }
    const { told, why } = await askOnce(rest, MOST_LOST - lost())
    verdicts.push(...told)
    if (told.length < rest.rules.length && lost() < MOST_LOST) verdicts.push({ kind: 'lost', why })
  }
  const rest: Verdict = { kind: 'lost', why: 'too many rules before it could not be evaluated' }
  return job.rules.map((_, index) => verdicts[index] ?? rest)
}

interface Told {
  readonly told: readonly Verdict[]
  /** Why there is no more, where there is none. */
  readonly why: string
}

function askOnce(job: Job, mostLost: number): Promise<Told> {
  return new Promise(resolve => {
    const told: Verdict[] = []
    const isEnough = () => told.filter(({ kind }) => kind === 'lost').length >= mostLost
    let why: string | undefined
    // Nothing of the environment: rules have no use for it, and it holds secrets.
    const child = fork(EVALUATOR, [], {
      serialization: 'advanced',
      execArgv: [...(isSource ? process.execArgv : []), `--max-old-space-size=${MEMORY_MB}`],
      env: {},
      // Where what it is loaded with is found.
      cwd: dirname(EVALUATOR),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const end = (because?: string): void => {
      why ??= because
      child.kill('SIGKILL')
    }
    const late = () => end('the process that evaluates rules did not answer')
    let timer = setTimeout(late, job.deadlineMs + PATIENCE_MS)
    child.on('message', (verdict: Verdict) => {
      // It goes on until it is killed: what it tells after that would be there now and then.
      if (isEnough()) return
      clearTimeout(timer)
      timer = setTimeout(late, job.deadlineMs + PATIENCE_MS)
      told.push(verdict)
      if (isEnough()) end()
    })
    const close = (code?: number | null): void => {
      clearTimeout(timer)
      resolve({ told, why: why ?? deathOf(code) })
    }
    child.on('close', close)
    child.on('error', ({ message }) => {
      end(`the process that evaluates rules cannot be run: ${message}`)
      close()
    })
    child.send(job, error => {
      if (error !== null) end('the process that evaluates rules took no question')
    })
  })
}

/** Where memory is at its end, the process is killed, by a signal or by itself. */
const deathOf = (code: number | null | undefined): string =>
  typeof code === 'number' && code < 128
    ? `the process that evaluates rules ended with code ${code}`
    : 'it takes more memory than a rule may'
