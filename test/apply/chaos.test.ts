// Random catalogs, edits, faults and deaths. `CHAOS_ROUNDS=5000` makes it long, `FC_SEED` and `FC_PATH`
// play a failure again. A round is one edit of a catalog, applied until it ends well.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type Clock, SYSTEM_CLOCK } from '../../src/clock.ts'
import type { Catalog } from '../../src/model.ts'
import {
  FAULT_KINDS,
  type Fault,
  type SimulatedPlanTerms,
  type SimulatedWire,
  type Simulator,
} from '../../src/simulator/index.ts'
import { openFileState, readFileState } from '../../src/state/file-store.ts'
import { arbitraryWire, silentOnce } from '../chaos/variants.ts'
import { withInit } from '../cli/desk.ts'
import { type Ended, startCli } from '../cli/run-cli.ts'
import {
  arbitraryAccount,
  arbitrarySteps,
  type CatalogDraft,
  catalogText,
  replayable,
} from './arbitrary-catalog.ts'
import { checkWorld } from './check-world.ts'
import { mortal } from './crash.ts'
import {
  applyOnce,
  applyUntilDone,
  catalogOf,
  fastClock,
  LATE_MS,
  openTestSft,
  planOnce,
  simulate,
} from './helpers.ts'

const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 12)
/** Lives that go on side by side: most of their time is waiting. */
const SIDE_BY_SIDE = 8
const STEPS = 3

const OPERATIONS = [
  'writes',
  '*',
  'CreateRateZone',
  'ModifyRateZone',
  'CreatePlan',
  'ModifyPlan',
  'CreateEndPoint',
  'CreateBulkEndPoint',
  'ModifyEndPoint',
  'GetRateZone',
  'QueryRatePlan',
  'fetchSIM',
]

const arbitraryFaults = fc.array(
  fc
    .record({
      operation: fc.constantFrom(...OPERATIONS),
      // Half a list without a word about it is a lie that nothing can see.
      kind: fc.constantFrom(...FAULT_KINDS.filter(kind => kind !== 'rows-missing')),
      skip: fc.nat(4),
    })
    .map((fault): Fault => ({ ...fault, delayMs: LATE_MS })),
  { maxLength: 4 },
)

/** The steps at which processes die, one after the other: an apply of some size has 30 or so. */
const arbitraryDeaths = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 3 })

async function stock() {
  await using simulator = await simulate()
  const tadigs = [...new Set([...simulator.world.networks.values()].map(({ tadig }) => tadig))]
  return {
    iccids: [...simulator.world.sims.keys()].slice(0, 5),
    networks: tadigs.filter(tadig => /^(BEL|NLD|FRA|DEU|GBR)/.test(tadig)).slice(0, 8),
  }
}

/** One process, until it ends or dies; what it leaves behind is a lock, a journal and calls on their way. */
async function runDoomed(catalog: Catalog, simulator: Simulator, path: string, atStep: number) {
  let dead = false
  const clock: Clock = {
    now: fastClock.now,
    sleep: async (ms, signal) => {
      await fastClock.sleep(ms, signal)
      if (dead) await new Promise(() => {})
    },
  }
  const store = await openFileState(path)
  const sft = openTestSft(simulator, { clock })
  const doomed = mortal(sft, store, { atStep })
  const run = applyOnce(catalog, doomed.sft, doomed.store, { apply: { clock } })
  const ended = await Promise.race([
    doomed.death.then(() => 'died' as const),
    run.then(
      () => 'ended' as const,
      () => 'failed' as const,
    ),
  ])
  if (ended === 'died') {
    dead = true
    // Nobody folds and unlocks for the dead: the next run finds the journal as it was left.
    await rm(`${path}.lock`, { force: true })
  }
  await store[Symbol.asyncDispose]()
  await sft[Symbol.asyncDispose]()
  return ended
}

