import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { type Clock, SYSTEM_CLOCK } from '../../src/clock.ts'
import {
  applyPlan,
  loadCatalog,
  makePlan,
  openSft,
  openState,
  readState,
  registerStore,
  sharedSlots,
} from '../../src/index.ts'
import {
  type Ledger,
  memoryLedger,
  openLedger,
  openProvisioner,
} from '../../src/provision/index.ts'
import { withoutSecrets } from '../../src/stores/addresses.ts'
import { shownPlace } from '../../src/stores/registry.ts'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'
import type { Ended } from '../cli/run-cli.ts'
import { virtualClock } from '../clocks.ts'
import { PROGRAM, REPOSITORY, scriptBeside, spawnNode } from '../program.ts'
import { openMarket, openShop } from '../provision/support.ts'
import { type Given, spareStore } from '../stores/spare-store.ts'

registerStore('Spare:', async () => spareStore)

const SELL = 'provision --order A-1 --sku ALPS-1GB-7D'

/** A desk with two eSIMs, everything of which is kept in a store that the test folder has. */
async function openSpareDesk(t: Test): Promise<Desk & { readonly place: string }> {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  mkdirSync(join(desk.folder, 'kept'))
  return { ...desk, place: `spare:${join(desk.folder, 'kept')}` }
}

/** Runs the program as it is, with that store registered. */
async function runSpare(desk: Desk & { readonly place: string }, args: string): Promise<Ended> {
  const main = scriptBeside(import.meta, '../stores/cli-with-spare')
  const set = Object.entries({ ...desk.env, SFT_STATE: desk.place, SFT_LEDGER: desk.place })
  const start = `process.chdir(${JSON.stringify(desk.folder)}); Object.assign(process.env, ${JSON.stringify(Object.fromEntries(set))})`
  const child = spawnNode([
    '--import',
    `data:text/javascript,${encodeURIComponent(start)}`,
    ...main,
    ...args.split(' '),
  ])
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text
    })
  const code = await new Promise<number | undefined>(done =>
    child.on('close', code => done(code ?? undefined)),
  )
  return { code, signal: undefined, ...written }
}

t.test('a store is one file: state, ledger and budget are opened by its scheme', async t => {
  const desk = await openSpareDesk(t)
  const env = { SFT_STATE: desk.place, SFT_LEDGER: desk.place }
  const inside = (args: string) => desk.run(args, { env, asTyped: true })
  const ends = async (args: string, code: number, said: RegExp, run = inside) => {
    const ended = await run(args)
    t.equal(ended.code, code, `${args}: ${ended.stderr}`)
    t.match(`${ended.stdout}${ended.stderr}`, said, args)
  }
  const given = (): number =>
    readFileSync(join(desk.folder, 'kept/budget'), 'utf8')
      .split('\n')
      .flatMap(line => (line === '' ? [] : [(JSON.parse(line) as Given).count]))
      .reduce((sum, count) => sum + count, 0)

  await ends('plan', 0, /there is no state at spare:.*apply needs --init/)
  const alone = (args: string) => runSpare(desk, args)
  await ends('apply --auto-approve --init', 0, /4 done/, alone)
  const before = given()
  t.ok(before >= desk.simulator.calls.length, 'every call has drawn on its budget')
  await ends('plan --detailed-exitcode', 0, /spare:.*kept/)
  await ends('drift', 0, /./)
  await ends('state list', 0, /addonPlan\/alps-1gb/)
  await ends(SELL, 0, /A-1: delivered/, alone)
  await ends(SELL, 0, /A-1: delivered/)
  await ends('stock', 0, /1/)
  t.ok(given() > before, 'selling draws on it too')
  t.equal(desk.writes().filter(name => name === 'SubscribeAddon').length, 1)
  t.notOk(existsSync(join(desk.folder, 'state.json.calls')), 'nothing stands in files of ours')
  t.notOk(existsSync(join(desk.folder, 'orders.json')))

  await ends('state backup', 1, /spare:.*kept: a state there is not copied to backups; use what/)
  await ends('state unlock', 1, /a state there has no lock to remove/)
  await ends('state accept-edit --yes', 1, /a state there takes no edits by hand/)
  await ends('ledger check', 1, /a ledger there has nothing to check/)
  await ends('ledger backup', 1, /a ledger there is not copied to backups/)
  await ends(
    'plan --state nowhere:x',
    1,
    /nowhere: is not a place for a state; .* file:, .*memory:, spare:/,
  )
  await ends('state list --state SPARE:x', 0, /^$/)
})

