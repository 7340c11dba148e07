import {
  color,
  type DefaultRenderer,
  figures,
  Listr,
  ListrDefaultRendererLogLevels,
  ListrLogger,
  type ListrTaskWrapper,
  type SimpleRenderer,
} from 'listr2'
import type { ApplyEvent, Result } from '../apply/report.ts'
import { count, grouped } from '../counts.ts'
import type { Address, KindName } from '../model.ts'
import type { Plan } from '../plan/plan.ts'
import { oneLine } from '../render/gate.ts'
import { duration } from '../render/paint.ts'
import { kindOf } from '../resources/kinds.ts'
import type { BudgetView } from '../sft/api.ts'
import { stoppingShort } from './approved-run.ts'
import type { Context } from './context.ts'
import { openCountdown, secondsLeft } from './time-left.ts'

/** Shows an apply while it runs. */
export interface Progress {
  readonly onEvent: (event: ApplyEvent) => void
  /** Takes the rows away while something else is said or asked. */
  readonly aside: <Value>(work: () => Promise<Value>) => Promise<Value>
  /** Resolves when the last row is drawn. */
  readonly end: () => Promise<void>
}

/** How often rows are looked at. */
const TICK_MS = 250
/** The first line of a log comes so soon; then they come no more often than this, later less so. */
const FIRST_LINE_MS = 2000
const LINES_EVERY_MS = 10_000
const LATER_LINES_EVERY_MS = 30_000

/**
 * A row for all calls of the plan with the rate and the time left, and below it a row a kind: redrawn in a
 * terminal, lines now and then elsewhere. `quiet` sends everything to stderr, for `--json`.
 */
export function showProgress(
  context: Context,
  plan: Plan,
  budget: BudgetView,
  quiet: boolean,
): Progress {
  const tally = openTally(plan, budget, context)
  const isDrawn = context.canRedraw && !quiet
  const drawing = isDrawn ? drawRows(tally, context.out) : writeLines(tally, context.err)
  const others = context.live.handOver()
  context.onSignal(() => drawing.now())
  context.beforeExit(() => drawing.leave())
  return {
    onEvent: event => {
      tally.take(event)
      if (event.type === 'start') drawing.start()
      if (event.type === 'learnt') drawing.say(`learnt: ${event.message}`)
      if (event.type === 'canary') drawing.say(canaryText(event.results))
    },
    aside: async work => {
      await drawing.pause()
      try {
        return await work()
      } finally {
        drawing.start()
      }
    },
    end: async () => {
      await drawing.end()
      others[Symbol.dispose]()
    },
  }
}

const canaryText = (results: readonly Result[]): string =>
  `canary: ${grouped(results.filter(result => result.status === 'done').length)} of ${count(results.length, 'endpoint')} created and read back`

interface Row {
  readonly kind: KindName
  readonly total: number
  done: number
  bad: number
  /** Being looked for, since nothing tells whether they were made. */
  readonly settling: Set<Address>
}

/** What is known of a run while it goes on. */
interface Tally {
  readonly rows: () => readonly Row[]
  readonly total: () => string
  readonly take: (event: ApplyEvent) => void
}

const isOver = (row: Row): boolean => row.done + row.bad >= row.total
const isWholly = (row: Row): boolean => row.done >= row.total

/** Counts calls by the plan's own reckoning, so that what is sent again does not make more of it than all. */
function openTally(plan: Plan, budget: BudgetView, { live, stop }: Context): Tally {
  const rows = new Map<KindName, Row>()
  const startedAt = Date.now()
  const callsBefore = budget.calls()
  const shares = callShares(plan)
  const countDown = openCountdown()
  let done = 0

  const total = (): string => {
    const now = Date.now()
    const seconds = (now - startedAt) / 1000
    const all = [...rows.values()]
    // What was left undone was not called for, however it ended.
    const left = all.every(isWholly) ? 0 : Math.max(0, plan.cost.calls - done)
    const parts = [
      `${grouped(Math.round(plan.cost.calls - left))} of ${count(plan.cost.calls, 'call')}`,
    ]
    if (stop.signal.aborted) {
      const calls = live.calls.count()
      parts.push(calls === 0 ? 'stopped' : stoppingShort(calls))
      return parts.join('; ')
    }
    const sent = budget.calls() - callsBefore
    // The first one waits for nothing: a rate is of those after it.
    if (seconds > 1 && sent > 1) parts.push(`${((sent - 1) / seconds).toFixed(1)} calls/s`)
    const shown = countDown(
      secondsLeft({ left, done, seconds, callsPerSecond: budget.currentRate() }),
      now,
    )
    if (left > 0 && !all.every(isOver) && Number.isFinite(shown))
      parts.push(`about ${duration(rounded(shown))} left`)
    const held = live.calls.heldUp()
    if (held !== undefined) parts.push(held)
    return oneLine(parts.join(', '))
  }
  const takeResult = ({ address, kind, status }: Result): void => {
    const share = shares.get(address)?.shift() ?? 0
    if (status === 'done' || status === 'failed') done += share
    const row = rows.get(kind)
    if (row === undefined) return
    if (status === 'done') row.done += 1
    else row.bad += 1
    row.settling.delete(address)
  }
  return {
    rows: () => [...rows.values()],
    total,
    take: event => {
      if (event.type === 'start')
        for (const [kind, total] of Object.entries(event.totals))
          if (total > 0) rows.set(kind, { kind, total, done: 0, bad: 0, settling: new Set() })
      if (event.type === 'result') takeResult(event.result)
      if (event.type === 'settling')
        for (const address of event.addresses)
          rows.get(address.split('/')[0] ?? '')?.settling.add(address)
    },
  }
}

