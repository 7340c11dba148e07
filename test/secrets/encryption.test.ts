import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { openState, readKeyFile, readState, withKeys } from '../../src/index.ts'
import { connect } from '../../src/ledger/connection.ts'
import { backupLedger, checkLedger, fileLedger, openLedger } from '../../src/provision/index.ts'
import { testLedger } from '../provision/ledger-contract.ts'
import { testStateStore } from '../state/contract.ts'
import { files, fillLedger, fillState } from '../stores/moves.ts'
import { KEYS, keyFile, keysOf, testEncrypted } from './encrypted.ts'

/** Every byte of every file in the folder of a place. */
const bytesBeside = async (place: string): Promise<string> =>
  readdirSync(dirname(place), { recursive: true, encoding: 'utf8' })
    .map(name => join(dirname(place), name))
    .filter(path => statSync(path).isFile())
    .sort()
    .map(path => `${path}\n${readFileSync(path, 'latin1')}`)
    .join('\n')

testEncrypted(t, { ...files, atRest: bytesBeside })

const KEY = keysOf(t, KEYS.one)

testStateStore('encrypted file', {
  place: test => files.place(test, 'state'),
  open: place => withKeys(KEY, () => openState(place)),
  read: place => withKeys(KEY, () => readState(place)),
})

testLedger(t, 'encrypted file ledger', async t => {
  const path = files.place(t, 'ledger')
  const open = async () => {
    const ledger = await withKeys(KEY, () => fileLedger(path))
    t.teardown(() => ledger[Symbol.asyncDispose]())
    return ledger
  }
  return { ledger: await open(), reopen: open }
})

t.test('a journal and backups of before are encrypted too, and a copy of the ledger', async t => {
  const [state, ledger] = [files.place(t, 'state'), files.place(t, 'ledger')]
  await withKeys(KEY, async () => {
    const store = await openState(state)
    await store.append({ type: 'account', account: { host: 'sft.example' } })
    t.notMatch(await bytesBeside(state), /sft\.example/, 'while it is written')
    t.match((await readState(state)).account, { host: 'sft.example' })
    await store[Symbol.asyncDispose]()
    await fillLedger(ledger, 5)
    await backupLedger(ledger)
  })
  t.notMatch(await bytesBeside(state), /sft\.example/)
  t.notMatch(await bytesBeside(ledger), /SECRET/)
})

t.test('a row that is put in the place of another one is told and not read', async t => {
  const path = files.place(t, 'ledger')
  await withKeys(KEY, () => fillLedger(path, 5))
  const connection = await connect(path, 'rw')
  connection.exec(`update esims set (crc, content) =
    (select crc, content from esims where endpoint_id = 'E-1') where endpoint_id = 'E-2'`)
  connection.close()
  const check = await withKeys(KEY, () => checkLedger(path))
  t.match(check?.problems, [/esims\.E-2 cannot be decrypted: it was changed, or moved/])
  await using ledger = await withKeys(KEY, () => openLedger(path))
  await t.rejects(
    ledger.transact({ endpointIds: ['E-2'] }, rows => ({ entries: [], result: rows.esim('E-2') })),
    /cannot be decrypted/,
  )
})

t.test('a state whose record was put in the place of another one is damaged', async t => {
  const path = files.place(t, 'state')
  await withKeys(KEY, () => fillState(path, 3))
  const text = readFileSync(path, 'utf8')
  const [one = '', two = ''] =
    text.match(/"aes1:[^"]+"(?=,?\n {4}"8932|\n {2}\},\n {2}"learnt)/g) ?? []
  t.not(one, two)
  const { acceptStateEdit } = await import('../../src/stores/states.ts')
  writeFileSync(path, text.replace(two, one))
  await withKeys(KEY, async () => {
    await t.rejects(readState(path), { name: 'StateDamagedError' })
    await t.rejects(
      acceptStateEdit(path, () => true),
      /cannot be decrypted/,
    )
  })
})

t.test('a file of keys says what is wrong with it, and never shows a key', async t => {
  const hex = '0123456789abcdef'.repeat(4)
  for (const [lines, said] of [
    [[''], /has no key in it; make one by/],
    [['# only words'], /has no key in it/],
    [['plain'], /has no key in it/],
    [['geheim'], /line 1 is no key: a key is 32 random bytes/],
    [[KEYS.one, `"${KEYS.two}"`], /line 2 is no key: .* without quotes/],
    [[`${hex}00`], /line 1 is no key/],
    [[KEYS.one, 'plain'], /line 2 is no key/],
  ] as const) {
    const path = keyFile(t, ...lines)
    t.throws(() => readKeyFile(path), { name: 'SettingsError', message: said })
    try {
      readKeyFile(path)
    } catch (error) {
      t.notMatch(String(error), /geheim|AQEB|0123456789/)
    }
  }
  t.throws(() => readKeyFile(join(t.testdir(), 'nowhere')), {
    message: /which does not exist/,
  })
  const { first, all } = readKeyFile(keyFile(t, '', '# two', KEYS.two, KEYS.one))
  t.equal(all.size, 2)
  t.equal(first?.id, keysOf(t, KEYS.two).first?.id)
})

t.test(
  'a file of keys that others can read is refused',
  { skip: process.platform === 'win32' },
  async t => {
    const path = keyFile(t, KEYS.one)
    chmodSync(path, 0o644)
    t.throws(() => readKeyFile(path), {
      message: /everybody on this machine can read: .*chmod 600/,
    })
    chmodSync(path, 0o640)
    t.throws(() => readKeyFile(path), { message: /its group can read/ })
  },
)
