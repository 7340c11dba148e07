// Endpoints activated by tag through faults and kills, while a shop sells from the same stock. `STOCK_ENDPOINTS` says
// how many, `STOCK_SEED` replays.
import { join } from 'node:path'
import t from 'tap'
import { fileLedger, openProvisioner } from '../../src/provision/index.ts'
import type { FaultKind, Simulator } from '../../src/simulator/index.ts'
import { startCli } from '../cli/run-cli.ts'
import { checkAccount } from './check-account.ts'
import { allEsims, allOrders } from './rows.ts'
import { openMarket } from './support.ts'

const ENDPOINTS = Number(process.env['STOCK_ENDPOINTS'] ?? 100)
const SEED = Number(process.env['STOCK_SEED'] ?? Date.now() % 2 ** 31)
const ORDERS = Math.ceil(ENDPOINTS / 8)
const KILLS = process.env['STOCK_ENDPOINTS'] === undefined ? 2 : 3

const FAULTS: readonly FaultKind[] = [
  'late',
  'timeout-text',
  'timeout-text-not-executed',
  'reset-before',
  'reset-after',
  '5xx-after',
  'half-answer',
  'empty-body-after',
  'rejected',
  'rejected-after',
  'already-after',
  'throttle-429',
  'expired-token-inner',
]

/** How often each endpoint was made Active, by whichever call. */
function activations(simulator: Simulator): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { operation, executed, body } of simulator.calls) {
    if (
      !executed ||
      !/^(EndPointLifeCycleChange|EndPointActivation|ActivateEndPoint)$/.test(operation)
    )
      continue
    const id = /"endPointId":"?(\d+)/.exec(JSON.stringify(body))?.[1] ?? ''
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/** A number below `below`, the same for the same seed and place. */
const drawn = (place: number, below: number): number =>
  Math.floor(((((SEED + place * 7919) * 2654435761) >>> 0) / 2 ** 32) * below)

t.test(
  `${ENDPOINTS} endpoints activated by tag, ${KILLS} kills, ${ORDERS} orders beside it, seed ${SEED}`,
  async t => {
    const market = await openMarket(t, {
      endpoints: ENDPOINTS,
      simulator: { latencyMs: 8 },
      sft: { timeoutSeconds: 30 },
    })
    const { simulator } = market
    await market.addBatch('second', ORDERS + 5, ['spare'])
    const folder = t.testdir()
    const [state, path] = [join(folder, 'state.json'), join(folder, 'orders.json')]
    await market.save(state)
    for (let n = 0; n < Math.ceil(ENDPOINTS / 8); n++)
      simulator.fault({
        operation: drawn(n, 4) === 0 ? 'writes' : 'EndPointLifeCycleChange',
        kind: FAULTS[drawn(3 * n, FAULTS.length)] ?? 'late',
        skip: 2 + drawn(5 * n, 6),
        delayMs: 20 + drawn(n, 300),
      })

    const words = 'endpoints activate --tag demo --auto-approve --force --json'.split(' ')
    const activate = () =>
      startCli(words, {
        cwd: folder,
        env: {
          SFT_BASE_URL: simulator.url,
          SFT_USERNAME: 'simulator',
          SFT_PASSWORD: 'simulator',
          SFT_CALLS_PER_SECOND: '1000',
          SFT_SETTLE_SECONDS: '2',
        },
      })

    await using shop = await openProvisioner({ state, ledger: path, sft: market.sft, env: {} })
    const sold: string[] = []
    const selling = (async () => {
      for (let n = 0; n < ORDERS; n++) {
        // A fault may end an attempt: the shop places the order again.
        for (let tries = 0; ; tries++)
          try {
            sold.push((await shop.purchase({ orderId: `A-${n}`, sku: 'EU-1GB' })).endpointId)
            break
          } catch (error) {
            if (tries > 6) throw error
          }
        await new Promise(resolve => setTimeout(resolve, drawn(n, 30)))
      }
    })()

    const done = () => activations(simulator).size
    for (let kill = 1; kill <= KILLS; kill++) {
      const run = activate()
      const until = (ENDPOINTS * kill) / (KILLS + 2)
      const ended = run.ended.then(() => true)
      while (done() < until && !(await Promise.race([ended, later(4)])));
      run.kill('SIGKILL')
      await run.ended
    }
    simulator.clearFaults()
    const last = await activate().ended
    await selling
    t.equal(last.code, 0, 'the run after the last kill ends well')
    if (last.code !== 0) t.comment(`${last.stdout.slice(-600)}${last.stderr.slice(-600)}`)
    const again = await activate().ended
    t.equal(again.code, 0)
    t.match(JSON.parse(again.stdout), { plan: { summary: { update: 0, blocked: 0 } } })

    const counts = activations(simulator)
    t.same(
      [...counts].filter(([, many]) => many !== 1),
      [],
      'each once',
    )
    await using ledger = await fileLedger(path)
    const rows = new Map((await allEsims(ledger)).map(row => [row.endpointId, row]))
    const tagged = Object.values(market.state().endpoints).filter(one => one.tags.includes('demo'))
    t.equal(tagged.length, ENDPOINTS)
    const problems: string[] = []
    for (const { endpointId } of tagged) {
      const endpoint = simulator.world.endpoints.get(endpointId)
      const row = rows.get(endpointId)
      if (endpoint?.status !== 'Active') problems.push(`${endpointId} is ${endpoint?.status}`)
      if (row?.status === 'in service' ? sold.includes(endpointId) : row?.status !== 'delivered')
        problems.push(`${endpointId} is ${row?.status}, sold: ${sold.includes(endpointId)}`)
      if (row?.status === 'in service' && endpoint?.instances.length !== 0)
        problems.push(`${endpointId} was sold as new`)
      if (row?.operation !== undefined) problems.push(`${endpointId} is still announced`)
    }
    t.same(problems, [])
    t.equal(new Set(sold).size, ORDERS, 'one eSIM an order')
    t.equal((await allOrders(ledger)).filter(order => order.status === 'delivered').length, ORDERS)
    t.same(await checkAccount(ledger, simulator), [])
    t.comment(
      `${sold.filter(id => rows.get(id)?.tags.includes('demo')).length} of ${ORDERS} sales took one with the tag`,
    )
  },
)

const later = (ms: number) => new Promise<false>(resolve => setTimeout(() => resolve(false), ms))
