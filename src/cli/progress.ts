import { EventEmitter, once } from 'node:events'
import {
  color,
  type DefaultRenderer,
  figures,
  Listr,
  ListrDefaultRendererLogLevels,
  type ListrTaskWrapper,
  type SimpleRenderer,
} from 'listr2'
import type { ApplyEvent, Result } from '../apply/report.ts'
import type { KindName } from '../model.ts'
import { count, duration } from '../render/paint.ts'
import { kindOf } from '../resources/kinds.ts'
import type { BudgetView } from '../sft/api.ts'
import type { Context } from './context.ts'

/** Shows an apply while it runs. */
export interface Progress {
  readonly onEvent: (event: ApplyEvent) => void
  /** Resolves when the last row is drawn. */
  readonly end: () => Promise<void>
}

interface Row {
  readonly total: number
  done: number
  bad: number
  note: string
}

/** Plain lines come no more often than this. */
const PLAIN_EVERY_MS = 10_000

/**
 * Rows that redraw themselves in a terminal, plain lines elsewhere: a row a kind with counts, the rate and
 * the time left. `quiet` sends everything to stderr, for `--json`.
 */
export function showProgress(context: Context, budget: BudgetView, quiet: boolean): Progress {
  const rows = new Map<KindName, Row>()
  const startedAt = Date.now()
  const callsBefore = budget.calls()
  const say = context.err

  const text = (kind: KindName, row: Row): string => {
    const seconds = (Date.now() - startedAt) / 1000
    const calls = budget.calls() - callsBefore
    const ended = row.done + row.bad
    const left = row.total - ended
    const parts = [`${kindOf(kind).plural}: ${row.done} of ${row.total}`]
    if (row.bad > 0) parts.push(`${row.bad} not done`)
    if (left > 0 && ended > 0 && seconds > 1) {
      parts.push(`${(calls / seconds).toFixed(1)} calls/s`)
      parts.push(`about ${duration((seconds / ended) * left)} left`)
    }
    if (row.note !== '') parts.push(row.note)
    return parts.join(', ')
  }

  const take = (result: Result) => {
    const row = rows.get(result.kind)
    if (row === undefined) return
    if (result.status === 'done') row.done += 1
    else row.bad += 1
  }

  const drawn = context.canRedraw && !quiet ? drawRows(rows, text, context.out) : undefined
  let lastPlain = startedAt
  const sayRows = () => {
    for (const [kind, row] of rows) say(`  ${text(kind, row)}`)
  }
  const tell = (event: ApplyEvent): void => {
    switch (event.type) {
      case 'start':
        for (const [kind, total] of Object.entries(event.totals))
          if (total > 0) rows.set(kind, { total, done: 0, bad: 0, note: '' })
        drawn?.start()
        break
      case 'result':
        take(event.result)
        drawn?.update(event.result.kind)
        break
      case 'settling': {
        const line = `looking for ${count(event.addresses.length, 'write')} of ${event.operation} with unknown outcome`
        if (drawn === undefined) say(`  ${line}: ${firstOf(event.addresses)}`)
        else drawn.note(event.addresses, line)
        break
      }
      case 'learnt':
        if (drawn === undefined) say(`  learnt: ${event.message}`)
        else drawn.say(`learnt: ${event.message}`)
        break
      case 'canary':
        say(
          `  canary: ${event.results.filter(result => result.status === 'done').length} of ${event.results.length} endpoints created and read back`,
        )
        break
      case 'end':
        break
    }
  }
  return {
    onEvent: event => {
      tell(event)
      if (drawn !== undefined || event.type === 'start') return
      if (Date.now() - lastPlain < PLAIN_EVERY_MS) return
      lastPlain = Date.now()
      sayRows()
    },
    end: async () => {
      if (drawn !== undefined) await drawn.end()
      else sayRows()
    },
  }
}

const firstOf = (addresses: readonly string[]): string =>
  `${addresses.slice(0, 3).join(', ')}${addresses.length > 3 ? ' …' : ''}`

type Task = ListrTaskWrapper<object, typeof DefaultRenderer, typeof SimpleRenderer>

/** Rows in a terminal. listr2 only draws; what runs when is decided elsewhere. */
function drawRows(
  rows: ReadonlyMap<KindName, Row>,
  text: (kind: KindName, row: Row) => string,
  say: (line: string) => void,
) {
  const tasks = new Map<KindName, Task>()
  const said: string[] = []
  const ends = new EventEmitter()
  let isOver = false
  let drawing: Promise<unknown> = Promise.resolve()
  const isAtItsEnd = (row: Row) => isOver || row.done + row.bad >= row.total
  const refresh = (kind: KindName) => {
    const row = rows.get(kind)
    const task = tasks.get(kind)
    if (row === undefined || task === undefined) return
    task.title = text(kind, row)
    if (isAtItsEnd(row)) ends.emit(kind)
  }
  const drawRow = async (kind: KindName, row: Row, task: Task) => {
    tasks.set(kind, task)
    refresh(kind)
    if (!isAtItsEnd(row)) await once(ends, kind)
    if (row.bad > 0) task.skip(text(kind, row))
  }
  return {
    start: () => {
      const list = new Listr(
        [...rows].map(([kind, row]) => ({
          title: kindOf(kind).plural,
          task: (_context: object, task: Task) => drawRow(kind, row, task),
        })),
        {
          concurrent: true,
          registerSignalListeners: false,
          rendererOptions: {
            collapseSubtasks: false,
            icon: { [ListrDefaultRendererLogLevels.SKIPPED_WITH_COLLAPSE]: figures.cross },
            color: {
              [ListrDefaultRendererLogLevels.SKIPPED_WITH_COLLAPSE]: (mark = '') => color.red(mark),
            },
          },
        },
      )
      drawing = list.run({})
    },
    update: refresh,
    note: (addresses: readonly string[], line: string) => {
      const [kind = ''] = addresses[0]?.split('/') ?? []
      const row = rows.get(kind)
      if (row === undefined) return
      row.note = line
      refresh(kind)
    },
    say: (line: string) => said.push(line),
    end: async () => {
      isOver = true
      for (const kind of rows.keys()) refresh(kind)
      await drawing
      for (const line of said) say(`  ${line}`)
    },
  }
}
