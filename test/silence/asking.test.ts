import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'
import { hasTerminal } from '../cli/run-cli.ts'

/** One thing that somebody at a terminal is asked, and how it goes on. */
interface Row {
  readonly name: string
  readonly check: (t: Test, desk: Desk) => Promise<void>
}

const DOWN = '\u001b[B'
const ENTER = '\r'
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

const isThere = (desk: Desk, path: string) => existsSync(join(desk.folder, path))

const TABLE: readonly Row[] = [
  {
    name: 'init lets somebody choose a pipeline and rules by arrows',
    check: async (t, desk) => {
      const run = desk.start('init --simulator', { terminal: true })
      await run.until(/A pipeline too\?[\s\S]*gitlab/)
      run.type(DOWN)
      await run.until(/● github/)
      run.type(ENTER)
      await run.until(/Rules of your own, to begin with\?[\s\S]*yes/)
      run.type(DOWN)
      await run.until(/● yes/)
      run.type(ENTER)
      const ended = await run.ended
      t.equal(ended.code, 0, ended.stdout)
      t.ok(isThere(desk, '.github/workflows/catalog.yml'))
      t.ok(isThere(desk, 'policy/starter.yaml'))
      t.match(ended.stdout, 'What next')
    },
  },
  {
    name: 'init takes what is chosen already by Enter: neither',
    check: async (t, desk) => {
      const run = desk.start('init --simulator', { terminal: true })
      await run.until(/A pipeline too\?[\s\S]*gitlab/)
      run.type(ENTER)
      await run.until(/Rules of your own, to begin with\?[\s\S]*yes/)
      run.type(ENTER)
      t.equal((await run.ended).code, 0)
      t.notOk(isThere(desk, '.github'))
      t.notOk(isThere(desk, 'policy'))
    },
  },
  {
    name: 'init is left by Ctrl-C before anything is written',
    check: async (t, desk) => {
      const run = desk.start('init --simulator', { terminal: true })
      await run.until(/A pipeline too\?[\s\S]*gitlab/)
      run.type(CTRL_C)
      t.equal((await run.ended).code, 130)
      t.notOk(isThere(desk, '.gitignore'))
    },
  },
  {
    name: 'init asks nothing where the flags say it, or where there is no terminal',
    check: async (t, desk) => {
      const told = await desk.start('init --simulator --ci gitlab --policy', { terminal: true })
        .ended
      t.equal(told.code, 0, told.stdout)
      t.notMatch(told.stdout, '?')
      const alone = await desk.run('init --simulator')
      t.equal(alone.code, 0, alone.stderr)
    },
  },
  {
    name: 'Ctrl-C at the question of apply is answered on a line of its own, and nothing was sent',
    check: async (t, desk) => {
      const run = desk.start('apply --init', { terminal: true, input: '' })
      await run.until(/Only "yes" is taken: /)
      run.type(CTRL_C)
      const ended = await run.ended
      t.equal(ended.code, 130)
      t.match(ended.stdout, /Only "yes" is taken: [^\n]*\nstopping: /)
      t.strictSame(desk.writes(), [])
    },
  },
  {
    name: 'Ctrl-D at the question of apply is no yes, told on a line of its own',
    check: async (t, desk) => {
      const run = desk.start('apply --init', { terminal: true, input: '' })
      await run.until(/Only "yes" is taken: /)
      run.type(CTRL_D)
      const ended = await run.ended
      t.equal(ended.code, 1)
      t.match(ended.stdout, /Only "yes" is taken: [^\n]*\nnothing was changed/)
      t.strictSame(desk.writes(), [])
    },
  },
  {
    name: 'one call a second is one call',
    check: async (t, desk) => {
      const { stdout } = await desk.run('plan --calls-per-second 1')
      t.match(stdout, / at 1 call\/s\./)
    },
  },
]

t.test('at a terminal', { skip: hasTerminal ? false : 'needs script(1)' }, async t => {
  for (const { name, check } of TABLE)
    await t.test(name, async t => {
      const files = name.startsWith('init') ? () => ({}) : () => smallCatalog([])
      await check(t, await openDesk(t, files))
    })
})