/** Calls of each address, for each time that something is done about it. */
function callShares(plan: Plan): Map<Address, number[]> {
  const shares = new Map<Address, number[]>()
  for (const { changes, calls } of plan.operations)
    for (const { address } of changes) {
      const share = calls / changes.length
      const known = shares.get(address)
      if (known === undefined) shares.set(address, [share])
      else known.push(share)
    }
  return shares
}

/** Seconds that do not pretend to be exact. */
const rounded = (seconds: number): number =>
  seconds > 20 ? Math.ceil(seconds / 5) * 5 : Math.max(1, Math.ceil(seconds))

function rowText({ kind, total, done, bad, settling }: Row): string {
  const parts = [`${kindOf(kind).plural}: ${grouped(done)} of ${grouped(total)}`]
  if (bad > 0) parts.push(`${grouped(bad)} not done`)
  if (settling.size > 0)
    parts.push(`looking for ${grouped(settling.size)} whose outcome is not known`)
  return parts.join(', ')
}

/** How rows get to whoever looks. */
interface Drawing {
  /** Begins, or goes on. */
  readonly start: () => void
  readonly pause: () => Promise<void>
  /** Shows at once what has changed. */
  readonly now: () => void
  readonly say: (line: string) => void
  /** Lets out what was said meanwhile: the process ends at once. */
  readonly leave: () => void
  readonly end: () => Promise<void>
}

/** Lines in a log: the total, and the kinds below it in one. */
function writeLines(tally: Tally, say: (line: string) => void): Drawing {
  const startedAt = Date.now()
  let timer: NodeJS.Timeout | undefined
  let last = startedAt
  let lines = 0
  const write = (): void => {
    last = Date.now()
    lines += 1
    say(`  ${tally.total()}`)
    // What is all done needs no row of its own.
    const rows = tally.rows()
    if (!rows.every(row => row.done === row.total)) say(`    ${rows.map(rowText).join(', ')}`)
  }
  const look = (): void => {
    const later = Date.now() - startedAt > 6 * LINES_EVERY_MS
    const every = lines === 0 ? FIRST_LINE_MS : later ? LATER_LINES_EVERY_MS : LINES_EVERY_MS
    if (Date.now() - last >= every) write()
  }
  const pause = async (): Promise<void> => clearInterval(timer)
  return {
    start: () => {
      timer = setInterval(look, TICK_MS).unref()
    },
    pause,
    now: () => undefined,
    say: line => say(`  ${line}`),
    leave: () => undefined,
    end: async () => {
      await pause()
      if (tally.rows().length > 0) write()
    },
  }
}

type Task = ListrTaskWrapper<object, typeof DefaultRenderer, typeof SimpleRenderer>

/** Rows in a terminal. listr2 only draws; what runs when is decided elsewhere. */
function drawRows(tally: Tally, say: (line: string) => void): Drawing {
  const said: string[] = []
  let current: Rows | undefined
  let isLast = false
  const pause = async (): Promise<void> => {
    const rows = current
    current = undefined
    await rows?.end(isLast)
    for (const line of said.splice(0)) say(`  ${line}`)
  }
  return {
    start: () => {
      if (tally.rows().length > 0) current ??= openRows(tally)
    },
    pause,
    now: () => current?.refresh(),
    say: line => void said.push(line),
    leave: () => current?.leave(),
    end: async () => {
      isLast = true
      await pause()
    },
  }
}

/** Rows that are drawn, until their end. */
interface Rows {
  readonly refresh: () => void
  readonly leave: () => void
  /** Resolves once they stand as they are; `isLast`: what is not done by now is marked. */
  readonly end: (isLast: boolean) => Promise<void>
}

function openRows(tally: Tally): Rows {
  const drawn: (() => void)[] = []
  let over: (isLast: boolean) => void = () => undefined
  // Whoever begins after the end sees it too.
  const ended = new Promise<boolean>(resolve => {
    over = resolve
  })
  const isBad = (row: Row) => !isOver(row) || row.bad > 0
  const task = (text: () => string, isBad: () => boolean) => ({
    title: text(),
    task: async (_context: object, task: Task) => {
      drawn.push(() => {
        task.title = text()
      })
      const isLast = await ended
      task.title = text()
      if (isLast && isBad()) task.skip(text())
    },
  })
  // It keeps what others write until the rows stand.
  const logger = new ListrLogger<ListrDefaultRendererLogLevels>({ useIcons: true, toStderr: [] })
  const list = new Listr(
    [
      task(tally.total, () => tally.rows().some(isBad)),
      ...tally.rows().map(row =>
        task(
          () => `  ${rowText(row)}`,
          () => isBad(row),
        ),
      ),
    ],
    {
      concurrent: true,
      registerSignalListeners: false,
      rendererOptions: {
        logger,
        collapseSubtasks: false,
        formatOutput: 'truncate',
        icon: { [ListrDefaultRendererLogLevels.SKIPPED_WITH_COLLAPSE]: figures.cross },
        color: {
          [ListrDefaultRendererLogLevels.SKIPPED_WITH_COLLAPSE]: (mark = '') => color.red(mark),
        },
      },
    },
  )
  const refresh = (): void => {
    for (const draw of drawn) draw()
  }
  const timer = setInterval(refresh, TICK_MS)
  const drawing = list.run({})
  return {
    refresh,
    leave: () => logger.process.release(),
    end: async isLast => {
      clearInterval(timer)
      over(isLast)
      await drawing
    },
  }
}
