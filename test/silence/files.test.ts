import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { acquireLock } from '../../src/durable/lock.ts'
import { thisProcess } from '../../src/durable/owner.ts'
import { openState, readState, restoreState } from '../../src/stores/states.ts'
import { runCli } from '../cli/run-cli.ts'
import { putPlan, putZone } from '../state/records.ts'

const cli = (folder: string, args: string) => runCli(args.split(' '), { cwd: folder })

const edit = (file: string, from: string | RegExp, to: string) => {
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(from, to)
  if (changed === text) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, changed)
}

/** A state with a zone and two plans; its last plan is in the journal of a process that was killed. */
async function killedState(folder: string): Promise<string> {
  const live = join(folder, 'live')
  mkdirSync(live)
  const place = join(live, 'state.json')
  const store = await openState(place)
  await store.append(putZone('europe', '1201'), putPlan('small', '885543'))
  await store.fold()
  copyFileSync(`${place}.journal`, join(folder, 'earlier.journal'))
  await store.append(putPlan('large', '885544'))
  await store.fold()
  await store.append(putPlan('huge', '885545'))
  cpSync(live, join(folder, 'kept'), { recursive: true })
  await store[Symbol.asyncDispose]()
  const kept = join(folder, 'kept', 'state.json')
  rmSync(`${kept}.lock`)
  return kept
}

/** What may happen to the files of a state, and what is then said. */
const STATES: readonly (readonly [string, (state: string, folder: string) => void, RegExp])[] = [
  [
    'a snapshot with one changed character is refused',
    state => edit(state, '"Plan 885543"', '"Plan 885549"'),
    /state\.json does not match its digest: it was changed/,
  ],
  [
    "a plan ID put in another's place is refused",
    state => {
      edit(state, '"small": {"planId":"885543"', '"small": {"planId":"885544"')
      edit(state, '"large": {"planId":"885544"', '"large": {"planId":"885543"')
    },
    /does not match its digest/,
  ],
  [
    'an ID that stands twice in a kind is refused, and named',
    state => edit(state, '"large": {"planId":"885544"', '"large": {"planId":"885543"'),
    /has the ID 885543 twice: addonPlans\.large and addonPlans\.small/,
  ],
  [
    'a key that a merge left twice is refused, and named',
    state => edit(state, '    "small":', '    "large": {"planId":"1"},\n    "small":'),
    /has the key addonPlans\.large twice \(line \d+\): keep one/,
  ],
  [
    'a snapshot whose digest was taken out is refused',
    state => edit(state, /,\n {2}"digest": ".*",\n {2}"journal": \d/, ''),
    /does not match its digest/,
  ],
  [
    'a snapshot that was put back to the form without a digest is refused',
    state => edit(state, '"version": 2', '"version": 1'),
    /does not match its digest/,
  ],
  [
    'an announced write of an unknown sort is refused',
    state =>
      edit(
        state,
        '"pending": {}',
        '"pending": {"a":{"id":"a","operation":"x","at":"x","settleSeconds":1,"action":"melt","drafts":[]}}',
      ),
    /pending\.a is not an announced write/,
  ],
  [
    'a state that lost its journal is refused',
    state => rmSync(`${state}.journal`),
    /journal is missing, and the snapshot says that it goes on there/,
  ],
  [
    'a state whose journal was emptied is refused',
    state => writeFileSync(`${state}.journal`, ''),
    /journal is empty, and the snapshot says that it goes on there/,
  ],
  [
    'a state with its own journal of an earlier time is refused',
    (state, folder) => copyFileSync(join(folder, 'earlier.journal'), `${state}.journal`),
    /journal ends at serial 1, but the snapshot is at 2: it is an older one/,
  ],
  [
    'an older copy in the place of the state is refused, also without a journal',
    state => {
      copyFileSync(join(`${state}.backups`, 'serial-1.json'), state)
      rmSync(`${state}.journal`)
    },
    /ends at serial 1, but its backup .*serial-2\.json is of serial 2: an older copy/,
  ],
]

for (const [name, happens, said] of STATES)
  t.test(name, async t => {
    const folder = t.testdir({})
    const state = await killedState(folder)
    happens(state, folder)
    const before = readFileSync(state, 'utf8')
    const ended = await cli(join(folder, 'kept'), 'state list')
    t.equal(ended.code, 1)
    t.match(ended.stderr, said)
    t.match(ended.stderr, 'Nothing was changed')
    t.notMatch(ended.stderr, /^\s+at /m)
    await t.rejects(openState(state), said)
    t.equal(readFileSync(state, 'utf8'), before)
    await restoreState(state)
    t.equal((await readState(state)).addonPlans['small']?.planId, '885543')
  })

