/** Text that comes in and goes out: a row a case, through the real command line or library. */
import { once } from 'node:events'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { type LoadedCatalog, loadCatalog } from '../../src/catalog/index.ts'
import { openSft } from '../../src/sft/client.ts'
import { ACCOUNT, openDesk, smallCatalog } from '../cli/desk.ts'

/** Loads a catalog of these files. */
async function load(t: Test, files: Readonly<Record<string, string>>): Promise<LoadedCatalog> {
  const folder = t.testdir({})
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const loaded = await loadCatalog(folder)
  return {
    ...loaded,
    issues: loaded.issues.map(issue => ({
      ...issue,
      ...(issue.position && {
        position: { ...issue.position, file: issue.position.file.slice(folder.length + 1) },
      }),
    })),
  }
}

/** A catalog of one zone and one plan, whose plan ends with a line of its own. */
const plan = (line: string, name = 'Benelux 1 GB') => `${ACCOUNT}
rateZones: [{ key: z, name: Benelux, countries: [BE] }]
addonPlans:
  - { key: p, name: ${name}, rateZone: z, data: 1 GB, validity: 1 day,
      ${line} }
`

t.test('a SKU is text', async t => {
  const rows: [line: string, said: RegExp][] = [
    ['portal: { sku: true }', /NOT_TEXT.*12:22.*true is a boolean/],
    ['portal: { sku: "" }', /SCHEMA.*12:22.*not empty/],
    ['portal: { sku: ~ }', /NOT_TEXT.*12:22.*there is none/],
    ['portal: { sku: }', /NOT_TEXT.*there is none/],
    ['portal: { sku: [A] }', /SCHEMA.*12:22.*not a list/],
    ['portal: { sku: { a: A } }', /SCHEMA.*12:22.*not a mapping/],
    ['portal: { sku: " A" }', /SCHEMA.*12:22.*without spaces at its ends/],
    ['portal: { sku: "A " }', /SCHEMA.*12:22.*without spaces at its ends/],
    ['portal: { sku: "A\\u00a0" }', /SCHEMA.*12:22/],
    ['portal: { sku: "A\\u200bB" }', /SCHEMA.*12:22.*visible characters/],
    ['portal: { sku: "\\u3164" }', /SCHEMA.*12:22.*visible characters/],
    ['portal: { sku: "A\\u061c" }', /SCHEMA.*12:22.*visible characters/],
    ['portal: { sku: 1e3 }', /NOT_TEXT.*12:22/],
    ['portal: { SKU: A }', /UNKNOWN_KEY.*12:17.*"SKU"/],
    ['portal: { Sku: A }', /UNKNOWN_KEY.*12:17/],
    ['portal: { "sku ": A }', /UNKNOWN_KEY.*12:17/],
  ]
  for (const [line, said] of rows)
    await t.test(line, async t => {
      const { catalog, issues } = await load(t, { 'a.yaml': plan(line) })
      t.equal(catalog, undefined)
      t.match(
        issues.map(
          ({ code, position, message }) =>
            `${code} ${position?.line}:${position?.column} ${message}`,
        ),
        [said],
      )
    })
  await t.test('digits are taken as they are written', async t => {
    const { catalog } = await load(t, { 'a.yaml': plan('portal: { sku: 0044 }') })
    t.same(catalog?.addonPlans[0]?.portal, { sku: '0044' })
  })
})

t.test('names are compared in one form', async t => {
  const zones = (one: string, other: string) => `${ACCOUNT}
rateZones: [{ key: a, name: "${one}", countries: [BE] }, { key: b, name: "${other}", countries: [FR] }]
`
  const rows: [title: string, one: string, other: string][] = [
    ['composed and decomposed accents', 'Cura\\u00e7ao', 'Curac\\u0327ao'],
    ['a no-break space', 'North America', 'North\\u00a0America'],
    ['two spaces', 'North America', 'North  America'],
    ['a zero-width space', 'North America', 'North\\u200b America'],
  ]
  for (const [title, one, other] of rows)
    await t.test(title, async t => {
      const { issues } = await load(t, { 'a.yaml': zones(one, other) })
      t.match(
        issues.filter(issue => issue.severity === 'error'),
        [{ code: 'DUPLICATE_NAME', position: { line: 9 } }],
      )
    })
  await t.test('a zone that the account writes otherwise is adopted, not made again', async t => {
    const desk = await openDesk(t, () => ({
      'catalog/a.yaml': `${ACCOUNT}\nrateZones: [{ key: a, name: "North\\u00a0 America", countries: [US, CA] }]\n`,
    }))
    t.match(await desk.run('apply --auto-approve'), { code: 0 })
    for (const zone of desk.simulator.world.zones.values()) zone.name = 'North  America'
    t.match(await desk.run('plan --detailed-exitcode'), { code: 0, stdout: /Nothing to do/ })
    const second = await desk.run('plan --state other.json --detailed-exitcode')
    t.match(second.stdout, /1 to adopt/)
    t.notMatch(second.stdout, /to create/)
  })
  await t.test('a name leaves room for a revision', async t => {
    const named = (length: number) => load(t, { 'a.yaml': plan('priority: 1', 'x'.repeat(length)) })
    t.match((await named(251)).issues, [{ code: 'SCHEMA', message: /at most 250 characters/ }])
    t.match((await named(250)).issues, [])
  })
})