/** Names that are taken or cannot be changed, and what waits for what is blocked. */
const RIGHTLY_BLOCKED = /of the state already|is blocked|\bname\b/

async function checkRound(
  catalog: Catalog,
  simulator: Simulator,
  path: string,
  planTerms: SimulatedPlanTerms | undefined,
  clock = fastClock,
): Promise<void> {
  const state = await readFileState(path)
  await using sft = openTestSft(simulator, { clock })
  const { plan } = await planOnce(catalog, sft, { state })
  const refused = plan.changes.filter(change => change.action === 'blocked')
  const blocked = refused.filter(change => RIGHTLY_BLOCKED.test(change.reason))
  const problems = [
    ...checkWorld(
      catalog,
      simulator.world,
      state,
      new Set(blocked.map(change => change.address)),
      undefined,
      planTerms,
    ),
    ...plan.operations.map(operation => `the next plan has ${operation.id}`),
  ]
  const why = refused.map(({ address, reason }) => `${address} is blocked: ${reason}`)
  if (problems.length > 0) throw new Error([...problems, ...why].join('\n'))
}

const life = (iccids: readonly string[], networks: readonly string[]) =>
  fc.record({
    account: arbitraryAccount(),
    steps: arbitrarySteps(iccids, networks, STEPS, STEPS),
    faults: fc.array(arbitraryFaults, { minLength: STEPS, maxLength: STEPS }),
    deaths: fc.array(arbitraryDeaths, { minLength: STEPS, maxLength: STEPS }),
  })

type Life = ReturnType<typeof life> extends fc.Arbitrary<infer Value> ? Value : never

t.test('whatever fails and dies, the account ends as the catalog says', async t => {
  t.setTimeout(3_600_000)
  const { iccids, networks } = await stock()
  const folder = t.testdir()
  const tally = { rounds: 0, died: 0, ended: 0, failed: 0 }
  const live = async ({ account, steps, faults, deaths }: Life): Promise<void> => {
    const path = join(await mkdtemp(join(folder, 'life-')), 'state.json')
    await using simulator = await simulate(account)
    let before: CatalogDraft | undefined
    for (const [at, step] of steps.entries()) {
      const catalog = await catalogOf(catalogText(step, before))
      for (const fault of silentOnce(faults[at] ?? [])) simulator.fault(fault)
      for (const death of deaths[at] ?? [])
        tally[await runDoomed(catalog, simulator, path, death)] += 1
      {
        await using store = await openFileState(path)
        await applyUntilDone(catalog, () => openTestSft(simulator), store, {}, 8)
        simulator.clearFaults()
      }
      await checkRound(catalog, simulator, path, account.wire?.planTerms)
      before = step.catalog
      tally.rounds += 1
    }
  }
  const parameters = replayable(Math.ceil(ROUNDS / SIDE_BY_SIDE / STEPS))
  t.comment(`FC_SEED=${parameters.seed} FC_RUNS=${parameters.numRuns}`)
  await fc.assert(
    fc.asyncProperty(
      fc.array(life(iccids, networks), { minLength: SIDE_BY_SIDE, maxLength: SIDE_BY_SIDE }),
      async lives => {
        const ended = await Promise.allSettled(lives.map(live))
        for (const end of ended) if (end.status === 'rejected') throw end.reason
      },
    ),
    { ...parameters, endOnFailure: process.env['FC_SHRINK'] === undefined },
  )
  t.comment(JSON.stringify(tally))
  t.ok(tally.died > 0, 'processes died')
})

const KILLED_LIVES = Math.ceil(ROUNDS / 30)
/** Each starts some ten processes. */
const KILLED_SIDE_BY_SIDE = KILLED_LIVES > 1 ? 4 : 3

