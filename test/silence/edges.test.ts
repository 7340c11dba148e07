// The small print: what is said, and about which file or setting, where something small is wrong.
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { rows } from './rows.ts'

/** No name of an error of the system, no class, no line of a stack. */
const BARE = /\bE[A-Z]{4,}\b|\b\w+Error\b|^\s+at |nobody foresaw/m

const SALE = 'provision --order A-1 --sku ALPS-1GB-7D'

rows('two names of one thing share what stands beside it', [
  {
    name: 'a state by its own name and by a link has one file of call times',
    check: async (t, desk) => {
      mkdirSync(join(desk.folder, 'real'))
      symlinkSync('real/state.json', join(desk.folder, 'state.json'))
      t.equal((await desk.run('apply --auto-approve --init')).code, 0)
      t.equal((await desk.run('plan --state real/state.json')).code, 0)
      const beside = (folder: string) =>
        readdirSync(join(desk.folder, folder)).filter(name => name.startsWith('state.json'))
      t.strictSame(beside('.'), ['state.json'])
      t.strictSame(beside('real'), ['state.json', 'state.json.backups', 'state.json.calls'])
    },
  },
  {
    name: 'a ledger by its own name and by a link has one of everything',
    check: async (t, desk) => {
      mkdirSync(join(desk.folder, 'real'))
      symlinkSync('real/orders.json', join(desk.folder, 'orders.json'))
      const env = { SFT_BUDGET: 'orders.json' }
      t.equal((await desk.run('apply --auto-approve', { env })).code, 0)
      await desk.run(SALE, { env })
      await desk.run(`${SALE} --ledger real/orders.json`)
      t.strictSame(
        readdirSync(desk.folder).filter(name => name.startsWith('orders')),
        ['orders.json'],
      )
      t.ok(readdirSync(join(desk.folder, 'real')).includes('orders.json.calls'))
    },
  },
  {
    name: 'a budget that is a link has its lock beside its target',
    check: async (t, desk) => {
      mkdirSync(join(desk.folder, 'real'))
      symlinkSync('real/rate.calls', join(desk.folder, 'rate.calls'))
      mkdirSync(join(desk.folder, 'real', 'rate.calls.lock'))
      const env = { SFT_BUDGET: 'rate' }
      const ended = await desk.run('apply --auto-approve', { env })
      t.equal(ended.code, 1)
      t.match(ended.stderr, /real\/rate\.calls\.lock: it is a folder/)
    },
  },
])

t.test('the file that is in the way is the one that is named', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  await desk.run(SALE)
  desk.write('catalog/more.yaml', 'version: 1\nrateZones: [{key: be, name: BE, countries: [BE]}]\n')
  for (const [name, kind, command] of [
    ['state.json.backups', 'file', 'apply --auto-approve'],
    ['state.json.backups', 'file', 'state backup'],
    ['state.json.journal', 'folder', 'apply --auto-approve'],
    ['state.json.journal', 'folder', 'plan'],
    ['state.json.lock', 'folder', 'apply --auto-approve'],
    ['state.json.tmp', 'folder', 'state rm addonPlan/alps-1gb'],
    ['state.json.journal.tmp', 'folder', 'apply --auto-approve'],
    ['orders.json.backups', 'file', 'ledger backup'],
    ['orders.json.lock', 'folder', SALE],
    ['orders.json.serial', 'folder', SALE],
  ] as const)
    await t.test(`${name} is a ${kind}: ${command}`, async t => {
      const path = join(desk.folder, name)
      rmSync(path, { recursive: true, force: true })
      if (kind === 'folder') mkdirSync(path)
      else writeFileSync(path, '')
      const { code, stderr } = await desk.run(command)
      t.equal(code, 1)
      const is = kind === 'folder' ? 'it is a folder' : 'it is no folder'
      t.match(stderr, new RegExp(`/${name.replaceAll('.', '\\.')}: ${is}`))
      t.notMatch(stderr, BARE)
      rmSync(path, { recursive: true })
    })
})
