// What somebody gives by mistake, or in bad faith: each is told what, where and what to do next; nothing is lost.
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'

/** No name of an error of the system, no class, no line of a stack. */
const BARE = /\bE[A-Z]{4,}\b|\b[A-Z]\w+Error\b|^\s+at /m

/** What is given, the exit code, what is said, and settings of the environment. */
type Row = readonly [
  given: string,
  code: number,
  said: RegExp,
  env?: Readonly<Record<string, string>>,
]

const ROWS: readonly Row[] = [
  // Files that are none, or others.
  ['plan --catalog a-file', 1, /^a-file:1:1: error .*this is no folder\n {2}hint: name the folder/],
  ['plan --catalog nowhere', 1, /the catalog folder cannot be read: it does not exist/],
  ['validate --catalog a-folder', 1, /there is no \.yaml or \.yml file in this folder/],
  ['validate --catalog catalog/catalog.yaml', 1, /this is no folder/],
  ['plan --state a-folder', 1, /a-folder: it is a folder; name a file/],
  ['plan --state a-file', 1, /a-file is empty\. Nothing was changed/],
  ['plan --state catalog/catalog.yaml', 1, /catalog\.yaml.*Nothing was changed/],
  ['plan --out a-folder', 1, /a-folder: it is a folder; name a file/],
  ['plan --out nowhere/plan.json', 1, /the folder .*nowhere does not exist; mount it, or make it/],
  ['plan --out /dev/full', 1, /it is a device, a pipe or a socket; name a file/],
  ['plan --out state.json', 1, /state\.json: it exists already and is not a saved plan; name/],
  ['plan --out catalog/catalog.yaml', 1, /it exists already and is not a saved plan; name/],
  ['drift --format html --out state.json', 1, /it exists already and is not a page; name another/],
  ['coverage --format html --out state.json', 1, /it exists already and is not a page; name/],
  ['endpoints report --format html --out catalog/catalog.yaml', 1, /already and is not a page/],
  ['ci plan --html state.json', 1, /it exists already and is not a page; name another/],
  ['apply a-folder', 1, /a-folder: it is a folder; name a file/],
  [
    'apply a-file',
    1,
    /not a saved plan \(no JSON\): make one with "sft-catalog plan --out plan\.json"/,
  ],
  ['apply nowhere.json', 1, /there is no such file; make one with .*plan --out nowhere\.json/],
  ['show nowhere.json', 1, /there is no such file; make one with/],
  ['graph nowhere.json', 1, /there is no such file; make one with/],
  ['ci apply nowhere.json', 1, /there is no such file; make one with/],
  ['ci plan --dir catalog/catalog.yaml', 1, /it exists already; name another place/],
  ['import nowhere.csv', 64, /nowhere\.csv cannot be read: it does not exist/],
  ['import a-folder', 64, /a-folder cannot be read: it is a folder/],
  ['import a-file', 1, /no column is the sku: give --map sku=COLUMN/],
  ['simulate --save catalog/catalog.yaml', 1, /is not a world .*: move it away to start/],
  ['simulate --save a-folder', 1, /is not a world .*: move it away to start/],
  ['simulate --port 99999', 64, /a port is at most 65535/],
  ['state backup catalog/catalog.yaml', 1, /it exists already; name another file, or move it away/],
  ['state backup state.json', 1, /it exists already; name another file, or move it away/],
  ['state restore catalog/catalog.yaml', 1, /catalog\.yaml: is not whole JSON/],
  ['state pull a-file', 1, /a part of the path is a file, not a folder; correct the path/],
  [
    'endpoints activate --iccid-file nowhere --auto-approve',
    1,
    /nowhere:1:1: error .* it does not exist\n {2}hint: correct the path/,
  ],
  // Names that nothing has.
  ['plan --target rateZone/alp', 1, /names nothing.*\n {2}hint: did you mean rateZone\/alps\?/],
  ['drift --accept rateZone/alp', 1, /rateZone\/alp is not in the state; "sft-catalog state list"/],
  ['provision --order A --sku ALPS', 1, /no add-on plan has the SKU ALPS; apply a catalog/],
  ['order A', 1, /the ledger has no such order; check the order ID/],
  ['usage --endpoint 1', 1, /was not sold from orders\.json; check the ID/],
  ['adopt --only zones', 64, /give rateZones, addonPlans, endpoints/],
  ['worker', 1, /a file is not a place for the work of a fleet; give an address that begins with/],
  // Words of a command line.
  [
    'esims',
    64,
    /an argument is missing \(release ICCID \[flags\]\)\. See sft-catalog esims --help/,
  ],
  ['plan --out', 64, /--out needs a value\. See/],
  [
    'plan --canary -1',
    64,
    /--canary needs a value; one that begins with a dash is given as --canary=-…/,
  ],
  ['plan --json=yes', 64, /--json takes no value\. See/],
  ['plan --tragets x', 64, /did you mean --target\?/],
  // Settings.
  ['plan', 1, /login refused .*It is not tried again/, { SFT_PASSWORD: 'wrong' }],
  [
    'plan',
    1,
    /no connection \(127\.0\.0\.1:9: .*nothing was sent/s,
    { SFT_BASE_URL: 'http://127.0.0.1:9' },
  ],
  ['plan', 1, /is not a URL: give one such as/, { SFT_BASE_URL: 'localhost' }],
  [
    'plan',
    1,
    /not https: the password would be sent in clear/,
    { SFT_BASE_URL: 'http://sft.example' },
  ],
  ['plan', 1, /SFT_CALLS_PER_SECOND is 'fast': give a number/, { SFT_CALLS_PER_SECOND: 'fast' }],
  ['plan', 1, /SFT_BULK is 'maybe': give one of on, off, auto/, { SFT_BULK: 'maybe' }],
  ['plan', 1, /SFT_WIRE is not JSON; give it as JSON/, { SFT_WIRE: '{' }],
  ['doctor', 1, /give an IANA name such as/, { SFT_TIME_ZONE: 'Mars/Phobos' }],
  ['orders', 1, /the folder .*nowhere does not exist/, { SFT_LEDGER: 'nowhere/orders.json' }],
  ['plan --env prod', 1, /environments\/prod\.yaml does not exist\n {2}hint: write the file/],
]

/** Every file below a folder with what is in it, but for what runs leave beside a state. */
function contents(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => !/state\.json\.|orders\.json|sft-catalog-ci/.test(name))
    .filter(name => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map(name => [name, readFileSync(join(folder, name), 'utf8')]))
}

async function openFolder(test: Test): Promise<Desk> {
  const desk = await openDesk(test, iccids => smallCatalog(iccids.slice(0, 2)))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write('a-file', '')
  mkdirSync(join(desk.folder, 'a-folder'))
  return desk
}

t.test('what is given by mistake', async t => {
  const desk = await openFolder(t)
  const before = contents(desk.folder)
  const since = desk.simulator.calls.length
  for (const [given, code, said, env] of ROWS)
    await t.test(env === undefined ? given : `${given} with ${JSON.stringify(env)}`, async t => {
      const ended = await desk.run(given, { ...(env && { env }), asTyped: true })
      t.equal(ended.code, code, ended.stdout)
      t.match(ended.stderr, said)
      t.notMatch(ended.stderr, BARE)
      t.same(contents(desk.folder), before, 'nothing is lost')
    })
  t.same(desk.writes(since), [])
})

t.test('a Node that compiles no code from strings checks a catalog as any other', async t => {
  const desk = await openFolder(t)
  const ended = await desk.run('validate', {
    ownProcess: true,
    node: ['--disallow-code-generation-from-strings'],
  })
  t.match(ended, { code: 0, stderr: '' })
})
