import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { JSON_COMMANDS, JSON_FORMATS } from '../../src/render/formats.ts'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'
import { runCli } from '../cli/run-cli.ts'
import { REPOSITORY } from '../program.ts'
import { CATALOG, json, rows } from './rows.ts'

/** A network leaves the zone of a catalog that is applied: no public call does that. */
async function blockZone(t: Test, desk: Desk): Promise<void> {
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write(CATALOG, desk.read(CATALOG).replace('[CH, AT]', '[CH]'))
}

rows('what the end of a run says', [
  {
    name: 'apply of something blocked ends with 5, with or without other work, and says so last',
    check: async (t, desk) => {
      await blockZone(t, desk)
      const idle = await desk.run('apply --auto-approve')
      t.equal(idle.code, 5)
      t.match(idle.stdout, /Blocked: 1 unchanged, 1 blocked\n$/)
      desk.write(CATALOG, desk.read(CATALOG).replace('"4.50"', '"4.40"'))
      const busy = await desk.run('apply --auto-approve')
      t.equal(busy.code, 5)
      t.match(busy.stdout, /Ended: 1 done, 0 failed, 0 skipped, 0 deferred, 1 blocked; .*\n$/)
      const data = json((await desk.run('apply --auto-approve --json')).stdout)
      t.match(data, {
        outcome: 'blocked',
        exitCode: 5,
        plan: { summary: { blocked: 1, outcome: 'blocked', exitCode: 5 } },
        report: { blocked: ['rateZone/alps'] },
      })
    },
  },
  {
    name: 'a field that is blocked beside others that are done counts too',
    check: async (t, desk) => {
      await blockZone(t, desk)
      desk.write(
        CATALOG,
        desk.read(CATALOG).replace('    countries: [CH]', '    countries: [CH, SI]'),
      )
      const plan = await desk.run('plan --detailed-exitcode')
      t.equal(plan.code, 5)
      t.match(plan.stdout, /Plan: 1 to update, 1 unchanged, 1 blocked in part\n$/)
      const applied = await desk.run('apply --auto-approve')
      t.equal(applied.code, 5)
      t.match(applied.stdout, '1 blocked')
    },
  },
  {
    name: '--allow-blocked makes it 0, or 2 where there are changes',
    check: async (t, desk) => {
      await blockZone(t, desk)
      t.equal((await desk.run('plan --detailed-exitcode --allow-blocked')).code, 0)
      desk.write(CATALOG, desk.read(CATALOG).replace('"4.50"', '"4.40"'))
      t.equal((await desk.run('plan --detailed-exitcode --allow-blocked')).code, 2)
      t.equal((await desk.run('plan --detailed-exitcode')).code, 5)
      t.equal((await desk.run('plan')).code, 0)
      t.equal((await desk.run('apply --auto-approve --allow-blocked')).code, 0)
    },
  },
  {
    name: "the comment's headline has what is blocked, refused or failed",
    check: async (t, desk) => {
      await blockZone(t, desk)
      t.match(
        (await desk.run('plan --markdown')).stdout,
        '## sft-catalog plan: 1 entry blocked, nothing else to do\n',
      )
      desk.write(CATALOG, desk.read(CATALOG).replace('[CH]', '[AQ]'))
      const failed = await desk.run('plan --markdown')
      t.equal(failed.code, 1)
      t.match(failed.stdout, '## sft-catalog plan: failed, it cannot be applied\n')
    },
  },
  {
    name: 'drift says with 5 that something of the catalog is not known',
    check: async (t, desk) => {
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, desk.read(CATALOG).replace('[CH, AT]', '[CH]\n    networks: [CHEXX]'))
      const drift = await desk.run('drift --detailed-exitcode')
      t.equal(drift.code, 5)
      t.match(drift.stdout, /No drift: .*; 1 thing of the catalog not known/)
      t.equal((await desk.run('drift')).code, 0)
      t.equal((await desk.run('drift --detailed-exitcode --allow-blocked')).code, 0)
      t.match(json((await desk.run('drift --json')).stdout), {
        outcome: 'blocked',
        exitCode: 0,
      })
    },
  },
  {
    name: 'a state that another run holds ends with 75',
    check: async (t, desk) => {
      const first = desk.start('apply', { terminal: true })
      await first.until(/Only "yes" is taken/)
      const second = await desk.run('apply --auto-approve')
      t.equal(second.code, 75)
      t.match(second.stderr, 'locked by')
      first.type('no\r')
      t.equal((await first.ended).code, 1)
    },
  },
])

