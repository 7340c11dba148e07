import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import t, { type Test } from 'tap'
import { type Command, namesOf } from '../../src/cli/command.ts'
import { OUTCOMES } from '../../src/outcome.ts'
import { openSft } from '../../src/sft/client.ts'
import { ACCOUNT, type Desk, openDesk, smallCatalog } from '../cli/desk.ts'
import { PASSWORD, runCli } from '../cli/run-cli.ts'

/** One thing that a pipeline must be told, as somebody would say it. */
interface Row {
  readonly name: string
  readonly check: (t: Test, desk: Desk) => Promise<void>
}

const CATALOG = 'catalog/catalog.yaml'
const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text)
const rows = (title: string, table: readonly Row[]): void => {
  t.test(title, async t => {
    for (const { name, check } of table)
      await t.test(name, async t => check(t, await openDesk(t, () => smallCatalog([]))))
  })
}

/** A network leaves the zone of a catalog that is applied: no public call does that. */
async function blockZone(t: Test, desk: Desk): Promise<void> {
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write(CATALOG, desk.read(CATALOG).replace('[CH, AT]', '[CH]'))
}

t.test('README has the exit codes as the code has them', async t => {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  t.strictSame(
    text.split('\n').filter(line => /^\| \d+ \| /.test(line)),
    Object.values(OUTCOMES).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
  )
})

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
      t.match(json((await desk.run('drift --json')).stdout), { outcome: 'blocked', exitCode: 5 })
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
const LEDGER = new URL('../fixtures/release-0.1.0/ledger-journal/', import.meta.url)

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

