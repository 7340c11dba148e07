// The small print: what is said, and about which file or setting, where something small is wrong.
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { fromWire } from '../../src/sft/wire-form.ts'
import { wireFormOf } from '../../src/sft/wire-settings.ts'
import { ACCOUNT, openDesk, smallCatalog } from '../cli/desk.ts'
import { rows } from './rows.ts'

/** No name of an error of the system, no class, no line of a stack. */
const BARE = /\bE[A-Z]{4,}\b|\b\w+Error\b|^\s+at |nobody foresaw/m

const SALE = 'provision --order A-1 --sku ALPS-1GB-7D'

rows('two names of one thing share what stands beside it', [
  {
    name: 'a state by its own name and by a link has one file of call times',
    check: async (t, desk) => {
      mkdirSync(join(desk.folder, 'real'))
      symlinkSync('real/state.json', join(desk.folder, 'state.json'))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      t.equal((await desk.run('plan --state real/state.json')).code, 0)
      const beside = (folder: string) =>
        readdirSync(join(desk.folder, folder)).filter(name => name.startsWith('state.json'))
      t.strictSame(beside('.'), ['state.json'])
      t.strictSame(beside('real'), [
        'state.json',
        'state.json.backups',
        'state.json.calls',
        'state.json.history',
      ])
    },
  },
  {
    name: 'a ledger by its own name and by a link has one of everything',
    check: async (t, desk) => {
      mkdirSync(join(desk.folder, 'real'))
      symlinkSync('real/orders.json', join(desk.folder, 'orders.json'))
      const env = { SFT_BUDGET: 'orders.json' }
      t.equal((await desk.run('apply --auto-approve', { env })).code, 0)
      await desk.run(SALE, { env })
      await desk.run(`${SALE} --ledger real/orders.json`)
      t.strictSame(
        readdirSync(desk.folder).filter(name => name.startsWith('orders')),
        ['orders.json'],
      )
      t.ok(readdirSync(join(desk.folder, 'real')).includes('orders.json.calls'))
    },
  },
  {
    name: 'a budget that is a link has its lock beside its target',
    check: async (t, desk) => {
      mkdirSync(join(desk.folder, 'real'))
      symlinkSync('real/rate.calls', join(desk.folder, 'rate.calls'))
      mkdirSync(join(desk.folder, 'real', 'rate.calls.lock'))
      const env = { SFT_BUDGET: 'rate' }
      const ended = await desk.run('apply --auto-approve', { env })
      t.equal(ended.code, 1)
      t.match(ended.stderr, /real\/rate\.calls\.lock: it is a folder/)
    },
  },
])

t.test('the file that is in the way is the one that is named', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  await desk.run(SALE)
  desk.write('catalog/more.yaml', 'version: 1\nrateZones: [{key: be, name: BE, countries: [BE]}]\n')
  for (const [name, kind, command] of [
    ['state.json.backups', 'file', 'apply --auto-approve'],
    ['state.json.backups', 'file', 'state backup'],
    ['state.json.journal', 'folder', 'apply --auto-approve'],
    ['state.json.journal', 'folder', 'plan'],
    ['state.json.lock', 'folder', 'apply --auto-approve'],
    ['state.json.tmp', 'folder', 'state rm addonPlan/alps-1gb'],
    ['state.json.journal.tmp', 'folder', 'apply --auto-approve'],
    ['orders.json.backups', 'file', 'ledger backup'],
    ['orders.json.lock', 'folder', SALE],
    ['orders.json.serial', 'folder', SALE],
  ] as const)
    await t.test(`${name} is a ${kind}: ${command}`, async t => {
      const path = join(desk.folder, name)
      rmSync(path, { recursive: true, force: true })
      if (kind === 'folder') mkdirSync(path)
      else writeFileSync(path, '')
      const { code, stderr } = await desk.run(command)
      t.equal(code, 1)
      const is = kind === 'folder' ? 'it is a folder' : 'it is no folder'
      t.match(stderr, new RegExp(`/${name.replaceAll('.', '\\.')}: ${is}`))
      t.notMatch(stderr, BARE)
      rmSync(path, { recursive: true })
    })
})