t.test('a network whose country is not certain is told, and joins no zone', async t => {
  const desk = await openDesk(t, () => ({
    'catalog/a.yaml': `${ACCOUNT}\nrateZones: [{ key: a, name: Congo, countries: [CD, CG] }]\n`,
  }))
  for (const [tadig, countryName] of [
    ['CODXX', 'Congo (DRC)'],
    ['SRBXX', 'Congo (DRC)'],
  ])
    await desk.control('networks/join', { tadig, countryName, operatorName: `Operator ${tadig}` })
  t.match(await desk.run('apply --auto-approve'), {
    code: 0,
    stderr: /COUNTRY_DISAGREES[^\n]*left out[^\n]*SRBXX/,
  })
  const tadigs = (await desk.state()).rateZones['a']?.networks.map(network => network.tadig)
  t.ok(tadigs?.includes('CODXX'), 'name and TADIG code agree')
  t.notOk(tadigs?.includes('SRBXX'))
})

const [ONE, TWO] = ['8932042000010000012', '8932042000010000020']

t.test('an ICCID file is read as spreadsheets write it, and what it lost is told', async t => {
  const read = async (t: Test, csv: string) => {
    const { catalog, issues } = await load(t, {
      'a.yaml': `${ACCOUNT}\nendpointBatches: [{ key: b, iccidFile: b.csv }]\n`,
      'b.csv': csv,
    })
    return {
      iccids: catalog?.endpointBatches[0]?.iccids,
      said: issues.map(
        ({ code, severity, message, position }) =>
          `${severity} ${code} ${position?.line}:${position?.column} ${message}`,
      ),
    }
  }
  const good: [title: string, csv: string][] = [
    ['sep=; before the names', `sep=;\r\nbox;iccid\r\n1;${ONE}\r\n2;${TWO}\r\n`],
    [
      'sep=, in quotes, with empty columns',
      `"sep=,",,\r\nbox,iccid,\r\n1,${ONE},\r\n2,${TWO},\r\n`,
    ],
    ['sep= before a plain list', `sep=;\n${ONE}\n${TWO}\n`],
    ['empty rows', `box,iccid,note\r\n,,\r\n1,${ONE},\r\n,,\r\n2,${TWO},\r\n,,\r\n;;\r\n\t\t\r\n`],
    [
      'a byte order mark, and a zero-width space in the name',
      `\uFEFFiccid\u200b\n${ONE}\n${TWO}\n`,
    ],
  ]
  for (const [title, csv] of good)
    await t.test(title, async t => t.same(await read(t, csv), { iccids: [ONE, TWO], said: [] }))
  const bad: [title: string, csv: string, said: RegExp][] = [
    ['a comma number in a plain list', '8,93204E+18\n', /ICCID_INVALID 1:1 .*spreadsheet/],
    ['a comma number later', `${ONE}\n8,93204E+18\n`, /ICCID_INVALID 2:1 .*spreadsheet/],
    [
      'a comma number between commas',
      'box,iccid\n1,8,93204E+18\n',
      /ICCID_INVALID 2:3 .*8,93204E\+18/,
    ],
    ['a comma number in quotes', 'box,iccid\n1,"8,93204E+18"\n', /ICCID_INVALID 2:4 .*spreadsheet/],
    ['a number without a sign', 'iccid\n8.93204E18\n', /ICCID_INVALID 2:1 .*spreadsheet/],
    [
      'a zero-width space',
      `iccid\n893204200001\u200b0000012\n`,
      /2:1 .*cannot be seen \(U\+200B\)/,
    ],
    [
      'digits rounded to fifteen',
      'iccid\n8932042000010000000\n',
      /ICCID_INVALID 2:1 .*rounded to fifteen/,
    ],
    [
      'two columns called iccid',
      `iccid,box,ICCID\n${ONE},1,${TWO}\n`,
      /CSV_INVALID 1:1 columns 1 and 3/,
    ],
    [
      'a row without its ICCID',
      `iccid,box\n${ONE},1\n,2\n`,
      /CSV_INVALID 3:1 this row has no ICCID/,
    ],
    [
      'another separator than announced',
      `sep=;\nbox,iccid\n1,${ONE}\n`,
      /ICCID_INVALID|CSV_INVALID/,
    ],
  ]
  for (const [title, csv, said] of bad)
    await t.test(title, async t => {
      const told = await read(t, csv)
      t.equal(told.iccids, undefined)
      t.match(told.said[0], said)
    })
  const many: [title: string, line: string][] = [
    ['wrong lines', 'not an ICCID at all\n'],
    ['lines of one digit', '1\n'],
    ['empty lines', '\n'],
  ]
  for (const [title, line] of many)
    await t.test(`100 MB of ${title} are refused before they are all judged`, async t => {
      const began = process.cpuUsage()
      const { iccids, said } = await read(
        t,
        `iccid\n${line.repeat(Math.ceil((100 * 1024 * 1024) / line.length))}`,
      )
      t.equal(iccids, undefined)
      if (line.trim() !== '') t.match(said.at(-1), /ISSUES_LEFT_OUT.*not read to its end/)
      else t.match(said.join(), /BATCH_EMPTY/)
      const { user, system } = process.cpuUsage(began)
      t.comment(`${title}: ${Math.round((user + system) / 1000)} ms of CPU`)
    })
})

