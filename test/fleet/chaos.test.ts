import t, { type Test } from 'tap'
import { noPostgres, startPostgres } from '../postgres/server.ts'
import { type Chaos, runChaos } from './chaos.ts'

/**
 * Orders of a round, calls a second, and workers beside the portals. `FLEET_SEED` replays the choice of nodes and
 * faults. A rate that is given is held to; the one of every day leaves room, since it runs beside other tests.
 */
const IS_ASKED = process.env['FLEET_ORDERS'] !== undefined
const ORDERS = Number(process.env['FLEET_ORDERS'] ?? 12)
const RATE = Number(process.env['FLEET_RATE'] ?? 40)
const WORKERS = Number(process.env['FLEET_WORKERS'] ?? (IS_ASKED ? 2 : 1))
const SEED = Number(process.env['FLEET_SEED'] ?? Date.now() % 2 ** 31)
const IS_PROOF = process.env['FLEET_RATE'] !== undefined
const PORTALS = IS_ASKED ? 3 : 2
/** What is seen of the rate's use in a shorter time shows nothing. */
const WAITED_SECONDS = 20

async function testChaos(t: Test, place: string): Promise<void> {
  const chaos: Chaos = {
    orders: ORDERS,
    rate: RATE,
    seed: SEED,
    portals: PORTALS,
    workers: WORKERS,
  }
  const end = await runChaos(t, place, chaos)
  t.comment(
    `${end.hits} hits, ${end.calls} calls in ${end.seconds.toFixed(0)} s, ${end.faults} faults, most in a second ${end.mostInASecond} of ${RATE}, ` +
      `used ${(100 * end.used).toFixed(1)} % of the ${end.waitedSeconds.toFixed(0)} s in which somebody waited, ` +
      `the simulator busy for ${end.busyMs.toFixed(0)} ms at most, starts ${end.starts.join(' ')}`,
  )
  t.same(end.problems, [], `seed ${SEED}`)
  t.ok(end.mostInASecond <= (IS_PROOF ? RATE : RATE * 1.1), `${end.mostInASecond} in a second`)
  if (!IS_PROOF) return
  if (end.waitedSeconds < WAITED_SECONDS)
    t.pass('how much of the rate is used', {
      skip: `somebody waited for it for ${end.waitedSeconds.toFixed(0)} s only: this machine is too slow for it`,
    })
  else t.ok(end.used >= 0.9, `${(100 * end.used).toFixed(1)} % of the rate used`)
}

if (noPostgres === false) {
  const server = await startPostgres(t)
  t.test(
    `${PORTALS} portals and ${WORKERS} workers that are killed and stopped sell ${ORDERS} orders once each, seed ${SEED}`,
    async t => await testChaos(t, `${server.url}?schema=chaos`),
  )
} else t.test('a fleet', { skip: noPostgres }, async () => {})
