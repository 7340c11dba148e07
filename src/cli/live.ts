import { grouped } from '../counts.ts'
import { duration } from '../render/paint.ts'
import type { DeliveryEvent } from '../sft/transport.ts'

/** What goes on while nothing is said. */
export interface Live {
  /** Says what goes on, from now until it is disposed of; the latest counts. Undefined: nothing is waited for. */
  readonly doing: (text: () => string | undefined) => Disposable
  /** Somebody else draws or asks, until it is disposed of. */
  readonly handOver: () => Disposable
  /** Something was said: silence begins anew. */
  readonly said: () => void
  /** Calls to the account that are under way, and what holds one up. */
  readonly calls: CallsUnderWay
  /** Nothing is shown any more. */
  readonly close: () => void
}

/** Calls to the account that are under way. */
interface CallsUnderWay {
  /** Told by the account. */
  readonly take: (event: DeliveryEvent) => void
  readonly count: () => number
  /** Why a call is not answered yet, for people; undefined: nothing is known to hold one up. */
  readonly heldUp: () => string | undefined
}

/** Where what goes on is shown: a row that is written over, or a line now and then. */
export interface LiveOutput {
  readonly row?: {
    /** Writes it over the one before; an empty text takes it away. */
    readonly draw: (text: string) => void
  }
  readonly line: (text: string) => void
}

/** Nobody is left alone for longer. */
const SILENCE_MS = 2000
/** Lines in a log come no more often than this, after the first. */
const AGAIN_MS = 10_000
const TICK_MS = 250

/** Shows what goes on after two seconds of silence. */
export function openLive({ row, line }: LiveOutput, now: () => number = Date.now): Live {
  const texts: { readonly text: () => string | undefined; readonly since: number }[] = []
  const calls = callsUnderWay(now)
  let others = 0
  let lastSaid = now()
  let isDrawn = false
  let lines = 0
  let timer: NodeJS.Timeout | undefined

  const look = (): void => {
    const top = texts.findLast(({ text }) => text() !== undefined)
    const silent = now() - lastSaid
    if (
      others > 0 ||
      top === undefined ||
      silent < (row === undefined && lines > 0 ? AGAIN_MS : SILENCE_MS)
    )
      return
    const held = calls.heldUp()
    const seconds = Math.round((now() - top.since) / 1000)
    // What holds it up comes first: a row of a narrow terminal ends early.
    const text = `${[held, top.text()].filter(part => part !== undefined).join('; ')} (${duration(seconds)})`
    if (row === undefined) {
      line(`  ${text}`)
      lines += 1
      lastSaid = now()
    } else {
      row.draw(text)
      isDrawn = true
    }
  }
  const clear = (): void => {
    if (isDrawn) row?.draw('')
    isDrawn = false
  }
  const run = (): void => {
    if (texts.length > 0 && timer === undefined) timer = setInterval(look, TICK_MS).unref()
    if (texts.length > 0 || timer === undefined) return
    clearInterval(timer)
    timer = undefined
  }
  const said = (): void => {
    clear()
    lastSaid = now()
  }
  return {
    doing: text => {
      const entry = { text, since: now() }
      texts.push(entry)
      lines = 0
      run()
      return disposable(() => {
        const at = texts.indexOf(entry)
        if (at >= 0) texts.splice(at, 1)
        clear()
        run()
      })
    },
    handOver: () => {
      others += 1
      clear()
      return disposable(() => {
        others -= 1
        lastSaid = now()
      })
    },
    said,
    calls,
    close: () => {
      texts.length = 0
      clear()
      run()
    },
  }
}

function disposable(end: () => void): Disposable {
  let isOver = false
  return {
    [Symbol.dispose]: () => {
      if (!isOver) end()
      isOver = true
    },
  }
}

function callsUnderWay(now: () => number): CallsUnderWay {
  let underWay = 0
  let held: { readonly reason: string; readonly until: number } | undefined
  return {
    take: event => {
      if (event.type === 'begins') underWay += 1
      else if (event.type === 'ends') underWay -= 1
      if (event.type === 'waits')
        held = { reason: event.reason, until: now() + event.seconds * 1000 }
      else if (event.type === 'ends') held = undefined
    },
    count: () => underWay,
    heldUp: () => {
      if (held === undefined) return undefined
      const left = Math.ceil((held.until - now()) / 1000)
      return left > 0
        ? `${held.reason}, tried again in ${grouped(left)} s`
        : `${held.reason}, tried again`
    },
  }
}
