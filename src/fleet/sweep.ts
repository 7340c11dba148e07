import { anySignal } from '../any-signal.ts'
import { ProvisionError } from '../provision/errors.ts'
import type { WorkKind } from './dispatcher.ts'
import type { Duty } from './duty.ts'
import type { Fleet } from './fleet.ts'

/** A look at the shop that comes again and again. */
export interface Sweep {
  readonly kind: Extract<WorkKind, 'usage' | 'stock'>
  readonly everySeconds: number
  /** Does it, and says in words what it came to. */
  readonly sweep: (signal: AbortSignal) => Promise<string>
  /** Keeps what the last one came to; undefined: nobody does. */
  readonly fleet: Fleet | undefined
}

/** A sweep is given again so long after it was given (ms): the same one is done once all the same. */
const GIVE_AGAIN_MS = 60_000

/**
 * Does a sweep once in its time, whichever worker of the fleet does it. One that takes longer than its time is the only
 * one all the same: the next ones are left out.
 */
export function sweepDuty({ kind, everySeconds, sweep, fleet }: Sweep): Duty {
  let given = { turn: -1, at: Number.NEGATIVE_INFINITY }
  return {
    kind,
    atOnce: 1,
    async look() {
      const now = Date.now()
      const turn = Math.floor(now / (everySeconds * 1000))
      if (turn === given.turn && now - given.at < GIVE_AGAIN_MS) return []
      given = { turn, at: now }
      const begins = new Date(turn * everySeconds * 1000).toISOString()
      return [{ id: `${kind} ${begins}, every ${everySeconds} s`, kind, about: begins }]
    },
    async work(_about, { tell, stopping, alone }) {
      const swept = await alone(kind, async lost => {
        const stop = anySignal([stopping, lost])
        const began = Date.now()
        const result = await sweep(stop).catch((error: unknown) => {
          if (!(error instanceof ProvisionError)) throw error
          return `failed: ${error.message}`
        })
        if (stop.aborted) return 'stopped'
        const seconds = (Date.now() - began) / 1000
        await fleet?.noteSweep({ sweep: kind, at: new Date().toISOString(), seconds, result })
        tell({ type: 'swept', sweep: kind, result })
        return result
      })
      return swept ?? 'left out: the one before is under way'
    },
  }
}
