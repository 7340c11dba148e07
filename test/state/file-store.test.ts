import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Json } from '../../src/model.ts'
import { openFileState, readFileState } from '../../src/state/file-store.ts'
import type { State } from '../../src/state/state.ts'
import { openState, readState } from '../../src/stores/states.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { testStateStore } from './contract.ts'
import { putEndpoint, putZone } from './records.ts'

const newPlace = (test: Test): string => join(test.testdir({}), 'state.json')

testStateStore('file', { place: newPlace, open: openFileState, read: readFileState })

const plain = (state: State): unknown => JSON.parse(JSON.stringify(state))

/** A state with a folded zone and `count` endpoints in its journal, left as a killed process leaves it. */
async function killedState(test: Test, count: number): Promise<string> {
  const root = test.testdir({ live: {}, left: {}, more: {} })
  const live = join(root, 'live', 'state.json')
  const left = join(root, 'left')
  await using store = await openFileState(live)
  await store.append(putZone('europe', '1201'))
  await store.fold()
  for (let n = 1; n <= count; n++) await store.append(putEndpoint(`key-${n}`, `E${n}`))
  cpSync(join(live, '..'), left, { recursive: true })
  rmSync(join(left, 'state.json.lock'))
  return join(left, 'state.json')
}

t.test('the file reads as the shape that portals are told of, a record a line', async test => {
  const path = newPlace(test)
  {
    await using store = await openFileState(path)
    await store.append({ type: 'account', account: { host: 'sft.example', targetAccountId: '9' } })
    await store.append(putZone('europe', '1201'), putZone('asia', '1202'))
    await store.append(putEndpoint('8932042000010000012', 'E1'))
  }
  const text = readFileSync(path, 'utf8')
  const { lineage, digest } = JSON.parse(text)
  test.equal(
    text,
    `{
  "version": 2,
  "lineage": "${lineage}",
  "serial": 3,
  "account": {
    "host": "sft.example",
    "targetAccountId": "9"
  },
  "rateZones": {
    "asia": {"id":"1202","name":"Zone 1202","networks":[{"operatorId":"1","sponsorId":"7","tadig":"BELTB"}],"portal":{"destination":"europe"},"spec":{"name":"Zone 1202","networks":["1/7"]}},
    "europe": {"id":"1201","name":"Zone 1201","networks":[{"operatorId":"1","sponsorId":"7","tadig":"BELTB"}],"portal":{"destination":"europe"},"spec":{"name":"Zone 1201","networks":["1/7"]}}
  },
  "addonPlans": {},
  "endpoints": {
    "8932042000010000012": {"endpointId":"E1","name":"travel-E1","batch":"batch-1","tags":["a","b"],"spec":{"basePlan":"BASE"}}
  },
  "learnt": {},
  "pending": {},
  "digest": "${digest}",
  "journal": 0
}
`,
  )
})

t.test('only the owner can read a file of a state', async test => {
  const path = newPlace(test)
  await using store = await openFileState(path)
  await store.append(putZone('europe', '1'))
  const files = [path, `${path}.journal`, `${path}.lock`, join(`${path}.backups`, 'serial-0.json')]
  for (const file of files) test.equal(statSync(file).mode & 0o777, 0o600, file)
})

t.test('reading neither locks nor makes a file', async test => {
  const path = newPlace(test)
  test.equal((await readFileState(path)).serial, 0)
  test.same(readdirSync(join(path, '..')), [])
  await test.rejects(readFileState(join(path, 'no', 'state.json')), /folder .* make it first/)
})

t.test('a location names its store', async test => {
  const path = newPlace(test)
  {
    await using store = await openState(`file:${path}`)
    await store.append(putZone('europe', '1'))
  }
  test.equal((await readState(path)).serial, 1)
  await using memory = await openState('memory:')
  test.equal(memory.location, 'memory:')
  await test.rejects(openState('s3://bucket/state.json'), /s3: is not a place for a state/)
})

t.test('two names of one state share its lock', async test => {
  const path = newPlace(test)
  const other = join(path, '..', 'other.json')
  await using store = await openFileState(path)
  symlinkSync(path, other)
  await test.rejects(openFileState(other), { name: 'LockedError' })
  await store.append(putZone('europe', '1'))
  test.equal((await readFileState(other)).serial, 1)
})

t.test('a state whose lock was removed under a run takes nothing more from it', async test => {
  const path = newPlace(test)
  await using store = await openFileState(path)
  rmSync(`${path}.lock`)
  await test.rejects(store.append(putZone('europe', '1')), /was removed or taken/)
})

