import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Desk } from '../cli/desk.ts'
import { CATALOG, rows } from './rows.ts'

/** Two machines, each with a state of its own, and a folder that both reach. */
function machines(desk: Desk) {
  for (const name of ['volume', 'one', 'two']) mkdirSync(join(desk.folder, name))
  const on = (machine: string) => (words: string) =>
    desk.run(`${words} --state ${machine}/state.json`)
  const price = (text: string) =>
    desk.write(CATALOG, desk.read(CATALOG).replace(/charge: "[^"]*"/, `charge: "${text}"`))
  return { one: on('one'), two: on('two'), price }
}

/** The first machine has applied and pushed, the second one has pulled. */
async function sharing(t: Test, desk: Desk) {
  const both = machines(desk)
  t.match((await both.one('state pull volume')).stdout, 'there is no state at')
  t.equal((await both.one('apply --auto-approve --init')).code, 0)
  t.match(
    (await both.one('state push volume')).stdout,
    /^serial \d+ is in .*volume\/state\.json\n$/,
  )
  t.equal((await both.two('state pull volume')).code, 0)
  return both
}

rows('a state that is fetched from a folder and put back', [
  {
    name: 'goes from one machine to the other and back, and nothing is to be done there',
    check: async (t, desk) => {
      const { one, two, price } = await sharing(t, desk)
      t.match((await two('plan')).stdout, 'Nothing to do')
      price('5')
      t.equal((await two('apply --auto-approve')).code, 0)
      t.equal((await two('state push volume')).code, 0)
      t.equal((await one('state pull volume')).code, 0)
      t.match((await one('plan')).stdout, 'Nothing to do')
      t.equal((await one('state push volume')).code, 0, 'what is alike is put back at no cost')
      t.match((await one('history')).stdout, /\n.*\n/, 'the applies go along')
    },
  },
  {
    name: "is not put over somebody else's",
    check: async (t, desk) => {
      const { one, two, price } = await sharing(t, desk)
      price('5')
      await one('apply --auto-approve')
      t.equal((await one('state push volume')).code, 0)
      const theirs = desk.read('volume/state.json')
      price('6')
      await two('apply --auto-approve')
      const push = await two('state push volume')
      t.equal(push.code, 1)
      t.match(
        push.stderr,
        /is at serial \d+ and was at \d+ when it was pulled: somebody else pushed/,
      )
      t.equal(desk.read('volume/state.json'), theirs)
      const pull = await two('state pull volume')
      t.equal(pull.code, 1)
      t.match(pull.stderr, 'has changes that were never pushed')
    },
  },
  {
    name: 'is not put where one is that was never fetched, nor over another one',
    check: async (t, desk) => {
      const { two } = machines(desk)
      await desk.run('apply --auto-approve --init --state volume/state.json')
      const theirs = desk.read('volume/state.json')
      await two('apply --auto-approve --init')
      for (const words of ['state push volume', 'state pull volume']) {
        const ended = await two(words)
        t.equal(ended.code, 1, words)
        t.match(ended.stderr, 'is another state (lineage ', words)
      }
      t.equal(desk.read('volume/state.json'), theirs)
    },
  },
  {
    name: 'is noticed to be gone, where a volume is not mounted, and never begun anew',
    check: async (t, desk) => {
      const { one } = await sharing(t, desk)
      rmSync(join(desk.folder, 'volume'), { recursive: true })
      t.match((await one('state push volume')).stderr, 'does not exist; mount it')
      mkdirSync(join(desk.folder, 'volume'))
      for (const words of ['state push volume', 'state pull volume'])
        t.match((await one(words)).stderr, /is gone, and was at serial \d+ the last time/, words)
      t.notOk(existsSync(join(desk.folder, 'volume/state.json')))
    },
  },
  {
    name: 'is not taken from an older copy that somebody put there',
    check: async (t, desk) => {
      const { one, price } = await sharing(t, desk)
      cpSync(join(desk.folder, 'volume'), join(desk.folder, 'copy'), { recursive: true })
      price('5')
      await one('apply --auto-approve')
      await one('state push volume')
      rmSync(join(desk.folder, 'volume'), { recursive: true })
      cpSync(join(desk.folder, 'copy'), join(desk.folder, 'volume'), { recursive: true })
      const pull = await one('state pull volume')
      t.equal(pull.code, 1)
      t.match(pull.stderr, 'an older copy was put there')
      t.equal((await one('state push volume')).code, 1)
    },
  },
  {
    name: 'of a job that was cut before it pushed stays, and is pushed by the next one',
    check: async (t, desk) => {
      const { one, two, price } = await sharing(t, desk)
      price('5')
      await one('apply --auto-approve')
      t.match((await one('state pull volume')).stdout, /^serial \d+ is not in .* yet/)
      t.equal((await one('state push volume')).code, 0)
      t.equal((await two('state pull volume')).code, 0)
      t.match((await two('plan')).stdout, 'Nothing to do')
    },
  },
  {
    name: 'that was changed in the folder by hand is refused, as any state is',
    check: async (t, desk) => {
      const { one } = await sharing(t, desk)
      desk.write('volume/state.json', desk.read('volume/state.json').replace('Alps', 'Alpen'))
      for (const words of ['state push volume', 'state pull volume'])
        t.match((await one(words)).stderr, 'does not match its digest', words)
    },
  },
  {
    name: 'is one in files: an address is shared by whoever names it',
    check: async (t, desk) => {
      mkdirSync(join(desk.folder, 'volume'))
      const ended = await desk.run('state pull volume --state memory:x')
      t.equal(ended.code, 1)
      t.match(ended.stderr, 'is not fetched from a folder')
      t.equal((await desk.run('state pull')).code, 64)
    },
  },
])