t.test('what a script makes known to the library, the built program knows', async t => {
  if (!PROGRAM.some(word => word.endsWith('dist/cli/main.js'))) {
    t.pass('it is not built')
    return
  }
  const script = `
    import { registerStore, SftThrottledError } from ${JSON.stringify(new URL('dist/index.js', REPOSITORY).href)}
    const open = async () => { throw new SftThrottledError('this store is asked too often') }
    registerStore('spare:', async () => ({ state: { open, read: open, isThere: open } }))`
  const child = spawnNode([
    '--import',
    `data:text/javascript,${encodeURIComponent(script)}`,
    ...PROGRAM,
    ...'state list --state spare:x'.split(' '),
  ])
  const [told] = await Promise.all([text(child.stderr), text(child.stdout)])
  t.match(told, /this store is asked too often/)
  t.notMatch(told, / at /, 'an error of the library is one that the program foresees')
})

t.test(
  'a library that is needed for one store is loaded when an address of it is opened',
  async t => {
    let loaded = 0
    registerStore('late:', async () => {
      loaded += 1
      return { state: spareStore.state! }
    })
    await openState('memory:')
    t.equal(loaded, 0)
    t.equal((await readState(`late:${t.testdir()}`)).serial, 0)
    t.equal(loaded, 1)
    await t.rejects(openLedger('late:x'), /late: is not a place for a ledger; give a file's path/)
    t.throws(() => registerStore('late:', async () => ({})), /late: has a store already/)
    t.throws(() => registerStore('MEMORY:', async () => ({})), /memory: has a store already/)
    t.throws(() => registerStore('C:', async () => ({})), /C: is no scheme/)
    t.equal(
      (await readState(join(t.testdir(), 'C:\\state.json'))).serial,
      0,
      'a drive is no scheme',
    )
  },
)

t.test('an address is told without its secrets', t => {
  const secret = 'postgres://shop:hunter2@db.example:5432/sft?password=hunter2#x'
  t.equal(withoutSecrets(secret), 'postgres://db.example:5432/sft')
  t.equal(shownPlace(secret), 'postgres://db.example:5432/sft')
  t.equal(withoutSecrets('orders?.db'), 'orders?.db')
  t.equal(shownPlace('file:state.json'), join(process.cwd(), 'state.json'))
  t.equal(shownPlace('memory:'), 'memory:')
  t.end()
})

t.test('the library plans, applies and sells over it as the command line does', async t => {
  const desk = await openSpareDesk(t)
  const { catalog } = await loadCatalog(join(desk.folder, 'catalog'))
  const credentials = {
    baseUrl: desk.simulator.url,
    username: 'seller',
    password: desk.env['SFT_PASSWORD'] ?? '',
    callsPerSecond: 1000,
  }
  const slots = sharedSlots(desk.place, { account: 'a' })
  await using sft = openSft({ ...credentials, slots })
  await using store = await openState(desk.place)
  const { plan } = await makePlan(catalog!, store.state, sft)
  t.equal((await applyPlan(plan, { sft, store })).counts.done, 4)
  await using shop = await openProvisioner({
    state: desk.place,
    ledger: desk.place,
    sft: credentials,
    env: {},
  })
  const sale = await shop.purchase({ orderId: 'A-1', sku: 'ALPS-1GB-7D' })
  t.ok(desk.iccids.includes(sale.iccid))
})

t.test('the rate of an account is shared wherever the state comes from', async t => {
  const desk = await openSpareDesk(t)
  await desk.run('apply --auto-approve')
  const sft = {
    baseUrl: desk.simulator.url,
    username: 'seller',
    password: desk.env['SFT_PASSWORD'] ?? '',
    callsPerSecond: 1000,
  }
  const state = () => desk.state()
  const sellOne = async (orderId: string, options: Parameters<typeof openProvisioner>[0]) => {
    await using shop = await openProvisioner({ state, sft, env: {}, ...options })
    await shop.purchase({ orderId, sku: 'ALPS-1GB-7D' })
  }
  const ledger = join(desk.folder, 'orders.db')
  await sellOne('A-1', { ledger })
  t.ok(existsSync(`${ledger}.calls`), 'with those who sell from the same ledger')
  let asked = 0
  const slots = sharedSlots('memory:', { account: 'a' })
  const reserve: typeof slots.reserve = request => {
    asked += 1
    return slots.reserve(request)
  }
  await sellOne('A-2', { ledger: memoryLedger(), budget: { ...slots, reserve } })
  t.ok(asked > 0, 'with a source of the caller')
  await t.rejects(
    openProvisioner({ state, sft, ledger: memoryLedger(), env: {} }),
    /nothing says with whom the rate of the account is shared: give budget, or set SFT_BUDGET/,
  )
})

t.test('SFT_BUDGET says with whom commands and shops share the rate', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const { code } = await desk.run('apply --auto-approve', { env: { SFT_BUDGET: 'shared' } })
  t.equal(code, 0)
  t.ok(existsSync(join(desk.folder, 'shared.calls')))
  t.notOk(existsSync(join(desk.folder, 'state.json.calls')))
  const refused = await desk.run('plan', { env: { SFT_BUDGET: 'nowhere:x' } })
  t.equal(refused.code, 1)
  t.match(refused.stderr, /nowhere: is not a place for a call budget; .* file:, .*memory:/)
})

