import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  acquireLock,
  LockedError,
  readLock,
  removeLock,
  withShortLock,
} from '../../src/durable/lock.ts'
import { type Owner, ownerState, thisProcess } from '../../src/durable/owner.ts'
import { scriptBeside, spawnNode } from '../program.ts'

const newLock = (test: Test): string => join(test.testdir({}), 'lock')

interface Child {
  readonly process: ChildProcess
  /** The first line that it says. */
  readonly said: Promise<string>
  readonly ended: Promise<number | null>
}

function start(script: readonly string[], args: readonly (string | number)[]): Child {
  const child = spawnNode([...script, ...args.map(String)])
  child.stderr.pipe(process.stderr)
  let output = ''
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  const said = new Promise<string>(resolve => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.includes('\n')) resolve(output.trimEnd())
    })
    child.once('close', () => resolve(output.trimEnd()))
  })
  return { process: child, said, ended }
}

const leaveLock = (path: string, owner: Partial<Owner>, token = 'left'): void =>
  writeFileSync(
    path,
    JSON.stringify({ ...thisProcess('apply'), ...owner, since: '2026-11-20T08:00:00.000Z', token }),
  )

t.test('a lock names its owner, and is gone once it is disposed of', async test => {
  const path = newLock(test)
  {
    await using lock = await acquireLock(path, { purpose: 'apply' })
    test.ok(lock.isHeld())
    test.match(readLock(path)?.owner, { pid: process.pid, purpose: 'apply' })
    test.same(readdirSync(join(path, '..')), ['lock'], 'nothing lies about')
  }
  test.equal(readLock(path), undefined)
  test.same(readdirSync(join(path, '..')), [])
})

t.test('an owner is told apart from whatever has its number later', async test => {
  const me = thisProcess()
  test.equal(ownerState(me), 'alive')
  test.equal(ownerState({ ...me, started: '1' }), 'dead', 'the number was given again')
  test.equal(ownerState({ ...me, pid: 2 ** 22 + 1 }), 'dead', 'no such process')
  test.equal(ownerState({ ...me, boot: 'another' }), 'another boot', 'or a clone of this machine')
  test.equal(ownerState({ ...me, host: 'elsewhere' }), 'elsewhere')
  test.equal(ownerState({ ...me, space: 'pid:[1]' }), 'elsewhere', 'another container')
})

t.test('who finds a lock taken is told by whom, since when and what to do', async test => {
  const path = newLock(test)
  await using _lock = await acquireLock(path, { purpose: 'apply' })
  await test.rejects(
    acquireLock(path),
    /locked by .*, process \d+ \(apply\) since 20.* this very process/,
  )
  rmSync(path)
  leaveLock(path, { host: 'ci-7', user: 'ana', pid: 41, purpose: 'apply' })
  await test.rejects(acquireLock(path, { advice: 'run `sft-catalog state unlock`' }), {
    name: 'LockedError',
    message: `${path}: locked by ana@ci-7, process 41 (apply) since 2026-11-20T08:00:00.000Z. Whether it still runs cannot be seen from here. Wait until it has ended; once you know that it has, run \`sft-catalog state unlock\`.`,
  })
  const parent = process.ppid
  leaveLock(path, { pid: parent, started: 'hidden' })
  await test.rejects(
    acquireLock(path),
    new RegExp(`Wait until it has ended, or end it \\(process ${parent}\\)`),
  )
})

t.test('a lock can be waited for, and the wait can be given up', async test => {
  const path = newLock(test)
  const first = await acquireLock(path)
  const second = acquireLock(path, { waitMs: 60_000 })
  const aborted = acquireLock(path, { waitMs: 60_000, signal: AbortSignal.timeout(20) })
  await test.rejects(aborted, { name: /AbortError|TimeoutError/ })
  await first[Symbol.asyncDispose]()
  await using lock = await second
  test.ok(lock.isHeld())
})