t.test('a last line cut at any byte is dropped and reported; all before it stands', async test => {
  const path = await killedState(test, 3)
  const whole = plain(await readFileState(path))
  const journal = `${path}.journal`
  const bytes = readFileSync(journal)
  const start = bytes.lastIndexOf(10, bytes.length - 2) + 1
  const { endpoints } = await readFileState(path)
  test.same(Object.keys(endpoints), ['key-1', 'key-2', 'key-3'])
  for (let length = start; length < bytes.length; length++) {
    writeFileSync(journal, bytes.subarray(0, length))
    const state = await readFileState(path)
    if (state.serial !== 3 || Object.keys(state.endpoints).join() !== 'key-1,key-2')
      test.fail(`cut after ${length - start} bytes`, { serial: state.serial })
  }
  writeFileSync(journal, Buffer.concat([bytes.subarray(0, start + 9), Buffer.alloc(4096)]))
  const notices: string[] = []
  {
    await using store = await openFileState(path, { onNotice: text => notices.push(text) })
    test.equal(store.state.serial, 3)
    await store.append(putEndpoint('key-3', 'E3'))
    test.same(plain(store.state), whole)
  }
  test.match(notices, [/state\.json\.journal:4 was cut short .* 4105 bytes were dropped/])
  test.same(plain(await readFileState(path)), whole)
})

t.test('a journal damaged before its end is refused with file and line', async test => {
  const path = await killedState(test, 5)
  const journal = `${path}.journal`
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n')
  const refused = async (changed: readonly string[], text: RegExp) => {
    writeFileSync(journal, changed.map(line => `${line}\n`).join(''))
    const before = readdirSync(join(path, '..')).map(name => name)
    const error = { name: 'StateDamagedError', message: text }
    await test.rejects(readFileState(path), error)
    await test.rejects(openFileState(path), error)
    test.same(readdirSync(join(path, '..')), before, 'nothing was changed')
  }
  const without = (index: number) => lines.filter((_, at) => at !== index)
  const replaced = (index: number, by: (line: string) => string) =>
    lines.map((line, at) => (at === index ? by(line) : line))
  await refused(
    replaced(2, line => line.slice(0, 40)),
    /journal:3 is cut short or overwritten/,
  )
  await refused(
    replaced(2, line => line.replace('E2', 'E9')),
    /journal:3 does not match its checksum/,
  )
  await refused(
    replaced(5, line => line.replace('E5', 'E9')),
    /journal:6 does not match/,
  )
  await refused(
    replaced(3, line => '\0'.repeat(line.length)),
    /journal:4 is cut short/,
  )
  await refused(without(3), /journal:4 has number 5, but 4 comes next/)
  await refused(without(0), /journal begins at serial 2, but the snapshot ends at 1/)
  writeFileSync(journal, lines.map(line => `${line}\n`).join(''))
  test.equal((await readFileState(path)).serial, 6)
})