/** Somebody who owns nothing. */
const NOBODY = 65_534
const LEDGER = new URL('test/fixtures/release-0.1.0/ledger-journal/', REPOSITORY)

/** What readers run, one after another, and how they end. */
const READERS = [
  'plan',
  'plan --markdown',
  'drift',
  'coverage',
  'doctor',
  'adopt --dry-run',
  'export',
  'state list',
  'validate',
] as const

/** Every name below a folder, with its content and owner. */
const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map(name => {
      const stats = statSync(join(folder, name))
      return `${name} ${stats.uid} ${stats.isFile() ? readFileSync(join(folder, name), 'utf8') : ''}`
    })

/** Those that look at the ledger, in which there is an order A-1001. */
const SELLERS = [
  'orders',
  'orders --unfinished',
  'order A-1001',
  'stock',
  'stock --below 1',
] as const

t.test('readers write nothing', async t => {
  await t.test('in a new folder: no file is made', async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    const before = filesOf(desk.folder)
    for (const reader of ['orders', 'stock']) {
      const { code, stderr } = await desk.run(reader)
      t.equal(code, 0, reader)
      t.match(stderr, /there is no ledger at .*orders\.json yet/)
    }
    t.strictSame(filesOf(desk.folder), before)
  })
  await t.test('in a new folder, before any apply: no file is made', async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    const before = filesOf(desk.folder)
    for (const reader of READERS) t.equal((await desk.run(reader)).code, 0, reader)
    t.strictSame(filesOf(desk.folder), before)
  })

  const skip = process.getuid?.() !== 0 && 'only root can run a child as another user'
  await t.test('as another user who may write nowhere, ledger and all', { skip }, async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    for (const name of ['orders.json', 'orders.json.journal'])
      desk.write(name, await readFile(new URL(name, LEDGER), 'utf8'))
    chmodSync(desk.folder, 0o755)
    for (const name of readdirSync(desk.folder, { recursive: true, encoding: 'utf8' }))
      if (statSync(join(desk.folder, name)).isFile()) chmodSync(join(desk.folder, name), 0o644)
    const before = filesOf(desk.folder)
    for (const reader of READERS) {
      const { code, stderr } = await desk.run(reader, { as: NOBODY })
      t.equal(code, 0, `${reader}: ${stderr}`)
      const alone = /state\.json\.calls cannot be written, .*: going on alone, at half the rate/
      if (['plan', 'drift', 'coverage', 'doctor'].includes(reader)) t.match(stderr, alone)
    }
    for (const seller of SELLERS) {
      const { code, stdout, stderr } = await desk.run(seller, { as: NOBODY })
      t.equal(code, seller === 'stock --below 1' ? 2 : 0, `${seller}: ${stderr}`)
      if (seller.startsWith('order')) t.match(stdout, /A-100/)
    }
    t.strictSame(filesOf(desk.folder), before)

    const since = desk.simulator.calls.length
    await desk.run('plan', { as: NOBODY, env: { SFT_CALLS_PER_SECOND: '5' } })
    const times = desk.simulator.calls.slice(since).map(call => call.at)
    const span = (times.at(-1) ?? 0) - (times[0] ?? 0)
    t.ok(times.length > 3)
    // 200 ms apart at the whole rate, 400 at half of it; a busy machine moves single ones.
    t.ok(span > (times.length - 1) * 300, `${times.length} calls in ${span} ms`)
  })
})