t.test(
  'an owner that cannot be seen loses a lock with staleMs when it gives no sign',
  async test => {
    const path = newLock(test)
    leaveLock(path, { host: 'ci-7' })
    await test.rejects(acquireLock(path, { staleMs: 60_000 }), LockedError)
    utimesSync(path, new Date(0), new Date(0))
    await test.rejects(acquireLock(path), LockedError)
    await using lock = await acquireLock(path, { staleMs: 60_000 })
    test.ok(lock.isHeld())
  },
)

t.test('a lock file that a power cut emptied holds nobody up after the next boot', async test => {
  const path = newLock(test)
  writeFileSync(path, '')
  await test.rejects(acquireLock(path), /locked by an unknown owner/)
  utimesSync(path, new Date(0), new Date(0))
  await using lock = await acquireLock(path)
  test.ok(lock.isHeld())
})

t.test('a lock is removed by hand only if it is the one that was looked at', async test => {
  const path = newLock(test)
  leaveLock(path, { host: 'ci-7' }, 'one')
  const holder = readLock(path)
  test.ok(holder)
  leaveLock(path, { host: 'ci-8' }, 'two')
  if (holder !== undefined) test.equal(removeLock(path, holder), false)
  const now = readLock(path)
  if (now !== undefined) test.equal(removeLock(path, now), true)
  test.equal(readLock(path), undefined)
})

t.test('of many that find a dead owner at once, one takes over', async test => {
  const path = newLock(test)
  for (let round = 0; round < 60; round++) {
    leaveLock(path, { started: '1' }, `dead-${round}`)
    // A taker that died half way had claimed to follow the dead owner.
    if (round % 2 === 1) leaveLock(`${path}.dead-${round}.next`, { started: '2' }, `heir-${round}`)
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(path)))
    const won = tries.filter(result => result.status === 'fulfilled')
    test.equal(won.length, 1)
    for (const result of won) await result.value[Symbol.asyncDispose]()
  }
  test.same(readdirSync(join(path, '..')), [])
})

t.test('a killed process leaves its lock to one of several that wait', async test => {
  const path = newLock(test)
  const script = scriptBeside(import.meta, 'hold-lock')
  const first = start(script, [path, 0])
  test.equal(await first.said, 'held')
  test.match(await start(script, [path, 0]).said, /LockedError: .*\(holding\)/)
  const waiting = [start(script, [path, 60_000]), start(script, [path, 60_000])]
  first.process.kill('SIGKILL')
  for (let left = waiting.length; left > 0; left--) {
    const next = await Promise.race(waiting.map(async child => [child, await child.said] as const))
    test.equal(next[1], 'held')
    test.equal(readLock(path)?.owner?.pid, next[0].process.pid)
    waiting.splice(waiting.indexOf(next[0]), 1)
    next[0].process.kill('SIGKILL')
    await next[0].ended
  }
})

t.test('short sections of one process run in the order of their calls', async test => {
  const path = newLock(test)
  const order: number[] = []
  const failure = withShortLock(path, () => Promise.reject(new Error('inside')))
  await Promise.all([
    test.rejects(failure, /inside/),
    ...Array.from({ length: 50 }, (_, n) => withShortLock(path, () => order.push(n))),
  ])
  test.same(
    order,
    Array.from({ length: 50 }, (_, n) => n),
  )
})

t.test(
  'short sections of many processes never overlap, though some are killed inside',
  async test => {
    const path = newLock(test)
    const file = join(path, '..', 'numbers')
    const script = scriptBeside(import.meta, 'count-with-lock')
    writeFileSync(file, '0\n')
    const steady = Array.from({ length: 3 }, () => start(script, [path, file, 150]))
    for (let round = 0; round < 8; round++) {
      const victim = start(script, [path, file, 1_000_000])
      await victim.said
      setTimeout(() => victim.process.kill('SIGKILL'), round)
      await victim.ended
    }
    for (const child of steady) test.equal(await child.ended, 0)
    const numbers = readFileSync(file, 'utf8').trimEnd().split('\n').map(Number)
    test.same(
      numbers,
      Array.from({ length: numbers.length }, (_, n) => n),
    )
    test.ok(numbers.length > 450)
  },
)