t.test(
  'a ledger of which nobody knows how far it was sells nothing until somebody looked',
  async t => {
    const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    t.equal((await desk.run(SALE)).code, 0)
    const older = desk.read('orders.json.serial')
    copyFileSync(join(desk.folder, 'orders.json'), join(desk.folder, 'older'))
    t.equal((await desk.run(SALE.replace('A-1', 'A-2'))).code, 0)
    copyFileSync(join(desk.folder, 'older'), join(desk.folder, 'orders.json'))
    desk.write('orders.json.serial', `${older}<<<<<<< a merge\n`)
    const since = desk.simulator.calls.length
    const refused = await desk.run(SALE.replace('A-1', 'A-2'))
    t.equal(refused.code, 1)
    t.match(
      refused.stderr,
      /orders\.json\.serial, which tells how far it was, was changed or damaged/,
    )
    t.strictSame(desk.writes(since), [])
    t.match(await desk.run('reconcile --auto-approve'), { code: 0 })
    t.equal((await desk.run(SALE.replace('A-1', 'A-3'))).code, 0)
    t.match(desk.read('orders.json.serial'), /^\S+ +\d+\n$/)
    // A power cut may leave it so: it is written without a sync.
    for (const text of ['', '\0'.repeat(54)]) {
      desk.write('orders.json.serial', text)
      t.equal((await desk.run(SALE)).code, 0)
    }
  },
)

t.test('a name can be seen, and says what it shows', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const entries = (name: string, more = '') => `${ACCOUNT}
rateZones:
  - { key: z, countries: [BE],
      name: ${name} }
addonPlans:
  - { key: p, rateZone: z, data: 1 GB, validity: 1 day, activation: first-use, charge: "1",${more}
      name: ${name} }
`
  for (const [what, name, isFine] of [
    ['a zero-width space', '"\\u200b"', false],
    ['a soft hyphen and a word joiner', '"\\u00ad\\u2060"', false],
    ['letters that show nothing', '"\\u3164\\u115f\\u2800"', false],
    ['joiners and selectors of nothing', '"\\u200d\\ufe0f"', false],
    ['tags', '"\\U000E0041"', false],
    ['a name turned round', '"Alps \\u202E5GB"', false],
    ['an isolate', '"Alps\\u2066"', false],
    ['a mark of direction', '"Alps\\u200f"', false],
    ['an escape', '"Alps \\u001b[2J"', false],
    ['a line separator', '"Alps\\u20285 GB"', false],
    ['a family of emoji', '"Alps \\U0001F468\\u200D\\U0001F469\\u200D\\U0001F467"', true],
    ['a heart', '"\\u2764\\uFE0F Alps"', true],
    [
      'Persian, with its joiner',
      '"\\u0645\\u06CC\\u200C\\u062E\\u0648\\u0627\\u0647\\u0645"',
      true,
    ],
    ['a pasted zero-width space, which is taken out', '"Al\\u200bps"', true],
  ] as const)
    await t.test(what, async t => {
      desk.write('catalog/catalog.yaml', entries(name))
      const { code, stderr } = await desk.run('validate')
      t.equal(code, isFine ? 0 : 1, stderr)
      if (isFine) return
      t.match(stderr, /catalog\.yaml:11:13: error SCHEMA/)
      t.match(stderr, /catalog\.yaml:14:13: error SCHEMA/)
    })
  desk.write('catalog/catalog.yaml', entries('A', ' description: "A \\u202E B",'))
  t.match((await desk.run('validate')).stderr, /description must be text that can be seen/)
  desk.write('catalog/catalog.yaml', entries('A', ' description: "A\\n\\tB\\n",'))
  t.equal((await desk.run('validate')).code, 0)
})

rows('a wrong setting is named, with the exit code of all wrong settings', [
  {
    name: 'of whatever command meets it first',
    check: async (t, desk) => {
      for (const [variable, value, command] of [
        ['SFT_ICCID_CHECK_DIGIT', 'maybe', 'validate'],
        ['SFT_ICCID_CHECK_DIGIT', 'ERROR', 'plan'],
        ['SFT_TIME_ZONE', 'Europe/Atlantis', 'plan'],
        ['SFT_TIME_ZONE', 'Europe/Atlantis', 'apply --auto-approve'],
        ['SFT_TIME_ZONE', ' ', 'coverage'],
        ['SFT_TIME_ZONE', 'UTC+25', 'doctor'],
        ['SFT_TIME_ZONE', 'Europe/Atlantis', 'stock'],
        ['SFT_BULK', 'yes', 'plan'],
        ['SFT_CALLS_PER_SECOND', 'fast', 'plan'],
      ] as const) {
        const since = desk.simulator.calls.length
        const { code, stderr } = await desk.run(command, { env: { [variable]: value } })
        t.equal(code, 1, `${variable} ${command}`)
        t.match(stderr, `${variable} is '${value}'`)
        t.equal(desk.simulator.calls.length, since, 'nothing was sent')
      }
      const twice = { SFT_WIRE: '{"page-size": 1, "query": {}, "page-size": 2}' }
      const wire = await desk.run('plan', { env: twice })
      t.equal(wire.code, 1)
      t.match(wire.stderr, 'SFT_WIRE has page-size twice')
      const flag = await desk.run('validate --iccid-check-digit maybe')
      t.equal(flag.code, 64)
      t.match(flag.stderr, '--iccid-check-digit is "maybe"')
      const zone = await desk.run('doctor --time-zone Europe/Atlantis')
      t.equal(zone.code, 1)
      t.notMatch(zone.stderr, 'SFT_TIME_ZONE')
      const over = { SFT_TIME_ZONE: 'Europe/Atlantis', SFT_ICCID_CHECK_DIGIT: 'maybe' }
      t.equal((await desk.run('stock --time-zone UTC', { env: over })).code, 0, 'a flag goes first')
    },
  },
])

