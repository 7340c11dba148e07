// Places that cannot be used: plain words through the command line, and nothing sent that could not be kept.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'
import type { Ended } from '../cli/run-cli.ts'
import { nodeWords, PROGRAM } from '../program.ts'

const NOBODY = 65_534

/** No name of an error of the system, no class, no line of a stack. */
const BARE = /\bE[A-Z]{4,}\b|\b\w+Error\b|^\s+at /m

const SALE = 'provision --order A-1 --sku ALPS-1GB-7D'

const mount = (...words: readonly string[]): boolean =>
  spawnSync('mount', words, { stdio: 'ignore' }).status === 0

/** A small disk in the folder of a desk. */
function disk(t: Test, desk: Desk): string {
  const place = join(desk.folder, 'disk')
  mkdirSync(place)
  if (!mount('-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', place)) throw new Error('no mount')
  t.teardown(() => spawnSync('umount', [place]))
  return place
}

/** Whether a disk may be mounted here, tried where nobody else sees it. */
const canMount =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'], { stdio: 'ignore' })
    .status === 0

function fill(place: string): void {
  for (const size of [4096, 256, 16, 1])
    for (let n = 0; ; n++)
      try {
        writeFileSync(join(place, `filler-${size}-${n}`), Buffer.alloc(size))
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') break
        throw error
      }
}

interface Row {
  readonly name: string
  readonly command: string
  readonly says: RegExp
  readonly as?: number
}

/** Each command in turn; what is said, and that no call changed the account. */
async function each(t: Test, desk: Desk, rows: readonly Row[]): Promise<void> {
  for (const { name, command, says, as } of rows)
    await t.test(`${name}: ${command}`, async t => {
      const since = desk.simulator.calls.length
      const ended: Ended = await desk.run(command, as === undefined ? {} : { as })
      t.equal(ended.code, 1, ended.stdout)
      t.match(ended.stderr, says)
      t.notMatch(ended.stderr, BARE)
      t.strictSame(desk.writes(since), [], 'nothing was sent that could not be kept')
    })
}

const skip = !canMount && 'this machine lets nobody mount a disk'

t.test('a full disk', { skip }, async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const place = disk(t, desk)
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  fill(place)
  const says = /the disk is full; make room and run again: what was done before is kept/
  await each(t, desk, [
    { name: 'no state yet', command: 'apply --auto-approve --init --state disk/state.json', says },
    { name: 'a saved plan', command: 'plan --out disk/plan.json', says },
    { name: 'a ledger', command: `${SALE} --ledger disk/orders.json`, says },
  ])
})

t.test('a disk that fills up', { skip }, async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const place = disk(t, desk)
  t.equal((await desk.run('apply --auto-approve --state disk/state.json')).code, 0)
  fill(place)
  desk.write('catalog/more.yaml', 'version: 1\nrateZones: [{key: be, name: BE, countries: [BE]}]\n')
  const says = /the disk is full; make room/
  await each(t, desk, [
    { name: 'a state', command: 'apply --auto-approve --state disk/state.json', says },
    { name: 'a state that is edited', command: 'state backup --state disk/state.json', says },
  ])
  for (const name of readdirSync(place)) if (name.startsWith('filler')) rmSync(join(place, name))
  t.equal((await desk.run('apply --auto-approve --state disk/state.json')).code, 0)
  t.strictSame(desk.writes(), ['CreateRateZone', 'CreatePlan', 'CreateRateZone'])
})

t.test('a disk that is read-only', { skip }, async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const place = disk(t, desk)
  t.equal((await desk.run('apply --auto-approve --state disk/state.json')).code, 0)
  t.ok(mount('-o', 'remount,ro', place))
  desk.write('catalog/more.yaml', 'version: 1\nrateZones: [{key: be, name: BE, countries: [BE]}]\n')
  const says = /it is on a read-only file system; name a place that can be written to/
  t.equal((await desk.run('plan --state disk/state.json')).code, 0, 'a plan needs no file')
  await each(t, desk, [
    { name: 'a state', command: 'apply --auto-approve --state disk/state.json', says },
    { name: 'no state yet', command: 'apply --auto-approve --init --state disk/new.json', says },
    { name: 'an edit', command: 'state rm addonPlan/alps-1gb --state disk/state.json', says },
    { name: 'a saved plan', command: 'plan --out disk/plan.json', says },
    {
      name: 'a ledger',
      command: `${SALE} --state disk/state.json --ledger disk/orders.json`,
      says,
    },
  ])
})

t.test('files that belong to somebody else', { skip: process.getuid?.() !== 0 }, async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write('catalog/more.yaml', 'version: 1\nrateZones: [{key: be, name: BE, countries: [BE]}]\n')
  chmodSync(desk.folder, 0o755)
  for (const name of readdirSync(desk.folder, { recursive: true, encoding: 'utf8' }))
    if (statSync(join(desk.folder, name)).isFile()) chmodSync(join(desk.folder, name), 0o644)
  desk.write('secret.json', '{}')
  chmodSync(join(desk.folder, 'secret.json'), 0o600)
  desk.write('hidden/catalog.yaml', 'version: 1\n')
  chmodSync(join(desk.folder, 'hidden'), 0o700)
  const says = /permission denied; check who owns it, and its permissions/
  await each(
    t,
    desk,
    [
      { name: 'a state', command: 'apply --auto-approve', says },
      { name: 'a state that cannot be read', command: 'plan --state secret.json', says },
      {
        name: 'a catalog',
        command: 'plan --catalog hidden',
        says: /the folder cannot be read: permission denied/,
      },
      { name: 'a saved plan', command: 'plan --out plan.json', says },
      { name: 'an edit', command: 'state rm addonPlan/alps-1gb', says },
      { name: 'a ledger', command: SALE, says },
    ].map(row => ({ ...row, as: NOBODY })),
  )
})