t.test('a text of the account or the catalog never writes a line of its own', async t => {
  const hostile = '\u001b[2J\u009b1A\u202eZone\r\nNothing to do: 9 unchanged'
  const desk = await openDesk(t, () => ({
    'catalog/a.yaml': `${ACCOUNT}
rateZones: [{ key: z, name: Benelux, countries: [BE, NL] }]
addonPlans: [{ key: p, name: Plan, rateZone: z, data: 1 GB, validity: 1 day, portal: { sku: S } }]
`,
  }))
  t.match(await desk.run('apply --auto-approve'), { code: 0 })
  for (const zone of desk.simulator.world.zones.values()) zone.name = hostile
  for (const plan of desk.simulator.world.plans.values()) plan.basicInfo.planDescription = hostile
  const bad = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2028\u2029]/u
  for (const command of [
    'plan',
    'plan --markdown',
    'plan --json',
    'drift',
    'drift --json',
    'coverage',
    'coverage --markdown',
    'adopt --state other.json --catalog other',
  ])
    await t.test(command, async t => {
      const { stdout, stderr } = await desk.run(command)
      t.notMatch(stdout + stderr, bad)
      t.notMatch(stdout + stderr, /^Nothing to do: 9/m)
    })
  await t.test('what a lock file says of its owner', async t => {
    desk.write(
      'state.json.lock',
      JSON.stringify({
        host: hostile,
        boot: 'x',
        pid: 1,
        started: 'x',
        since: new Date().toISOString(),
        token: 'x',
      }),
    )
    const { stdout, stderr, code } = await desk.run('state unlock')
    t.not(code, 0)
    t.notMatch(stdout + stderr, bad)
    t.notMatch(stdout + stderr, /^Nothing to do/m)
  })
})

t.test('nothing knows the terminal but the process that the command line runs in', async t => {
  const writers = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .filter(file =>
      /^(?! *\*).*(process\.std(in|out|err)\b|console\.\w+\()/m.test(
        readFileSync(join('src', file), 'utf8'),
      ),
    )
  t.same(writers.sort(), ['cli/host.ts', 'cli/main.ts'])
})

t.test(
  'no foreseen error of a file shows a stack, a class name or a code of the system',
  async t => {
    const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 1)))
    t.match(await desk.run('apply --auto-approve'), { code: 0 })
    mkdirSync(join(desk.folder, 'folder'))
    const rows: [args: string, said: RegExp][] = [
      ['plan --state folder', /folder: it is a folder/],
      ['plan --state catalog/catalog.yaml/state.json', /a part of the path is a file/],
      ['apply --auto-approve --state nowhere/state.json', /nowhere.*does not exist/],
      ['apply folder', /folder.*folder/],
      ['apply nothing.json', /nothing\.json: there is no such file/],
      ['plan --out nowhere/plan.json', /nowhere.*does not exist/],
      ['plan --out folder', /folder: it is a folder/],
      ['validate --catalog state.json', /no folder/],
      ['validate --catalog nowhere', /it does not exist/],
      ['orders --ledger folder', /folder/],
      ['provision --order A --sku ALPS-1GB-7D --ledger nowhere/l.json', /nowhere.*does not exist/],
      ['provision --order A --sku ALPS-1GB-7D --ledger folder', /folder/],
      ['simulate --port 1 --catalog nowhere', /nowhere/],
      ['state import rateZone/alps folder', /./],
      ['adopt --catalog state.json', /folder|file/],
    ]
    for (const [args, said] of rows)
      await t.test(args, async t => {
        const { code, stdout, stderr } = await desk.run(args)
        t.not(code, 0)
        t.match(stderr, said)
        t.notMatch(stdout + stderr, /^\s+at |\b(?!ENTRY)E[A-Z]{4,}:|\w+Error\b/m)
      })
    await t.test('a port that is taken', async t => {
      const port = new URL(desk.simulator.url).port
      const { code, stderr } = await desk.run(`simulate --port ${port}`)
      t.equal(code, 1)
      t.match(stderr, /another program listens there/)
      t.notMatch(stderr, /^\s+at |EADDRINUSE|\w+Error\b/m)
    })
    await t.test('what is no file stays what it is', async t => {
      const pipe = join(desk.folder, 'pipe')
      const server = createServer().listen(pipe)
      await once(server, 'listening')
      t.teardown(() => server.close())
      symlinkSync('pipe', join(desk.folder, 'linked.json'))
      for (const file of ['pipe', 'linked.json']) {
        const { code, stderr } = await desk.run(`plan --out ${file}`)
        t.equal(code, 1)
        t.match(stderr, /it is a device, a pipe or a socket/)
        t.ok(lstatSync(pipe).isSocket())
      }
    })
    await t.test('an account that cannot be reached', async t => {
      const { code, stderr } = await desk.run('plan --base-url http://127.0.0.1:1')
      t.equal(code, 1)
      t.notMatch(stderr, /^\s+at |\w+Error\b/m)
    })
  },
)

