import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Ledger, memoryLedger, openProvisioner } from '../../src/provision/index.ts'
import type { Sft } from '../../src/sft/api.ts'
import { SftUnknownOutcomeError, SftUnreachableError } from '../../src/sft/errors.ts'
import type { FaultKind } from '../../src/simulator/index.ts'
import { virtualClock } from '../clocks.ts'
import { checkAccount } from './check-account.ts'
import { doomAt, doomedLedger, doomedSft } from './crash.ts'
import { allOrders } from './rows.ts'
import { type Market, openMarket } from './support.ts'

/** Rounds; thousands with `PROVISION_ROUNDS=5000`. `PROVISION_SEED` replays. */
const ROUNDS = Number(process.env['PROVISION_ROUNDS'] ?? 20)
const SEED = Number(process.env['PROVISION_SEED'] ?? Date.now() % 2 ** 31)

const WRITE_FAULTS: readonly FaultKind[] = [
  'late',
  'late-after-answer',
  'timeout-text',
  'timeout-text-not-executed',
  'throttle-429',
  'expired-token-inner',
  '5xx-before',
  '5xx-after',
  'non-json-after',
  'empty-body-after',
  'half-answer',
  'reset-before',
  'reset-after',
  'no-answer',
  'field-missing',
  'rejected',
]

/** Before the time at which settling gives up. */
const LATEST_MS = 1200

/** What happens in one round: orders, faults by operation, and the steps at which the process dies. */
const round = fc.record({
  purchases: fc.integer({ min: 1, max: 3 }),
  topUps: fc.integer({ min: 0, max: 2 }),
  faults: fc.array(
    fc.record({
      operation: fc.constantFrom('EndPointLifeCycleChange', 'SubscribeAddon', 'writes', '*'),
      kind: fc.constantFrom(...WRITE_FAULTS),
      skip: fc.integer({ min: 0, max: 3 }),
      delayMs: fc.integer({ min: 1, max: LATEST_MS }),
    }),
    { maxLength: 3 },
  ),
  deaths: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
})
type Round = typeof round extends fc.Arbitrary<infer Value> ? Value : never

interface Sabotage {
  readonly ledger?: (ledger: Ledger) => Ledger
  readonly sft?: (sft: Sft) => Sft
}

async function openShopOn(market: Market, ledger: Ledger, sft: Sft) {
  return await openProvisioner({
    state: async () => market.state(),
    sft,
    ledger,
    ...(market.clock !== undefined && { clock: market.clock }),
    env: {},
    resumeAtOpen: false,
    policies: { esimsTried: 5 },
  })
}

/** Sells what a round says, through faults and deaths, then without them; what is wrong at the end. */
async function play(
  t: Test,
  { purchases, topUps, faults, deaths }: Round,
  sabotage: Sabotage = {},
): Promise<readonly string[]> {
  const clock = virtualClock()
  const market = await openMarket(t, {
    endpoints: 12,
    simulator: { sims: 20 },
    sft: { timeoutSeconds: 3, settleSeconds: 4 },
    clock,
  })
  const kept = memoryLedger()
  const ledger = sabotage.ledger?.(kept) ?? kept
  const wrapSft = sabotage.sft ?? (sft => sft)
  const orderIds = Array.from({ length: purchases }, (_, n) => `P-${n}`)

  /** Each order once, errors and all: what is left undone is done at the end. */
  const sellAll = async (shop: Awaited<ReturnType<typeof openShopOn>>) => {
    await shop.resume()
    await Promise.allSettled(
      orderIds.map(async orderId => {
        const { endpointId } = await shop.purchase({ orderId, sku: 'EU-1GB' })
        if (orderId !== 'P-0') return
        await Promise.allSettled(
          Array.from({ length: topUps }, (_, n) =>
            shop.topUp({ orderId: `T-${n}`, endpointId, sku: 'EU-1GB' }),
          ),
        )
      }),
    )
  }

  for (const fault of faults) market.simulator.fault(fault)
  for (const death of deaths) {
    const doom = doomAt(death)
    const shop = await openShopOn(
      market,
      doomedLedger(ledger, doom),
      doomedSft(wrapSft(market.openSft()), doom),
    )
    await Promise.race([sellAll(shop), doom.died])
  }
  // A fault in a token's renewal would refuse the account; the seller opens it anew, as one would.
  for (let attempt = 1; attempt <= 3; attempt++) {
    if (attempt === 2) market.simulator.clearFaults()
    const sft = market.openSft()
    await using shop = await openShopOn(market, ledger, wrapSft(sft))
    await sellAll(shop)
  }
  // What is late is executed by then.
  await clock.sleep(2 * LATEST_MS)
  const problems = [...(await checkAccount(kept, market.simulator))]
  const expected = purchases + topUps
  const delivered = (await allOrders(kept)).filter(order => order.status === 'delivered').length
  if (delivered !== expected) problems.push(`${delivered} of ${expected} orders are delivered`)
  await market.simulator.close()
  return problems
}

/** Plays many rounds, some at once; the first problem with what replays it. */
async function playMany(t: Test, rounds: number, sabotage?: Sabotage): Promise<string | undefined> {
  const samples = fc.sample(round, { numRuns: rounds, seed: SEED })
  let problem: string | undefined
  const next = samples.entries()
  const worker = async () => {
    for (const [index, sample] of next) {
      if (problem !== undefined) return
      const problems = await play(t, sample, sabotage)
      if (problems.length > 0)
        problem ??= `round ${index} of PROVISION_SEED=${SEED}: ${problems.join('; ')} in ${JSON.stringify(sample)}`
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return problem
}

t.test(`${ROUNDS} rounds of faults and deaths between steps, seed ${SEED}`, async t => {
  t.equal(await playMany(t, ROUNDS), undefined)
})

t.test('with intents switched off this suite fails', async t => {
  const withoutIntents = (ledger: Ledger): Ledger => ({
    ...ledger,
    transact: (keys, decide) =>
      ledger.transact(keys, rows => {
        const { entries, result } = decide(rows)
        return {
          result,
          entries: entries.map(entry => {
            if (entry.table !== 'orders') return entry
            const { intent: _intent, ...row } = entry.row
            return { table: 'orders', row }
          }),
        }
      }),
  })
  t.match(await playMany(t, 200, { ledger: withoutIntents }), /has no order|was sold to|is active/)
})

t.test('with settling switched off this suite fails', async t => {
  // Takes every unclear outcome for a write that did not happen.
  const withoutSettling = (sft: Sft): Sft => ({
    ...sft,
    write: {
      ...sft.write,
      subscribeAddon: (request, options) =>
        sft.write.subscribeAddon(request, options).catch((error: unknown) => {
          throw error instanceof SftUnknownOutcomeError ? new SftUnreachableError('guessed') : error
        }),
    },
  })
  t.match(await playMany(t, 200, { sft: withoutSettling }), /has no order/)
})