t.test('real processes killed in the middle leave nothing twice and lose no ID', async t => {
  t.setTimeout(3_600_000)
  const { iccids, networks } = await stock()
  const folder = t.testdir()
  const tally = { kills: 0, between: 0 }

  const live = async (
    catalogs: readonly string[],
    moments: readonly number[],
    faults: Fault[],
    wire: SimulatedWire,
  ) => {
    const home = await mkdtemp(join(folder, 'home-'))
    await mkdir(join(home, 'catalog'))
    await using simulator = await simulate({ latencyMs: 10, clock: SYSTEM_CLOCK, wire })
    const env = {
      SFT_BASE_URL: simulator.url,
      SFT_USERNAME: 'simulator',
      SFT_PASSWORD: 'simulator',
      SFT_CALLS_PER_SECOND: '1000',
      // Longer than the faults are late, by more than a busy machine is.
      SFT_SETTLE_SECONDS: '3',
    }
    const start = () =>
      startCli(withInit(['apply', '--auto-approve', '--force', '--allow-blocked'], home, {}), {
        cwd: home,
        env,
      })
    const isWrite = (call: Simulator['calls'][number]) =>
      call.method !== 'GET' && call.operation !== 'Login'
    for (const text of catalogs) {
      await writeFile(join(home, 'catalog', 'catalog.yaml'), text)
      const catalog = await catalogOf(text)
      for (const fault of faults) simulator.fault({ ...fault, delayMs: 300 })
      for (const moment of moments) {
        const already = simulator.calls.length
        const writes = () => simulator.calls.slice(already).filter(isWrite).length
        const running = start()
        let ended: Ended | undefined
        const ending = running.ended.then(end => {
          ended = end
        })
        // Killed as its n-th write arrives, which is before it is answered.
        while (ended === undefined && writes() < moment)
          await new Promise(resolve => setTimeout(resolve, 1))
        running.kill('SIGKILL')
        await ending
        if (ended?.signal === 'SIGKILL') {
          tally.kills += 1
          if (writes() > 0) tally.between += 1
        }
        // The journal that it left is readable.
        await readFileState(join(home, 'state.json'))
      }
      let last: Ended | undefined
      for (let runs = 0; runs < 4 && last?.code !== 0; runs++) last = await start().ended
      if (last?.code !== 0) throw new Error(`${last?.stdout}\n${last?.stderr}`)
      simulator.clearFaults()
      await checkRound(catalog, simulator, join(home, 'state.json'), wire.planTerms, SYSTEM_CLOCK)
      await readFile(join(home, 'state.json'))
    }
  }

  const parameters = replayable(Math.ceil(KILLED_LIVES / KILLED_SIDE_BY_SIDE))
  t.comment(`FC_SEED=${parameters.seed} FC_RUNS=${parameters.numRuns}`)
  const one = fc.record({
    steps: arbitrarySteps(iccids, networks, 2),
    // What an account hides for good stays unknown, and no catalog becomes true there.
    wire: arbitraryWire().map(wire => ({ ...wire, junkRows: {} })),
    moments: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 2 }),
    faults: fc.array(
      fc.record({
        operation: fc.constant('writes'),
        kind: fc.constantFrom('late', 'late-after-answer', 'reset-after', '5xx-after'),
        skip: fc.nat(4),
      }) as fc.Arbitrary<Fault>,
      { maxLength: 1 },
    ),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(one, { minLength: KILLED_SIDE_BY_SIDE, maxLength: KILLED_SIDE_BY_SIDE }),
      async lives => {
        const ended = await Promise.allSettled(
          lives.map(({ steps, moments, faults, wire }) =>
            live(
              steps.map((step, at) => catalogText(step, steps[at - 1]?.catalog)),
              moments,
              faults,
              wire,
            ),
          ),
        )
        for (const end of ended) if (end.status === 'rejected') throw end.reason
      },
    ),
    { ...parameters, endOnFailure: true },
  )
  t.comment(JSON.stringify(tally))
  t.ok(tally.between * 2 > tally.kills, 'most of them between the first and the last write')
})
