import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'
import { KEYS } from './encrypted.ts'

/** All that stands in the folder of a desk but its catalog and its keys. */
const atRest = (desk: Desk): string =>
  readdirSync(desk.folder, { recursive: true, encoding: 'utf8' })
    .filter(name => !/^(catalog|keys)/.test(name))
    .map(name => join(desk.folder, name))
    .filter(path => statSync(path).isFile())
    .map(path => readFileSync(path, 'latin1'))
    .join('\n')

const SECRET = /LPA:1\$|smdp|ana@example/

const withKeys = (desk: Desk, name: string, ...lines: readonly string[]) => {
  const path = join(desk.folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  chmodSync(path, 0o600)
  return { env: { SFT_ENCRYPTION_KEY_FILE: path } }
}

const SALE = 'provision --sku ALPS-1GB-7D --order'

t.test(
  'from plain to encrypted by the command line: sold, shown, restored, and never readable',
  async t => {
    const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)))
    t.match(await desk.run('apply --auto-approve'), { code: 0 })
    t.match(await desk.run(`${SALE} A --reference ana@example.com`), { code: 0 })
    t.match(await desk.run('ledger backup'), { code: 0 })
    t.match(atRest(desk), SECRET)
    const key = withKeys(desk, 'keys', KEYS.one)
    t.match(await desk.run('store encrypt', key), { code: 64, stderr: /--auto-approve/ })
    const done = await desk.run('store encrypt --auto-approve --json', key)
    t.match(JSON.parse(done.stdout), {
      command: 'store',
      outcome: 'ok',
      encrypted: [
        { part: 'ledger', keyId: /^[0-9a-f]{8}$/, backups: 1, left: [] },
        { part: 'state', keyId: /^[0-9a-f]{8}$/, left: [] },
      ],
    })
    t.notMatch(
      atRest(desk),
      SECRET,
      'the backups, the pages of the ledger and what it left free too',
    )
    t.notMatch(desk.read('state.json'), /Alps 1 GB/)

    for (const words of ['order A', 'plan', `${SALE} B`, 'ledger check', 'state list']) {
      const { code, stderr } = await desk.run(words)
      t.equal(code, 1, words)
      t.match(stderr, /is encrypted with the key [0-9a-f]{8}, which is not given/, words)
    }
    t.match(await desk.run('order A', key), { code: 0, stdout: /delivered/ })
    t.match(await desk.run('plan', key), { code: 0, stdout: /Nothing to do/ })
    const shown = { ...key, mayShowActivationCode: true }
    t.match(await desk.run('order A --qr - --json', shown), { stdout: /LPA:1\$/ })
    t.match(await desk.run(`${SALE} B --reference ana@example.com`, key), { code: 0 })
    t.match(await desk.run('ledger check', key), { code: 0, stdout: /nothing is wrong/ })
    t.match(await desk.run('ledger backup'), { code: 0 }, 'a copy needs no key')
    t.match(await desk.run('state backup', key), { code: 0 })
    t.notMatch(atRest(desk), SECRET)

    const both = withKeys(desk, 'keys2', KEYS.two, KEYS.one)
    t.match(await desk.run('store encrypt --auto-approve', both), {
      code: 0,
      stdout: /all is encrypted with the key .* written anew/,
    })
    const second = withKeys(desk, 'keys3', KEYS.two)
    t.match(await desk.run('order B', second), { code: 0 })
    t.match(await desk.run('order B', key), { code: 1, stderr: /is not in the file of/ })
    t.match(await desk.run('ledger restore', second), { code: 0 })
  },
)

t.test('store encrypt without a key, and a misspelt setting, are refused', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.match(await desk.run('store encrypt --auto-approve'), {
    code: 64,
    stderr: /needs a key: name its file by SFT_ENCRYPTION_KEY_FILE/,
  })
  t.match(await desk.run('validate', { env: { SFT_ENCRYPTION_KEYFILE: 'keys' } }), {
    code: 1,
    stderr: /did you mean SFT_ENCRYPTION_KEY_FILE/,
  })
  t.match(await desk.run('plan', { env: { SFT_ENCRYPTION_KEY_FILE: '' } }), {
    code: 1,
    stderr: /set and empty/,
  })
  t.match(await desk.run('plan', { env: { SFT_ENCRYPTION_KEY_FILE: 'nowhere' } }), {
    code: 1,
    stderr: /names nowhere, which does not exist/,
  })
  t.match(
    await desk.run('store encrypt --auto-approve --from x', withKeys(desk, 'keys', KEYS.one)),
    { code: 64, stderr: /--from/ },
  )
})