t.test('a word of an enumeration means the same in every case', async t => {
  const { planStatus, simStatus } = wireFormOf({})
  t.equal(fromWire(planStatus, 'ACTIVE'), 'Active')
  t.equal(fromWire(planStatus, 'in-active'), 'In-Active')
  t.equal(fromWire(simStatus, 'PRE-ACTIVE'), 'Pre-Active')
  t.equal(fromWire(planStatus, 'Deleted'), 'Deleted')
  const set = wireFormOf({ 'plan-status': { active: 'ON', inactive: 'Active' } }).planStatus
  t.equal(fromWire(set, 'on'), 'Active', 'as SFT_WIRE sets it')
  t.equal(fromWire(set, 'active'), 'In-Active')
  const moved = wireFormOf({ 'plan-status': { active: 'ON', inactive: 'OFF' } }).planStatus
  t.equal(fromWire(moved, 'ACTIVE'), '"ACTIVE"', 'the contract has it for something else')
  const twins = wireFormOf({ 'plan-status': { active: 'a', inactive: 'A' } }).planStatus
  t.equal(fromWire(twins, 'A'), 'In-Active', 'what is the very word goes first')

  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)), {
    wire: {
      values: {
        simStatus: { 'Pre-Active': 'PRE-ACTIVE', 'Ready To Activate': 'READY TO ACTIVATE' },
      },
    },
  })
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  for (const { basicInfo, subscription } of desk.simulator.world.plans.values()) {
    basicInfo.planStatus = 'ACTIVE'
    Object.assign(subscription, { reSubscription: 'True' })
  }
  const plan = await desk.run('plan --detailed-exitcode')
  t.equal(plan.code, 0, plan.stdout)
  const verdicts = await desk.run('doctor')
  t.equal(verdicts.code, 0, verdicts.stdout)
})

t.test('a redirect is told as one, wherever it is answered', async t => {
  for (const [path, location, to] of [
    [
      '/api/login',
      'https://ana:secret@sso.example.com/in?token=secret',
      'https://sso.example.com/in',
    ],
    ['/api/GetRateZone', '/v2/api/GetRateZone?token=secret', '/v2/api/GetRateZone'],
  ] as const)
    await t.test(`${path} leads to ${to}`, async t => {
      const desk = await openDesk(t, () => smallCatalog([]))
      const server = createServer((request, response) => {
        if (request.url?.toLowerCase().startsWith(path.toLowerCase()))
          response.writeHead(302, { location }).end('Moved')
        else void pass(request, response, desk.simulator.url)
      })
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
      t.teardown(() => server.close())
      const { port } = server.address() as AddressInfo
      const origin = `http://127.0.0.1:${port}`
      const { code, stderr } = await desk.run('plan', { env: { SFT_BASE_URL: origin } })
      t.equal(code, 1)
      const place = to.startsWith('/') ? `${origin}${to}` : to
      t.match(stderr, `${origin} redirects to ${place}, which is not followed`)
      t.match(stderr, 'in SFT_BASE_URL')
      t.notMatch(stderr, /secret|nothing was sent|no answer/)
    })
})

/** Passes a request on to the simulator, and its answer back. */
async function pass(request: IncomingMessage, response: ServerResponse, to: string): Promise<void> {
  const { method = 'GET', url, headers } = request
  const body = await text(request)
  const token = headers['x-authorization']
  const answer = await fetch(`${to}${url}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(typeof token === 'string' && { 'x-authorization': token }),
    },
    ...(body !== '' && { body }),
  })
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(await answer.text())
}