t.test('an edit of the state by hand is shown, asked about, and taken', async t => {
  const folder = t.testdir({})
  const state = await killedState(folder)
  const kept = join(folder, 'kept')
  t.match(await cli(kept, 'state accept-edit --yes'), { code: 0, stdout: /nothing to accept/ })
  edit(state, '"small": {"planId":"885543"', '"small": {"planId":"900001"')
  t.match(await cli(kept, 'state accept-edit'), { code: 64, stderr: /nobody to ask: give --yes/ })
  t.match(await cli(kept, 'state list'), { code: 1, stderr: /state accept-edit --state/ })
  const taken = await cli(kept, 'state accept-edit --yes')
  t.match(taken, { code: 0, stdout: /addonPlans\.small\.planId: "885543" → "900001"/ })
  const { stdout } = await cli(kept, 'state list')
  t.match(stdout, /addonPlan\/small\t900001/)
  t.match(stdout, /addonPlan\/huge\t885545/, 'what was in the journal stays')
  rmSync(`${state}.journal`, { force: true })
  t.equal((await readState(state)).serial, 4)
})

t.test(
  'a state that lost its journal for good is taken as it is, and the loss is told',
  async t => {
    const folder = t.testdir({})
    const state = await killedState(folder)
    rmSync(`${state}.journal`)
    const taken = await cli(join(folder, 'kept'), 'state accept-edit --yes')
    t.match(taken, { code: 0, stdout: /journal is missing or empty: what was in it is lost/ })
    t.same(Object.keys((await readState(state)).addonPlans), ['large', 'small'])
  },
)

t.test('a state that was closed is its snapshot alone, and can be moved as one file', async t => {
  const folder = t.testdir({})
  await killedState(folder)
  const closed = join(folder, 'live', 'state.json')
  t.notOk(existsSync(`${closed}.journal`))
  copyFileSync(closed, join(folder, 'moved.json'))
  t.equal((await readState(join(folder, 'moved.json'))).serial, 3)
})

t.test('a state of release 0.1.0 is kept as it was when it is written anew', async t => {
  const folder = t.testdir({})
  cpSync('test/fixtures/release-0.1.0/state-journal', folder, { recursive: true })
  const moved = await cli(folder, 'state mv rateZone/alps rateZone/mountains')
  t.match(moved, { code: 0, stderr: /has the form of release 0\.1\.0 and is written in a new one/ })
  const kept = join(folder, 'state.json.backups', 'release-0.1.0-serial-22.json')
  for (const end of ['', '.journal'])
    t.equal(
      readFileSync(`${kept}${end}`, 'utf8'),
      readFileSync(`test/fixtures/release-0.1.0/state-journal/state.json${end}`, 'utf8'),
    )
  t.equal(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')).version, 2)
  t.equal((await cli(folder, 'state mv rateZone/mountains rateZone/alps')).stderr, '')
})

const leaveLock = (path: string, more: object) =>
  writeFileSync(
    path,
    JSON.stringify({
      ...thisProcess('apply'),
      boot: 'another',
      since: '2026-11-20T08:00:00.000Z',
      token: 'left',
      ...more,
    }),
  )

const MINUTES_MS = 60_000
const LOCKS: readonly (readonly [string, object, number, boolean])[] = [
  [
    'the lock of another boot that gave a sign of life lately is left alone',
    { beats: true },
    9,
    false,
  ],
  ['the lock of another boot is followed after ten minutes of silence', { beats: true }, 11, true],
  ['the lock of another boot that gives no signs is never followed', {}, 600, false],
]

for (const [name, more, minutes, followed] of LOCKS)
  t.test(name, async t => {
    const path = join(t.testdir({}), 'lock')
    leaveLock(path, more)
    const then = new Date(Date.now() - minutes * MINUTES_MS)
    utimesSync(path, then, then)
    if (followed) {
      await using lock = await acquireLock(path)
      t.ok(lock.isHeld())
    } else await t.rejects(acquireLock(path, { advice: 'run unlock' }), /run unlock/)
  })

t.test('whoever holds a lock gives signs of life', async t => {
  const path = join(t.testdir({}), 'lock')
  await using lock = await acquireLock(path, { otherBootMs: 200 })
  const long = new Date(0)
  utimesSync(path, long, long)
  while (statSync(path).mtimeMs === 0) await delay(20)
  t.ok(lock.isHeld())
})

t.test('a state link whose target is not there yet is made at the target', async t => {
  const folder = t.testdir({ volume: {} })
  const link = join(folder, 'state.json')
  symlinkSync('volume/shop.json', link)
  {
    await using store = await openState(link)
    await store.append(putZone('europe', '1'))
  }
  t.ok(lstatSync(link).isSymbolicLink())
  t.equal((await readState(join(folder, 'volume', 'shop.json'))).serial, 1)
  rmSync(join(folder, 'volume'), { recursive: true })
  await t.rejects(openState(link), /the folder .*volume does not exist; mount it, or make it first/)
})
