import { type DefaultRenderer, Listr, type ListrTaskWrapper, type SimpleRenderer } from 'listr2'
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

/** A row's end, which may be known before listr2 has drawn the row. */
interface Drawn {
  readonly ended: Promise<void>
  readonly finish: () => void
  readonly fail: (error: Error) => void
  task?: Task
}

function openRow(): Drawn {
  let finish: () => void = () => {}
  let fail: (error: Error) => void = () => {}
  const ended = new Promise<void>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  // listr2 looks at it only once it draws the row.
  ended.catch(() => undefined)
  return { ended, finish, fail }
}

/** Rows in a terminal. listr2 only draws; what runs when is decided elsewhere. */
function drawRows(
  rows: ReadonlyMap<KindName, Row>,
  text: (kind: KindName, row: Row) => string,
  say: (line: string) => void,
) {
  const drawn = new Map<KindName, Drawn>()
  const said: string[] = []
  let running: Promise<unknown> = Promise.resolve()
  const refresh = (kind: KindName) => {
    const row = rows.get(kind)
    const shown = drawn.get(kind)
    if (row === undefined || shown === undefined) return
    if (shown.task !== undefined) shown.task.title = text(kind, row)
    if (row.done + row.bad < row.total) return
    if (row.bad > 0) shown.fail(new Error(text(kind, row)))
    else shown.finish()
  }
  return {
    start: () => {
      for (const kind of rows.keys()) drawn.set(kind, openRow())
      const list = new Listr(
        [...drawn].map(([kind, shown]) => ({
          title: kindOf(kind).plural,
          task: (_context: object, task: Task) => {
            shown.task = task
            refresh(kind)
            return shown.ended
          },
        })),
        {
          concurrent: true,
          exitOnError: false,
          registerSignalListeners: false,
          rendererOptions: { collapseErrors: true, collapseSubtasks: false },
        },
      )
      running = list.run({})
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
      for (const [kind, shown] of drawn) {
        refresh(kind)
        shown.finish()
      }
      await running
      for (const line of said) say(`  ${line}`)
    },
  }
}