t.test('a folder given as a file, a file given as a folder, and none at all', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  mkdirSync(join(desk.folder, 'folder'))
  const isFolder = /folder.*(is a folder|it is a folder); name a file/
  const isNone = /missing.* does not exist/
  const isFile = /a part of the path is a file, not a folder/
  await each(t, desk, [
    { name: 'a state', command: 'apply --auto-approve --state folder', says: isFolder },
    { name: 'a state', command: 'plan --state folder', says: isFolder },
    { name: 'a saved plan', command: 'plan --out folder', says: isFolder },
    { name: 'a saved plan', command: 'apply folder --auto-approve', says: isFolder },
    {
      name: 'a ledger',
      command: `${SALE} --ledger folder`,
      says: /folder: it is a folder; name a file/,
    },
    { name: 'a state', command: 'state list --state folder', says: isFolder },
    { name: 'a state', command: 'plan --state missing/state.json', says: isNone },
    { name: 'a saved plan', command: 'plan --out missing/plan.json', says: isNone },
    {
      name: 'a saved plan',
      command: 'apply missing/plan.json --auto-approve',
      says: /there is no such file; make one with "sft-catalog plan --out missing\/plan\.json"/,
    },
    { name: 'a catalog', command: 'plan --catalog missing', says: isNone },
    { name: 'a ledger', command: `${SALE} --ledger missing/orders.json`, says: isNone },
    { name: 'a state', command: 'plan --state state.json/state.json', says: isFile },
    { name: 'a saved plan', command: 'plan --out state.json/plan.json', says: isFile },
    { name: 'a ledger', command: `${SALE} --ledger state.json/orders.json`, says: isFile },
  ])
})

t.test('a pipe in the place of a file is refused, not waited for', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const pipes = ['state.json.journal', 'state.json.lock', 'state.json.calls', 'state.json']
  const commands: Readonly<Record<string, readonly string[]>> = {
    'state.json.lock': ['apply --auto-approve', 'state unlock --yes'],
    'state.json.calls': ['plan'],
  }
  for (const name of pipes) {
    const path = join(desk.folder, name)
    rmSync(path, { force: true })
    spawnSync('sh', ['-c', 'mkfifo "$0"', path])
    await each(
      t,
      desk,
      (commands[name] ?? ['plan', 'apply --auto-approve']).map(command => ({
        name,
        command,
        says: new RegExp(`${name}: it is a device, a pipe or a socket; name a file`),
      })),
    )
    rmSync(path)
  }
})

t.test(
  'a pipe or a folder as a ledger or its backup is named itself, and not waited for',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    await desk.run(SALE)
    spawnSync('sh', ['-c', 'mkfifo "$0"', join(desk.folder, 'pipe')])
    symlinkSync('circle', join(desk.folder, 'circle'))
    const isPipe = /pipe: it is a device, a pipe or a socket; name a file/
    const isFolder = /catalog: it is a folder; name a file/
    const rows: readonly [command: string, says: RegExp][] = [
      ['orders --ledger pipe', isPipe],
      ['ledger check --ledger pipe', isPipe],
      ['ledger restore pipe', isPipe],
      [`${SALE} --ledger catalog`, isFolder],
      ['ledger restore catalog', isFolder],
      ['apply pipe', isPipe],
      ['apply /dev/zero', /zero: it is a device, a pipe or a socket; name a file/],
      ['ledger restore nowhere.db', /nowhere\.db: there is no such file; name a backup/],
      ['ledger backup circle', /circle: links point at each other/],
      ['ledger backup nowhere/x.db', /nowhere\/x\.db.*: it does not exist; correct the path/],
    ]
    await each(
      t,
      desk,
      rows.map(([command, says]) => ({ name: command, command, says })),
    )
  },
)

t.test('an output that is full or closed ends neither the work nor its code', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  /** A line for sh, in which RUN stands for the program. */
  const shell = async (script: string) => {
    const run = nodeWords(PROGRAM)
      .map(word => `'${word}'`)
      .join(' ')
    const child = spawn('sh', ['-c', script.replaceAll('RUN', run)], {
      cwd: desk.folder,
      env: { PATH: process.env['PATH'], HOME: desk.folder, ...desk.env },
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const [code] = await once(child, 'close')
    return { code, stderr }
  }
  const full = await shell('RUN validate > /dev/full')
  t.equal(full.code, 1)
  t.match(full.stderr, /^error stdout cannot be written: .*what was answered is lost$/m)
  t.notMatch(full.stderr, BARE)
  const closed = await shell('(RUN apply --auto-approve --init; echo $? > code) | true')
  t.notMatch(closed.stderr, BARE)
  t.equal(desk.read('code'), '0\n')
  t.same(desk.writes(), ['CreateRateZone', 'CreatePlan'])
})

t.test('a port that no machine has is wrong usage', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const ended = await desk.run('simulate --port 99999')
  t.equal(ended.code, 64)
  t.match(ended.stderr, /a port is at most 65535/)
  t.notMatch(ended.stderr, BARE)
})