t.test('readers write nothing', async t => {
  await t.test('in a new folder: no file is made', async t => {
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
    t.strictSame(filesOf(desk.folder), before)

    const since = desk.simulator.calls.length
    await desk.run('plan', { as: NOBODY, env: { SFT_CALLS_PER_SECOND: '20' } })
    const times = desk.simulator.calls.slice(since).map(call => call.at)
    const span = (times.at(-1) ?? 0) - (times[0] ?? 0)
    t.ok(times.length > 3)
    t.ok(span > (times.length - 1) * 100 - 20, `${times.length} calls in ${span} ms`)
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
  ['apply --auto-approve --target', 'argument missing'],
  ['plan --markdown --json', '--json does not go with --markdown'],
  ['plan --allow-blocked', '--allow-blocked needs --detailed-exitcode'],
  ['plan --settle-seconds 5', "Unknown option '--settle-seconds'"],
  ['plan --calls-per-second fast', '--calls-per-second fast: give a number above 0'],
  ['plan --state a.json --state b.json', '--state is given twice'],
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

t.test('what rules name are flags of their commands', async t => {
  const folder = new URL('../../src/cli/commands/', import.meta.url)
  for (const file of await readdir(folder)) {
    const module: Readonly<Record<string, unknown>> = await import(new URL(file, folder).href)
    for (const command of Object.values(module).filter(isCommand)) {
      const flags = new Set(namesOf(command.flags))
      for (const { when, not = [], only = [], needs = [] } of command.rules ?? [])
        for (const name of [when, ...not, ...only, ...needs].map(name => name.replace(/^!/, '')))
          if (name.startsWith('--'))
            t.ok(flags.has(name.split(' ')[0] ?? ''), `${command.name} has ${name}`)
    }
  }
})

const isCommand = (value: unknown): value is Command =>
  typeof value === 'object' && value !== null && 'flags' in value && 'run' in value

/** A `.env` beside the command line, and what comes of it: what is sent for a password, or an error. */
const SETTING_FILES: readonly {
  readonly name: string
  readonly env: string | Buffer
  readonly password?: string
  readonly told?: RegExp
}[] = [
  {
    name: 'a byte order mark is no part of the first name',
    env: '\ufeffSFT_BASE_URL=@\nSFT_PASSWORD=a',
    password: 'a',
  },
  {
    name: 'lines of Windows, blanks and export',
    env: 'SFT_BASE_URL = @ \r\nexport SFT_PASSWORD= a b \r\n',
    password: 'a b',
  },
  {
    name: 'a # within a value belongs to it',
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a#b',
    password: 'a#b',
  },
  {
    name: 'a # after a blank begins a comment',
    env: 'SFT_BASE_URL=@ # ours\n# SFT_PASSWORD=b\nSFT_PASSWORD=a # b',
    password: 'a',
  },
  {
    name: 'quotes keep blanks, # and backslashes',
    env: "SFT_BASE_URL='@'\nSFT_PASSWORD=' a # \\n'  # kept\n",
    password: ' a # \\n',
  },
  {
    name: 'double quotes have escapes',
    env: 'SFT_BASE_URL="@"\nSFT_PASSWORD="a \\" \\\\ # b"',
    password: 'a " \\ # b',
  },
  {
    name: "somebody else's value of several lines",
    env: 'KEY="-----BEGIN\nSFT_PASSWORD=b\n-----END"\nSFT_BASE_URL=@\nSFT_PASSWORD=a',
    password: 'a',
  },
  {
    name: 'a quote that is not closed',
    env: 'SFT_PASSWORD=a\nSFT_BASE_URL="@\n',
    told: /\.env:2 SFT_BASE_URL: has a quote that is not closed/,
  },
  {
    name: 'text after a quote',
    env: 'SFT_BASE_URL="@"x\n',
    told: /\.env:1 SFT_BASE_URL: has more text/,
  },
  {
    name: 'a line that is none',
    env: 'SFT_BASE_URL: @\n',
    told: /\.env:1 is neither NAME=value nor a comment/,
  },
  {
    name: 'one name with two values',
    env: 'SFT_BASE_URL=@\nSFT_BASE_URL=https://b\n',
    told: /\.env:2 gives SFT_BASE_URL another value/,
  },
  {
    name: 'typographic quotes',
    env: 'SFT_PASSWORD=\u201ca\u201d\n',
    told: /\.env:1 SFT_PASSWORD: begins with a typographic quote/,
  },
  {
    name: 'UTF-16',
    env: Buffer.from('\ufeffSFT_BASE_URL=@', 'utf16le'),
    told: /\.env is no text in UTF-8/,
  },
  {
    name: 'an empty host',
    env: 'SFT_BASE_URL=\nSFT_PASSWORD=a',
    told: /SFT_BASE_URL is set and empty/,
  },
  {
    name: 'an empty account',
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a\nSFT_TARGET_ACCOUNT_ID=',
    told: /SFT_TARGET_ACCOUNT_ID is set and empty/,
  },
  {
    name: 'a password and a file for one',
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a\nSFT_PASSWORD_FILE=b',
    told: /SFT_PASSWORD and SFT_PASSWORD_FILE are both set/,
  },
]

t.test('a setting that is there is read whole, or ends the run', async t => {
  const passwords: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += String(chunk)
    })
    request.on('end', () => {
      passwords.push(String(JSON.parse(body || '{}').password))
      response.writeHead(401).end('{}')
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const folder = t.testdir({})
  const run = (cwd: string, env: Readonly<Record<string, string>> = {}) =>
    runCli(['doctor'], { cwd, env: { SFT_USERNAME: 'ana', ...env } })
  const made = (name: string): string => {
    const cwd = join(folder, name)
    mkdirSync(cwd)
    return cwd
  }
  for (const [at, { name, env, password, told }] of SETTING_FILES.entries())
    await t.test(name, async t => {
      const cwd = made(`row-${at}`)
      writeFileSync(join(cwd, '.env'), typeof env === 'string' ? env.replace('@', url) : env)
      passwords.length = 0
      const { code, stdout, stderr } = await run(cwd)
      t.equal(code, 1)
      if (told !== undefined) {
        t.match(stderr, told)
        t.notMatch(stderr, /\n {4}at /)
        t.strictSame(passwords, [])
        return
      }
      t.ok(passwords.length > 0, stderr)
      t.strictSame([...new Set(passwords)], [password])
      t.match(stdout, `Account: 127.0.0.1:${port} as ana, no target account, state state.json`)
    })

  await t.test('a folder, a pipe, a device and a dead link are no .env', async t => {
    const make: Readonly<Record<string, (path: string) => void>> = {
      folder: path => mkdirSync(path),
      pipe: path => void spawnSync('sh', ['-c', 'mkfifo "$0"', path]),
      device: path => symlinkSync('/dev/null', path),
      link: path => symlinkSync('nowhere', path),
    }
    for (const [kind, put] of Object.entries(make)) {
      const cwd = made(kind)
      put(join(cwd, '.env'))
      const { code, stderr } = await run(cwd, { SFT_BASE_URL: url, SFT_PASSWORD: 'a' })
      t.equal(code, 1, kind)
      t.match(stderr, /^error \.env is (a folder|a pipe, a device|there and cannot be read)/)
    }
  })

  await t.test('a password file is read whole, or refused', async t => {
    const cwd = made('files')
    for (const [text, told] of [
      ['\ufeffa#b \n', 'a#b '],
      ['"a"\n', /has quotes around the password/],
      ['  \n', /is empty/],
      ['a\nb\n', /has several lines/],
    ] as const) {
      writeFileSync(join(cwd, 'password'), text)
      passwords.length = 0
      const { stderr } = await run(cwd, { SFT_BASE_URL: url, SFT_PASSWORD_FILE: 'password' })
      if (typeof told === 'string') t.strictSame([...new Set(passwords)], [told])
      else t.match(stderr, told)
    }
    const { stderr } = await run(cwd, { SFT_BASE_URL: url, SFT_PASSWORD_FILE: '.' })
    t.match(stderr, /SFT_PASSWORD_FILE names \., which cannot be read: \. is a folder/)
  })
})

rows('host, user, target account and state stand in whatever is said', [
  {
    name: 'plan, comment, prompt, report and data',
    check: async (t, desk) => {
      const host = desk.simulator.url.replace('http://', '')
      const words = `${host} as seller, no target account, state state.json`
      const line = `Account: ${words}\n`
      t.match((await desk.run('plan')).stdout, line)
      t.match((await desk.run('plan --markdown')).stdout, line)
      t.match(json((await desk.run('plan --json')).stdout), {
        account: { host, user: 'seller', targetAccountId: null, state: 'state.json' },
      })
      const asked = desk.start('apply', { terminal: true })
      await asked.until(/Apply these changes to [^?]*\?/)
      asked.type('no\r')
      t.match((await asked.ended).stdout.replaceAll(/\s+/g, ' '), words)
      const applied = (await desk.run('apply --auto-approve')).stdout
      t.equal(applied.split(line).length, 3, 'the plan and the report')
      for (const command of ['drift', 'coverage', 'coverage --markdown', 'doctor', 'adopt'])
        t.match((await desk.run(command)).stdout, line, command)
    },
  },
])

/** A proxy that makes tunnels, or answers each wish for one with a status. */
async function openProxy(t: Test, status = 200) {
  const wishes: { readonly host: string; readonly credentials: string | undefined }[] = []
  const sockets = new Set<Duplex>()
  const server = createServer()
  server.on('connect', (request, socket) => {
    sockets.add(socket)
    wishes.push({ host: request.url ?? '', credentials: request.headers['proxy-authorization'] })
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const [host = '', port = ''] = (request.url ?? '').split(':')
    const there = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    for (const end of [there, socket]) end.on('error', () => undefined)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { wishes, place: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

rows('a proxy of the environment is obeyed', [
  {
    name: 'calls go through it with its credentials, which are never shown',
    check: async (t, desk) => {
      const proxy = await openProxy(t)
      const env = { HTTP_PROXY: `http://ana:${PASSWORD}@${proxy.place}` }
      const { code, stderr } = await desk.run('plan --trace', { env })
      t.equal(code, 0, stderr)
      const credentials = `Basic ${Buffer.from(`ana:${PASSWORD}`).toString('base64')}`
      t.match(proxy.wishes[0], { host: desk.simulator.url.replace('http://', ''), credentials })
      t.ok(desk.simulator.calls.length > 3)
      t.notMatch(stderr, credentials)
      const before = proxy.wishes.length
      for (const none of ['*', '127.0.0.1', 'example.com, 127.0.0.0/8'])
        t.equal((await desk.run('plan', { env: { ...env, NO_PROXY: none } })).code, 0)
      t.equal(proxy.wishes.length, before, 'NO_PROXY leaves it out')
      desk.write('.env', `http_proxy=${proxy.place}\n`)
      t.equal((await desk.run('plan')).code, 0)
      t.ok(proxy.wishes.length > before, 'from a .env file too')
    },
  },
  {
    name: 'one that makes no tunnel, or is not there, is named in the error',
    check: async (t, desk) => {
      for (const [status, told] of [
        [407, 'it wants other credentials \\(407\\)'],
        [502, 'it answered 502'],
      ] as const) {
        const proxy = await openProxy(t, status)
        const { code, stderr } = await desk.run('plan', {
          env: {
            SFT_BASE_URL: 'https://sft.example.com',
            HTTPS_PROXY: `http://ana:${PASSWORD}@${proxy.place}`,
          },
        })
        t.equal(code, 1)
        t.match(
          stderr,
          new RegExp(`through the proxy http://${proxy.place} \\(HTTPS_PROXY\\): ${told}`),
        )
        t.match(stderr, 'HTTPS_PROXY, HTTP_PROXY, NO_PROXY')
        t.equal(proxy.wishes[0]?.host, 'sft.example.com:443')
      }
      const dead = await desk.run('plan', { env: { HTTP_PROXY: 'http://127.0.0.1:1' } })
      t.equal(dead.code, 1)
      t.match(dead.stderr, /through the proxy http:\/\/127\.0\.0\.1:1 \(HTTP_PROXY\)/)
      const wrong = await desk.run('plan', { env: { HTTP_PROXY: `socks5://ana:${PASSWORD}@a` } })
      t.equal(wrong.code, 1)
      t.match(wrong.stderr, /^error HTTP_PROXY names no HTTP proxy/)
    },
  },
])

/** Plans of one zone, by key: what stands in an entry besides what all have. */
const plansOf = (plans: Readonly<Record<string, string>>): string =>
  `${ACCOUNT}
rateZones:
  - { key: alps, name: Alps, countries: [CH, AT] }
addonPlans:
${Object.entries(plans)
  .map(
    ([key, more]) => `  - { key: ${key}, rateZone: alps, data: 1 GB, validity: 7 days, ${more} }\n`,
  )
  .join('')}`

const planNames = (desk: Desk): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...desk.simulator.world.plans.values()].map(({ planId, basicInfo }) => [
      planId,
      basicInfo.planName,
    ]),
  )

/** Plans X and Y, applied under the keys a and b. */
async function applyTwo(t: Test, desk: Desk): Promise<readonly [string, string]> {
  desk.write(CATALOG, plansOf({ a: 'name: X', b: 'name: Y' }))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const { addonPlans } = await desk.state()
  return [addonPlans['a']?.planId ?? '', addonPlans['b']?.planId ?? '']
}

rows('a name that something else has', [
  {
    name: 'is taken once the other has given it up, by a rename and by a new entry',
    check: async (t, desk) => {
      const [a, b] = await applyTwo(t, desk)
      desk.write(CATALOG, plansOf({ c: 'name: X', a: 'name: Y', b: 'name: Z' }))
      const applied = await desk.run('apply --auto-approve --target addonPlan/c')
      t.equal(applied.code, 0, applied.stdout)
      t.match(applied.stdout, 'takes its name from addonPlan/b, which is renamed first')
      t.match(planNames(desk), { [a]: 'Y', [b]: 'Z' })
      t.ok(Object.values(planNames(desk)).includes('X'))
      t.match((await desk.run('plan')).stdout, 'Nothing to do: 4 unchanged')
    },
  },
  {
    name: 'is not exchanged in a circle, and the rest is done',
    check: async (t, desk) => {
      await applyTwo(t, desk)
      desk.write(CATALOG, plansOf({ a: 'name: Y, charge: "2"', b: 'name: X' }))
      for (const last of [/1 done, 0 failed, .* 2 blocked/, /Blocked: 1 unchanged, 2 blocked/]) {
        const applied = await desk.run('apply --auto-approve')
        t.equal(applied.code, 5)
        t.match(applied.stdout, last)
        t.match(
          applied.stdout,
          /addonPlan\/a and addonPlan\/b exchange their names, .*: give one of them a name of its own, apply/,
        )
      }
      desk.write(CATALOG, plansOf({ a: 'name: T, charge: "2"', b: 'name: X' }))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, plansOf({ a: 'name: Y, charge: "2"', b: 'name: X' }))
      t.equal((await desk.run('apply --auto-approve')).code, 0, 'the way out leads out')
    },
  },
  {
    name: 'is not taken from an entry that leaves; moved: is the way out',
    check: async (t, desk) => {
      const [, b] = await applyTwo(t, desk)
      desk.write(CATALOG, plansOf({ a: 'name: Y' }))
      for (const flags of ['', ' --prune --force', ' --prune --force']) {
        const applied = await desk.run(`apply --auto-approve${flags}`)
        t.equal(applied.code, 5, applied.stdout)
        t.match(applied.stdout, `"Y" (${b}) is addonPlan/b of the state already: use moved:`)
      }
      desk.write(
        CATALOG,
        `${plansOf({ c: 'name: Y' })}moved:\n  - { from: addonPlan/b, to: addonPlan/c }\n`,
      )
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      t.equal((await desk.state()).addonPlans['c']?.planId, b)
    },
  },
  {
    name: 'is not taken from what the portal made',
    check: async (t, desk) => {
      const [a] = await applyTwo(t, desk)
      await desk.run('state rm addonPlan/b')
      desk.write(CATALOG, plansOf({ a: 'name: Y' }))
      const applied = await desk.run('apply --auto-approve')
      t.equal(applied.code, 5)
      t.match(
        applied.stdout,
        /the account has another add-on plan named "Y" \(\d+\): rename that one/,
      )
      t.match(planNames(desk), { [a]: 'X' })
    },
  },
  {
    name: 'of a rate zone is never sent: its rename is blocked, with moved: and a new entry as ways out',
    check: async (t, desk) => {
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      const text = desk.read(CATALOG)
      const before = desk.simulator.calls.length
      desk.write(CATALOG, text.replace('name: Alps\n', 'name: Alpine\n'))
      for (const command of ['plan --detailed-exitcode', 'apply --auto-approve']) {
        const { code, stdout } = await desk.run(command)
        t.equal(code, 5)
        t.match(stdout, /name: the platform does not change the name of a rate zone: .*"moved:"/)
      }
      t.strictSame(desk.writes(before), [])
      const zone = [...desk.simulator.world.zones.values()][0]
      await t.rejects(
        rename(desk, zone?.id ?? '', 'Alpine'),
        /the name of a rate zone cannot be modified/,
      )
      desk.write(
        CATALOG,
        text
          .replace('key: alps\n    name: Alps\n', 'key: alpine\n    name: Alpine\n')
          .replace('rateZone: alps', 'rateZone: alpine'),
      )
      t.equal((await desk.run('apply --auto-approve')).code, 0, 'the way out leads out')
      t.equal((await desk.state()).addonPlans['alps-1gb']?.revision, 2)
    },
  },
])

rows('a field that left the catalog', [
  {
    name: 'stays on the account, and the plan says so once',
    check: async (t, desk) => {
      desk.write(CATALOG, plansOf({ a: 'name: X, description: Old' }))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, plansOf({ a: 'name: X' }))
      const before = desk.simulator.calls.length
      const applied = await desk.run('apply --auto-approve')
      t.equal(applied.code, 0)
      t.match(
        applied.stdout,
        'description (left the catalog: it stays on the account as it is, and is not managed any more)  Old\n',
      )
      t.strictSame(desk.writes(before), [])
      t.match((await desk.run('plan')).stdout, 'Nothing to do: 2 unchanged')
      t.equal([...desk.simulator.world.plans.values()].at(-1)?.basicInfo.planDescription, 'Old')
    },
  },
])

/** ModifyRateZone with another name, which sft-catalog itself never sends. */
async function rename(desk: Desk, id: string, name: string): Promise<void> {
  await using sft = openSft({
    baseUrl: desk.simulator.url,
    username: 'seller',
    password: PASSWORD,
    callsPerSecond: 1000,
  })
  await sft.write.modifyRateZone({ id, name })
}