t.test('a URL with a password in it is never shown', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const secret = 'pass-phrase'
  for (const [args, env] of [
    [`plan --base-url https://me:${secret}@host`, {}],
    [`plan --base-url https://me:${secret}/x@host`, {}],
    [`plan --base-url ftp://me:${secret}@host`, {}],
    [`plan --base-url me:${secret}@host`, {}],
    [`plan --calls-per-second https://me:${secret}@host`, {}],
    [`plan --state https://me:${secret}@host/state`, {}],
    [`plan --catalog https://me:${secret}@host/catalog`, {}],
    [`plan https://me:${secret}@host`, {}],
    [`https://me:${secret}@host`, {}],
    [`plan --trace=https://me:${secret}@host`, {}],
    ['plan', { SFT_BASE_URL: `https://me:${secret}@host` }],
    ['plan', { HTTP_PROXY: `http://me:${secret}@127.0.0.1:1` }],
    ['plan', { HTTP_PROXY: `http://me:${secret}/@127.0.0.1:1` }],
    ['plan', { SFT_TIME_ZONE: `https://me:${secret}@host` }],
    ['usage E1', { SFT_TIME_ZONE: `https://me:${secret}@host` }],
  ] as const)
    await t.test(`${args.split(' ').slice(0, 2).join(' ')} ${Object.keys(env)}`, async t => {
      const { stdout, stderr } = await desk.run(args, { env })
      t.notMatch(stdout + stderr, secret)
    })
})

t.test('an answer is bounded, whatever the account sends', async t => {
  await t.test('blanks without end, a gigabyte of them in a megabyte', async t => {
    const chunk = Buffer.alloc(1 << 20, 0x20)
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      // Without an end: who reads it whole never comes back.
      const blanks = function* () {
        while (!response.destroyed) yield chunk
      }
      pipeline(Readable.from(blanks()), createGzip({ level: 1 }), response, () => undefined)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await using sft = openSft({
      baseUrl: `http://127.0.0.1:${port}`,
      username: 'u',
      password: 'p',
      callsPerSecond: Number.POSITIVE_INFINITY,
      retryDelaysSeconds: [],
    })
    const error = await sft.read.networks().catch((error: unknown) => error)
    t.match(error, { message: /more than 32 MB/ })
  })
  for (const kind of ['huge-body-after', 'deep-body-after'] as const)
    await t.test(`${kind} for every read and write of a run`, async t => {
      const desk = await openDesk(t, () => smallCatalog([]))
      desk.simulator.fault({ operation: 'GetRateZone', kind, count: 20 })
      const read = await desk.run('plan')
      t.equal(read.code, 1)
      t.match(read.stderr, /more than 32 MB|nested deeper than/)
      t.notMatch(read.stderr, /^\s+at |RangeError/m)
      const simulator = desk.simulator
      simulator.clearFaults()
      simulator.fault({ operation: 'CreateRateZone', kind })
      const written = await desk.run('apply --auto-approve')
      t.match(written, { code: 0 })
      t.equal(simulator.world.zones.size, 1, 'settled by reading, and made once')
    })
})