t.test('a journal of another state is refused', async test => {
  const path = await killedState(test, 1)
  const other = join(path, '..', 'other.json')
  await using _store = await openFileState(other)
  cpSync(other, path)
  await test.rejects(readFileState(path), {
    name: 'StateDamagedError',
    message: /journal:1 belongs to another state \(lineage /,
  })
})

t.test('a snapshot that cannot be read is refused with the way back', async test => {
  const path = await killedState(test, 2)
  const good = readFileSync(path, 'utf8')
  const backup = join(`${path}.backups`, 'serial-1.json')
  const refused = async (text: RegExp) => {
    await test.rejects(readFileState(path), { name: 'StateDamagedError', message: text })
    await test.rejects(openFileState(path), { name: 'StateDamagedError', message: text })
    const way = `\`sft-catalog state restore ${backup} --state ${path}\``
    await test.rejects(readFileState(path), new RegExp(way.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  }
  rmSync(path)
  await refused(/state\.json is missing, but its journal .* Nothing was changed/)
  writeFileSync(path, '')
  await refused(/state\.json is empty/)
  writeFileSync(path, good.slice(0, -20))
  await refused(/state\.json is not whole JSON/)
  writeFileSync(path, good.replace('"id":', '"id" '))
  await refused(/state\.json is not whole JSON \(line 6, column/)
  writeFileSync(path, '[]')
  await refused(/is not a state: a JSON object is expected/)
  writeFileSync(path, '{}')
  await refused(/has no version 2, so it is not a state/)
  writeFileSync(path, good.replace('"version": 2', '"version": 3'))
  await refused(/has version 3, written by a newer sft-catalog/)
  writeFileSync(path, good.replace('"id":"1201"', '"id":1201'))
  await refused(/rateZones\.europe\.id is not an ID/)
  writeFileSync(path, good.replace('"pending"', '"pendings"'))
  await refused(/has no pending/)
  rmSync(path)
  rmSync(`${path}.journal`)
  await refused(/state\.json is missing, but its backups are there/)
  rmSync(backup)
  rmSync(join(`${path}.backups`, 'serial-0.json'))
  test.equal((await readFileState(path)).serial, 0, 'with no trace of a state it is a new one')
})

t.test('without a readable backup the refusal says what else can be done', async test => {
  const path = await killedState(test, 2)
  for (const name of readdirSync(`${path}.backups`)) truncateSync(join(`${path}.backups`, name), 30)
  truncateSync(path, 30)
  await test.rejects(readFileState(path), /no backup that can be read in .*sft-catalog adopt/)
})

t.test('a fold cut short at any step replays to the same state', async test => {
  const path = await killedState(test, 4)
  const folder = join(path, '..')
  const journal = readFileSync(`${path}.journal`)
  const old = readFileSync(path)
  const whole = plain(await readFileState(path))
  {
    await using _store = await openFileState(path)
  }
  const folded = readFileSync(path)
  const steps: readonly (readonly [string, () => void])[] = [
    ['before it', () => writeFileSync(path, old)],
    [
      'while the new snapshot is written',
      () => writeFileSync(`${path}.tmp`, folded.subarray(0, 99)),
    ],
    ['after the new snapshot', () => writeFileSync(path, folded)],
    [
      'while the backup is copied',
      () => writeFileSync(join(`${path}.backups`, 'serial-5.json.tmp'), '{'),
    ],
    ['after the backup', () => writeFileSync(join(`${path}.backups`, 'serial-5.json'), folded)],
    ['while the journal is replaced', () => writeFileSync(`${path}.journal.tmp`, '')],
  ]
  rmSync(join(`${path}.backups`, 'serial-5.json'))
  writeFileSync(`${path}.journal`, journal)
  for (const [step, crash] of steps) {
    crash()
    const copy = join(folder, '..', 'more', step)
    cpSync(folder, copy, { recursive: true })
    const there = join(copy, 'state.json')
    test.same(plain(await readFileState(there)), whole, `${step}: read`)
    await using store = await openFileState(there)
    test.same(plain(store.state), whole, `${step}: opened`)
    await store.append(putZone('asia', '2'))
    test.equal((await readFileState(there)).serial, 6)
    test.ok(existsSync(join(`${there}.backups`, 'serial-5.json')), `${step}: has its backup`)
  }
})

t.test('ten backups are kept, the newest ones', async test => {
  const path = newPlace(test)
  for (let n = 1; n <= 13; n++) {
    await using store = await openFileState(path)
    await store.append(putZone('europe', String(n)))
  }
  const serials = readdirSync(`${path}.backups`)
    .map(name => Number(/\d+/.exec(name)?.[0]))
    .sort((a, b) => a - b)
  test.same(serials, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
})

t.test('an entry that is no JSON fails its append and leaves no trace', async test => {
  const path = newPlace(test)
  await using store = await openFileState(path)
  const circular: Record<string, Json> = {}
  circular['self'] = circular
  const record = { id: '1', name: 'x', networks: [], spec: circular }
  await test.rejects(store.append({ type: 'put', kind: 'rateZone', key: 'x', record }), TypeError)
  await store.append(putZone('asia', '2'))
  test.equal((await readFileState(path)).serial, 1)
})

/** Appends in a process of its own, kills it after so many lines, and tells the keys that it acknowledged. */
async function killWhileAppending(
  lines: number,
  script: readonly string[],
  args: readonly string[],
): Promise<readonly string[]> {
  const child = spawnNode([...script, ...args])
  child.stderr.pipe(process.stderr)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.split('\n').length > lines) child.kill('SIGKILL')
  })
  await new Promise(resolve => child.once('close', resolve))
  return output
    .slice(0, output.lastIndexOf('\n'))
    .split('\n')
    .filter(line => line.startsWith('key-'))
}

t.test('kill -9 at any instant loses nothing that was acknowledged', async test => {
  const path = newPlace(test)
  const script = scriptBeside(import.meta, 'append-for-ever')
  const acknowledged = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const width = String(1 + (round % 3) * 5)
    const foldEvery = round % 2 === 0 ? '0' : '7'
    for (const key of await killWhileAppending(1 + (round % 10) * 2, script, [
      path,
      width,
      foldEvery,
    ]))
      acknowledged.add(key)
    const { endpoints, serial } = await readFileState(path)
    const lost = [...acknowledged].filter(key => endpoints[key]?.endpointId !== `E-${key}`)
    test.same(lost, [], `round ${round}: serial ${serial}, ${acknowledged.size} acknowledged`)
  }
  await using store = await openFileState(path)
  test.ok(acknowledged.size > 50)
  test.equal(Object.keys(store.state.endpoints).length, store.state.serial)
})
