import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { anySignal } from '../src/any-signal.ts'
import { closingSignal } from '../src/provision/patience.ts'

setFlagsFromString('--expose_gc')
const collect: () => void = runInNewContext('gc')

/** Whether each of these fires, though memory is collected before. */
async function fire(signals: readonly AbortSignal[]): Promise<boolean> {
  let fired = 0
  for (const signal of signals) signal.addEventListener('abort', () => (fired += 1))
  const ends = performance.now() + 20_000
  while (fired < signals.length && performance.now() < ends) {
    collect()
    await sleep(20)
  }
  return fired === signals.length
}

const many = (make: () => AbortSignal) => Array.from({ length: 10 }, make)

t.test('the patience of whoever waits ends, though memory is collected meanwhile', async t => {
  const closing = new AbortController().signal
  t.ok(await fire(many(() => closingSignal(closing, { timeoutSeconds: 0.3 }))), 'of seconds')
  const signal = () => AbortSignal.timeout(300)
  t.ok(await fire(many(() => closingSignal(closing, { signal: signal() }))), 'of a signal')
  const both = () => ({ signal: new AbortController().signal, timeoutSeconds: 0.3 })
  t.ok(await fire(many(() => closingSignal(closing, both()))), 'of both')
  const joined = () => anySignal([closing, anySignal([closing, signal()])])
  t.ok(await fire(many(joined)), 'of one that is joined twice')
})

t.test('signals are joined in one place', async t => {
  const files = (await readdir('src', { recursive: true })).filter(file => /\.tsx?$/.test(file))
  const texts = await Promise.all(
    files.map(async file => [file, await readFile(`src/${file}`, 'utf8')] as const),
  )
  t.same(
    texts.filter(([, text]) => text.includes('AbortSignal.any(')).map(([file]) => file),
    ['any-signal.ts'],
  )
})