/** Command lines of which a part would be taken and dropped, and what is said of it. */
const DROPPED: readonly (readonly [line: string, told: string])[] = [
  ['apply plan.json --target rateZone/alps', '--target does not go with PLAN'],
  ['apply plan.json --prune', '--prune does not go with PLAN'],
  ['apply plan.json --canary 3', '--canary does not go with PLAN'],
  ['apply plan.json --force', '--force does not go with PLAN'],
  ['apply plan.json --no-inventory', '--no-inventory does not go with PLAN'],
  ['apply --json', '--json needs --auto-approve or PLAN'],
  ['apply --auto-approve --parallel 2.5', '--parallel takes a whole number'],
  ['apply --auto-approve --max-minutes none', '--max-minutes none: give a number above 0'],
  ['apply --auto-approve --target', '--target needs a value'],
  ['plan --markdown --json', '--json does not go with --markdown'],
  ['plan --allow-blocked', '--allow-blocked needs --detailed-exitcode'],
  ['plan --settle-seconds 5', "Unknown option '--settle-seconds'"],
  ['plan --calls-per-second fast', '--calls-per-second fast: give a number above 0'],
  ['plan --state a.json --state b.json', '--state is given twice'],
  ['plan --detailed-exitcode --detailed-exitcode', '--detailed-exitcode is given twice'],
  ['apply --auto-approve --auto-approve', '--auto-approve is given twice'],
  ['plan --target-account-id=', '--target-account-id is empty'],
  ['drift --allow-blocked', '--allow-blocked needs --detailed-exitcode'],
  ['drift --accept rateZone/alps --endpoints', '--endpoints does not go with --accept'],
  [
    'drift --accept rateZone/alps --detailed-exitcode',
    '--detailed-exitcode does not go with --accept',
  ],
  ['drift --accept alps', 'alps is not an address'],
  ['coverage --networks --markdown', '--markdown does not go with --networks'],
  ['coverage --networks --catalog other', '--catalog does not go with --networks'],
  ['coverage --markdown --json', '--json does not go with --markdown'],
  ['adopt --only rateZones --endpoint-profiles', '--endpoint-profiles needs --only endpoints'],
  ['adopt --only endpoints --inactive', '--inactive needs --only addonPlans'],
  ['export --format csv', '--format csv needs --table'],
  ['export --format xml', '--format is json or csv'],
  ['state list --catalog other', '--catalog does not go with list'],
  ['state mv rateZone/a rateZone/b --json', '--json does not go with mv'],
  ['state unlock --base-url https://sft.example.com', '--base-url does not go with unlock'],
  ['usage --endpoint 1 --order A', '--order does not go with --endpoint'],
  ['orders --settle-seconds 5', "Unknown option '--settle-seconds'"],
]

t.test('a flag that cannot apply is refused before anything is read', async t => {
  // Nothing is there: whatever is read first would end with another code.
  const cwd = t.testdir({})
  for (const [line, told] of DROPPED)
    await t.test(line, async t => {
      const { code, stdout, stderr } = await runCli(line.split(' '), { cwd })
      t.equal(code, 64)
      t.equal(stdout, '')
      t.match(stderr, told)
    })
})

t.test('with --json a failure is JSON too, whatever it is', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const told = async (args: string, options: Parameters<typeof desk.run>[1] = {}) => {
    const { code, stdout, stderr } = await desk.run(args, options)
    const said = json(stdout)
    const command = JSON_COMMANDS.find(name => name === args.split(' ')[0]) ?? 'plan'
    t.equal(said['format'], JSON_FORMATS[command], args)
    t.equal(said['command'], command)
    t.equal(said['exitCode'], code)
    t.strictSame(said['messages'], stderr.trimEnd().split('\n'), 'what stderr says')
    return said
  }
  t.equal((await told('plan --json --state nowhere/state.json'))['outcome'], 'failed')
  const nobody = { env: { ...desk.env, SFT_PASSWORD: 'wrong' } }
  t.equal((await told('plan --json', nobody))['outcome'], 'failed')
  desk.write('.env', 'SFT_BASE_URL: x\n')
  t.equal((await told('drift --json'))['outcome'], 'failed')
  desk.write('.env', '')
  desk.write(CATALOG, 'version: 1\nrateZone: []\n')
  t.equal((await told('plan --json'))['outcome'], 'failed')
  t.equal((await told('order A-1 --json'))['outcome'], 'failed')
})