t.test('memory is one place for all clients of a process that use one account', async t => {
  const clock = virtualClock()
  const open = (address: string, account: string) => sharedSlots(address, { account, clock })
  const ask = { stepMs: 500, count: 2, notBefore: 0, unused: undefined }
  const first = await open('memory:', 'ana').reserve(ask)
  const second = await open('memory:', 'ana').reserve(ask)
  t.ok(second.at > first.at + 200, 'one after the other')
  const others = [open('memory:', 'bea'), open('memory:shop', 'ana')]
  for (const other of others) t.equal((await other.reserve(ask)).at, first.at)
  const unclosed = await sharedSlots('memory:', { account: 'ana', clock: SYSTEM_CLOCK }).reserve(
    ask,
  )
  t.ok(unclosed.at < second.at + 1000, 'clocks are apart')
})

t.test('a file that is none of call times is never written over', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const text = JSON.stringify({ a: 'file of somebody else '.repeat(20) })
  desk.write('state.json.calls', text)
  const { code, stderr } = await desk.run('apply --auto-approve')
  t.equal(code, 1)
  t.match(stderr, /state\.json\.calls: it is no file of call times, and is left as it is; move it/)
  t.equal(desk.read('state.json.calls'), text)
})

t.test('who waits for another owner is told, and does not look again and again', async t => {
  const folder = t.testdir()
  const stores: Readonly<Record<string, () => Promise<readonly [Ledger, Ledger]>>> = {
    'in memory': async () => {
      const ledger = memoryLedger()
      return [ledger, ledger]
    },
    'in files': async () => [
      await openLedger(join(folder, 'orders.db')),
      await openLedger(join(folder, 'orders.db')),
    ],
  }
  // Time for whoever only looks again never comes.
  const clock: Clock = {
    ...SYSTEM_CLOCK,
    sleep: (_ms, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  }
  for (const [name, open] of Object.entries(stores))
    await t.test(name, async t => {
      const market = await openMarket(t, { endpoints: 3, simulator: { latencyMs: 100 } })
      const [ledger, same] = await open()
      const one = await openShop(market, { ledger })
      const other = await openShop(market, { ledger: same, clock })
      const request = { orderId: 'A-1', sku: 'EU-1GB' }
      const first = one.shop.purchase(request)
      // Its reservation is in the ledger, and its calls are under way.
      while ((await ledger.ordersAfter(undefined, 1)).length === 0) await SYSTEM_CLOCK.sleep(1)
      const second = await other.shop.purchase(request)
      t.equal(second.addon.uniqueId, (await first).addon.uniqueId)
      const { endpointId } = second
      const suspended = one.shop.suspend({ endpointId })
      await SYSTEM_CLOCK.sleep(1)
      await other.shop.reactivate({ endpointId })
      await suspended
      for (const part of [one.shop, other.shop, ledger, same]) await part[Symbol.asyncDispose]()
    })
})
