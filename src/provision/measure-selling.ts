import type { Clock } from '../clock.ts'
import type { Level, Telemetry } from '../telemetry/telemetry.ts'
import type { Candidate } from './candidates.ts'
import type { ProvisionListener } from './events.ts'
import type { Ledger } from './ledger.ts'
import { isParked } from './orphans.ts'
import { orderPages } from './pages.ts'
import { countStock } from './stock.ts'

/** Counts what events tell. */
export const measureEvents =
  (telemetry: Telemetry): ProvisionListener =>
  event => {
    switch (event.type) {
      case 'order step':
        return telemetry.duration('sft.order.step.duration', event.seconds, {
          'sft.order.kind': event.kind,
          'sft.order.step': event.step,
          'sft.order.step.outcome': event.outcome,
        })
      case 'order delivered':
        return telemetry.duration('sft.order.duration', event.seconds, {
          'sft.order.kind': event.kind,
          'sft.order.outcome': 'delivered',
        })
      case 'order stopped':
        return telemetry.duration('sft.order.duration', event.seconds, {
          'sft.order.kind': event.kind,
          'sft.order.outcome': event.resumable ? 'stopped' : 'failed',
          'error.type': event.code,
        })
      case 'order taken over':
        return telemetry.count('sft.order.takeovers')
      case 'order lost':
        return telemetry.count('sft.lease.losses')
      case 'background work failed':
        return telemetry.count('sft.background.failures', { 'sft.background.work': event.work })
    }
  }

/** Of which no age is known too: somebody has to look at it. */
const OLDEST = 'over 1 d'

/** Ages of unfinished orders: each up to so many seconds, the last one beyond. */
const AGES = [
  ['up to 1 min', 60],
  ['up to 15 min', 900],
  ['up to 1 h', 3600],
  ['up to 1 d', 86_400],
  [OLDEST, Number.POSITIVE_INFINITY],
] as const

interface Counted {
  readonly ledger: Ledger
  readonly candidates: () => Promise<readonly Candidate[]>
  readonly clock: Clock
}

/**
 * Counts stock and unfinished orders for whoever reads the metrics, at most once in so many seconds: a large stock
 * takes a question for each thousand endpoints.
 */
export function watchLedger(
  telemetry: Telemetry,
  counted: Counted,
  everySeconds: number,
): Disposable {
  if (everySeconds === Number.POSITIVE_INFINITY) return { [Symbol.dispose]: () => {} }
  let last: { readonly at: number; readonly levels: ReturnType<typeof countLedger> } | undefined
  return telemetry.levels(
    ['sft.stock.esims', 'sft.orders.unfinished', 'sft.orders.parked'],
    async () => {
      const now = counted.clock.now()
      if (last === undefined || now - last.at >= everySeconds * 1000)
        last = { at: now, levels: countLedger(counted) }
      return await last.levels
    },
  )
}

async function countLedger({ ledger, candidates, clock }: Counted) {
  const now = clock.now()
  const { batches } = await countStock(ledger, await candidates(), now)
  const unfinished = new Map<string, number>(AGES.map(([age]) => [age, 0]))
  let parked = 0
  for await (const page of orderPages(ledger, { unfinished: true }))
    for (const order of page) {
      const age = ageOf((now - Date.parse(order.createdAt)) / 1000)
      unfinished.set(age, (unfinished.get(age) ?? 0) + 1)
      if (isParked(order)) parked += 1
    }
  return {
    'sft.stock.esims': batches.flatMap(({ batch, tags: _tags, ...states }) =>
      Object.entries(states).map(
        ([state, value]): Level => ({
          value,
          by: { 'sft.stock.state': state, 'sft.batch': batch },
        }),
      ),
    ),
    'sft.orders.unfinished': [...unfinished].map(
      ([age, value]): Level => ({ value, by: { 'sft.order.age': age } }),
    ),
    'sft.orders.parked': [{ value: parked }],
  }
}

const ageOf = (seconds: number): string => AGES.find(([, upTo]) => seconds <= upTo)?.[0] ?? OLDEST
