// What is shown of work that takes long: by clocks of the test's own.
import t, { type Test } from 'tap'
import { openLive } from '../../src/cli/live.ts'
import { openCountdown, secondsLeft } from '../../src/cli/time-left.ts'

/** Shows into a list, by a clock that is moved by hand. */
function openDesk(t: Test, isTerminal: boolean) {
  const shown: string[] = []
  let time = 0
  let tick: () => void = () => undefined
  t.intercept(globalThis, 'setInterval', {
    value: (look: () => void) => {
      tick = look
      return { unref: () => undefined }
    },
  })
  const live = openLive(
    {
      line: text => void shown.push(text),
      ...(isTerminal && { row: { draw: text => void shown.push(`row ${text}`) } }),
    },
    () => time,
  )
  const wait = (seconds: number) => {
    for (let quarter = 0; quarter < seconds * 4; quarter += 1) {
      time += 250
      tick()
    }
    return shown.splice(0)
  }
  return { live, wait }
}

t.test('in a log, whatever is waited for is said after two seconds, then seldom', async t => {
  const { live, wait } = openDesk(t, false)
  using _doing = live.doing(() => 'reading the account')
  t.same(wait(1.75), [])
  t.same(wait(0.25), ['  reading the account (2 seconds)'])
  t.same(wait(9.75), [])
  t.same(wait(0.25), ['  reading the account (12 seconds)'])
  live.said()
  t.same(wait(9.75), [], 'what is said breaks the silence too')
})

t.test('in a terminal a row is written over, and gone when something is said', async t => {
  const { live, wait } = openDesk(t, true)
  const doing = live.doing(() => 'looking')
  t.same(wait(2.5).slice(0, 2), ['row looking (2 seconds)', 'row looking (2 seconds)'])
  live.said()
  t.same(wait(0), ['row '])
  wait(3)
  doing[Symbol.dispose]()
  t.same(wait(5), ['row '], 'and when it is over')
})

t.test('a connection that is tried again is told with the reason and the time', async t => {
  const { live, wait } = openDesk(t, false)
  const { calls } = live
  live.doing(() => (calls.count() > 0 ? 'waiting for sft.example' : undefined))
  t.same(wait(5), [], 'nobody waits')
  calls.take({ type: 'begins', operation: 'Login' })
  calls.take({ type: 'waits', operation: 'Login', reason: 'no connection (refused)', seconds: 4 })
  t.match(wait(0.25), [
    /^ {2}no connection \(refused\), tried again in 4 s; waiting for sft.example/,
  ])
  calls.take({ type: 'ends', operation: 'Login' })
  t.same(wait(30), [])
})

t.test('whoever draws or asks is not drawn over', async t => {
  const { live, wait } = openDesk(t, true)
  using _doing = live.doing(() => 'reading')
  {
    using _others = live.handOver()
    t.same(wait(20), [])
  }
  t.same(wait(1), [])
  t.equal(wait(2)[0], 'row reading (22 seconds)')
})

t.test('the time left counts down, and moves only where the end moved', async t => {
  const countDown = openCountdown()
  t.equal(countDown(100, 0), 100)
  t.equal(countDown(97, 5000), 95, 'a little more or less is no news')
  t.equal(countDown(300, 6000), 300, 'three times as much is')
  t.equal(countDown(290, 16_000), 290)
})

t.test('in the beginning the rate of the account counts, later what was measured', async t => {
  const pace = { left: 100, done: 0, seconds: 0, callsPerSecond: 2 }
  t.equal(secondsLeft(pace), 50)
  t.ok(secondsLeft({ ...pace, seconds: 2 }) < 60, 'two slow seconds do not make minutes of it')
  t.ok(secondsLeft({ ...pace, done: 60, seconds: 120 }) > 120)
  t.equal(secondsLeft({ ...pace, left: 0 }), 0)
})
