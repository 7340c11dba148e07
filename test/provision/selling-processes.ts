import type { ChildProcess } from 'node:child_process'
import fc from 'fast-check'
import type { Test } from 'tap'
import type { SimulatedWire } from '../../src/simulator/index.ts'
import { openLedger } from '../../src/stores/ledgers.ts'
import { arbitraryWire, hidesAddons } from '../chaos/variants.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from './check-account.ts'
import { allOrders } from './rows.ts'
import { type Market, openMarket } from './support.ts'

/** Rounds with real deaths; thousands with `PROVISION_KILL_ROUNDS=2000`. `PROVISION_SEED` replays. */
const ROUNDS = Number(process.env['PROVISION_KILL_ROUNDS'] ?? 1)
const SEED = Number(process.env['PROVISION_SEED'] ?? Date.now() % 2 ** 31)
/** Orders that some processes sell at once, and how many do. */
const SHARED = Number(process.env['PROVISION_SHARED'] ?? 30)
const SELLERS = process.env['PROVISION_SHARED'] === undefined ? 3 : 6
const SCRIPT = scriptBeside(import.meta, 'sell-orders')

interface Job {
  readonly state: string
  readonly ledger: string
  readonly orders: readonly string[]
  readonly topUps?: readonly string[]
}

interface Ended {
  readonly code: number | null
  readonly lines: readonly { orderId: string; endpointId?: string; error?: string }[]
  readonly stderr: string
}

/** Where a test keeps what it sells from, and what a death may leave there that should not be. */
interface Places {
  readonly state: string
  readonly ledger: string
  readonly left?: () => readonly string[]
}

function sell(market: Market, job: Job): { child: ChildProcess; ended: Promise<Ended> } {
  const spec = JSON.stringify({ topUps: [], ...job, url: market.simulator.url })
  const child = spawnNode([...SCRIPT, spec])
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const ended = new Promise<Ended>(resolve =>
    child.on('close', code => {
      const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1)
      const lines = whole.split('\n').filter(Boolean)
      resolve({ code, lines: lines.map(line => JSON.parse(line)), stderr })
    }),
  )
  return { child, ended }
}

/** Processes that sell from one ledger, all at once and killed: no order is sold twice, whatever the store. */
export function testProcesses(
  t: Test,
  name: string,
  openPlaces: (t: Test) => Places | Promise<Places>,
): void {
  t.test(
    `${name}: ${SELLERS} processes selling the same ${SHARED} orders make ${SHARED} sales`,
    async t => {
      const market = await openMarket(t, { endpoints: SHARED + 30, sft: { timeoutSeconds: 60 } })
      const { state, ledger: place } = await openPlaces(t)
      await market.save(state)
      const orders = Array.from({ length: SHARED }, (_, n) => `A-${n}`)
      const ends = await Promise.all(
        Array.from({ length: SELLERS }, () => sell(market, { state, ledger: place, orders }).ended),
      )
      for (const { code, stderr } of ends) t.same([code, stderr], [0, ''])
      const told = new Map<string, Set<string | undefined>>()
      for (const { orderId, endpointId } of ends.flatMap(end => end.lines))
        told.set(orderId, (told.get(orderId) ?? new Set()).add(endpointId))
      t.equal(told.size, SHARED)
      t.ok([...told.values()].every(endpoints => endpoints.size === 1 && !endpoints.has(undefined)))
      await using ledger = await openLedger(place)
      t.equal(
        (await allOrders(ledger)).filter(order => order.status === 'delivered').length,
        SHARED,
      )
      t.same(await checkAccount(ledger, market.simulator), [])
      const instances = [...market.simulator.world.endpoints.values()].flatMap(one => one.instances)
      t.equal(instances.length, SHARED)
    },
  )

  t.test(`${name}: ${ROUNDS} rounds of kill -9 at random times, seed ${SEED}`, async t => {
    const round = fc.record({
      kills: fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1, maxLength: 3 }),
      together: fc.boolean(),
      wire: arbitraryWire(),
    })
    for (const [index, { kills, together, wire }] of fc
      .sample(round, { numRuns: ROUNDS, seed: SEED })
      .entries()) {
      const itsWire: SimulatedWire = {}
      const market = await openMarket(t, {
        endpoints: 12,
        simulator: { sims: 30, latencyMs: 30, wire: itsWire },
        sft: { timeoutSeconds: 60 },
      })
      // Where nothing tells the add-ons, what a death left in doubt is for people.
      Object.assign(itsWire, hidesAddons(wire) ? { ...wire, profileForm: 'blocks' } : wire)
      const { state, ledger: place, left } = await openPlaces(t)
      await market.save(state)
      const job = {
        state,
        ledger: place,
        orders: Array.from({ length: 6 }, (_, n) => `P-${n}`),
        topUps: ['T-1', 'T-2'],
      }
      /** Kills a process so many milliseconds after its first call, so that it dies in the middle. */
      const sellAndDie = async (delay: number) => {
        const before = market.simulator.calls.length
        const { child, ended } = sell(market, job)
        while (market.simulator.calls.length === before && child.exitCode === null)
          await new Promise(resolve => setTimeout(resolve, 2))
        await new Promise(resolve => setTimeout(resolve, delay))
        child.kill('SIGKILL')
        await ended
      }
      if (together) await Promise.all(kills.map(sellAndDie))
      else for (const delay of kills) await sellAndDie(delay)
      const last = await sell(market, job).ended
      t.same([last.code, last.stderr], [0, ''])
      await using ledger = await openLedger(place)
      const problems = [...(await checkAccount(ledger, market.simulator))]
      const delivered = (await allOrders(ledger)).filter(order => order.status === 'delivered')
      if (delivered.length !== 8) problems.push(`${delivered.length} of 8 orders are delivered`)
      t.same(problems, [], `round ${index}: ${JSON.stringify({ kills, together, wire })}`)
      t.same(left?.() ?? [], [])
      if (!t.passing()) break
      await market.simulator.close()
    }
  })
}
