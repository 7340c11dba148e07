import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openJournal } from '../../src/durable/journal.ts'
import { type Connection, connect } from '../../src/ledger/connection.ts'
import { networkFileSystem } from '../../src/ledger/network-folder.ts'
import { readOldForm, retireOldForm } from '../../src/ledger/old-form.ts'
import {
  acceptLedgerEdit,
  backupLedger,
  checkLedger,
  fileLedger,
  type Ledger,
  lookAtLedger,
  openLedger,
  restoreLedger,
} from '../../src/provision/index.ts'
import { runCli } from '../cli/run-cli.ts'
import { anEsim, anOrder } from '../provision/ledger-contract.ts'

const RELEASE = 'test/fixtures/release-0.1.0'

const put = (ledger: Ledger, orderId: string) =>
  ledger.transact({ orderIds: [orderId] }, () => ({
    entries: [{ table: 'orders', row: anOrder(orderId) } as const],
    result: undefined,
  }))

/** A ledger of three orders and an eSIM, which nobody has open. */
async function soldLedger(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'orders.json')
  await using ledger = await fileLedger(path)
  for (const orderId of ['A', 'B', 'C']) await put(ledger, orderId)
  await ledger.transact({ endpointIds: ['1'] }, () => ({
    entries: [{ table: 'esims', row: anEsim('1') }],
    result: undefined,
  }))
  return path
}

/** Changes a ledger as a person with an SQLite shell would. */
async function byHand(path: string, change: (connection: Connection) => void): Promise<void> {
  const connection = await connect(path, 'rw')
  change(connection)
  connection.close()
}

const orderIds = async (ledger: Ledger): Promise<readonly unknown[]> =>
  (await ledger.ordersAfter(undefined, 1000)).map(order => order.orderId)

/** What may happen to the files of a ledger, and what is then said. */
const REFUSED: readonly (readonly [
  string,
  (ledger: string, folder: string) => void | Promise<void>,
  RegExp,
])[] = [
  [
    'a ledger that is missing beside the note of its serial is refused, never begun anew',
    ledger => rmSync(ledger),
    /orders\.json: is missing, but .*orders\.json\.serial is there: .* would be sold again/,
  ],
  [
    'a ledger that is missing beside a WAL of a killed process is refused',
    ledger => {
      rmSync(ledger)
      renameSync(`${ledger}.serial`, `${ledger}-wal`)
    },
    /is missing, but .*orders\.json-wal is there/,
  ],
  [
    'a ledger that is missing beside its backups is refused',
    async ledger => {
      await backupLedger(ledger)
      rmSync(ledger)
      rmSync(`${ledger}.serial`)
    },
    /is missing, but .*orders\.json\.backups is there/,
  ],
  [
    'a ledger that is missing beside a journal of the old form is refused',
    ledger => {
      rmSync(ledger)
      renameSync(`${ledger}.serial`, `${ledger}.journal`)
    },
    /is missing, but .*orders\.json\.journal is there/,
  ],
  ['a ledger that was emptied is refused', ledger => writeFileSync(ledger, ''), /is empty/],
  [
    'a file that is neither a ledger nor one of the old form is refused',
    ledger => writeFileSync(ledger, 'SKU;ICCID\n'),
    /is not whole JSON/,
  ],
  [
    'a database of another program is refused',
    ledger => byHand(ledger, ({ exec }) => exec('pragma ledger.application_id = 5')),
    /is a database of another program/,
  ],
  [
    'a ledger of a newer form is refused',
    ledger => byHand(ledger, ({ exec }) => exec('pragma ledger.user_version = 99')),
    /has version 99, written by a newer sft-catalog/,
  ],
  [
    'an older copy in the place of the ledger sells nothing',
    async (ledger, folder) => {
      copyFileSync(ledger, join(folder, 'older'))
      await using later = await fileLedger(ledger)
      await put(later, 'D')
      await later[Symbol.asyncDispose]()
      copyFileSync(join(folder, 'older'), ledger)
    },
    /ends at serial 4, but was at 5 already .* `?sft-catalog reconcile/s,
  ],
  [
    'another ledger in its place sells nothing',
    async (ledger, folder) => copyFileSync(await soldLedger(join(folder, 'other')), ledger),
    /is another ledger than the one that was here/,
  ],
  [
    'a backup in the place of the ledger sells nothing',
    async (ledger, folder) => {
      const { path } = await backupLedger(ledger, join(folder, 'copy.db'))
      renameSync(path, ledger)
    },
    /is a backup of .*, made at serial 4 .* so nothing is sold from it/,
  ],
]

for (const [name, happens, said] of REFUSED)
  t.test(name, async t => {
    const folder = t.testdir({})
    const path = await soldLedger(folder)
    await happens(path, folder)
    await t.rejects(fileLedger(path), said)
    t.notOk(existsSync(`${path}.tmp`))
  })

t.test(
  'a row that was changed by hand is not decided on, named by check, and taken when it is meant',
  async t => {
    const path = await soldLedger(t.testdir({}))
    await byHand(path, ({ exec }) => {
      exec(
        `update orders set content = replace(content, '"reserved"', '"cancelled"') where order_id = 'B'`,
      )
      exec(`update esims set content = replace(content, 'LPA:1$', 'LPA:1$x')`)
      exec('update stock set n = 7')
    })
    {
      await using ledger = await fileLedger(path)
      const look = (orderId: string) =>
        ledger.transact({ orderIds: [orderId] }, rows => ({
          entries: [],
          result: rows.order(orderId)?.status,
        }))
      t.equal(await look('A'), 'reserved')
      await t.rejects(look('B'), /a row of orders does not match its checksum/)
    }
    const folder = join(path, '..')
    const checked = await runCli(['ledger', 'check'], { cwd: folder })
    t.match(checked, { code: 1, stdout: /orders\.B does not match its checksum/ })
    t.notMatch(checked.stdout, 'LPA')
    t.match(await runCli(['ledger', 'accept-edit'], { cwd: folder }), {
      code: 64,
      stderr: /nobody to ask/,
    })
    const taken = await runCli(['ledger', 'accept-edit', '--yes'], { cwd: folder })
    t.match(taken, { code: 0, stdout: /orders\.B\.status: "reserved" → "cancelled"/ })
    t.match(taken.stdout, /esims\.1: changed, not shown/)
    t.match(taken.stdout, /stock\.first: selected is miscounted/)
    t.notMatch(taken.stdout, 'LPA')
    t.match(await runCli(['ledger', 'check'], { cwd: folder }), {
      code: 0,
      stdout: /nothing is wrong/,
    })
    t.match(await runCli(['ledger', 'accept-edit'], { cwd: folder }), {
      code: 0,
      stdout: /nothing to accept/,
    })
    await using ledger = await fileLedger(path)
    t.same(
      (await ledger.ordersAfter(undefined, 9, { unfinished: true })).map(order => order.orderId),
      ['A', 'C'],
    )
  },
)

t.test('an edit that makes no row is not taken', async t => {
  const path = await soldLedger(t.testdir({}))
  await byHand(path, ({ exec }) =>
    exec(
      `update orders set content = replace(content, '"reserved"', '"refunded"') where order_id = 'B'`,
    ),
  )
  await t.rejects(
    acceptLedgerEdit(path, () => true),
    /orders\.B has the status "refunded", which this version does not know/,
  )
})

t.test('damaged pages are found by check, and refused', async t => {
  const path = await soldLedger(t.testdir({}))
  const bytes = readFileSync(path)
  bytes.fill(0x5a, 4096)
  writeFileSync(path, bytes)
  const found = await checkLedger(path).then(
    report => report?.problems.join() ?? '',
    (error: Error) => error.message,
  )
  t.match(found, /damaged|malformed|invalid/)
  await t.rejects(fileLedger(path), /its pages are damaged; run `sft-catalog ledger check`/)
})

t.test(
  'who has a ledger open when its file is replaced or its WAL goes away sells nothing more',
  async t => {
    for (const end of ['', '-wal']) {
      const folder = t.testdir({})
      const path = await soldLedger(folder)
      await using ledger = await fileLedger(path)
      await put(ledger, 'D')
      renameSync(path + end, join(folder, 'elsewhere'))
      await t.rejects(
        put(ledger, 'E'),
        /was moved, deleted or replaced while a process has it open/,
      )
    }
  },
)

t.test(
  'a backup is made while others sell, and put back: it sells after the account was read',
  async t => {
    const folder = t.testdir({})
    const path = await soldLedger(folder)
    {
      await using ledger = await fileLedger(path)
      const { path: copy, serial } = await backupLedger(path)
      t.equal(serial, 4)
      t.equal(statSync(copy).mode & 0o777, 0o600)
      await put(ledger, 'D')
      await t.rejects(restoreLedger(path), /a process has it open/)
      t.same(await orderIds(ledger), ['A', 'B', 'C', 'D'])
    }
    const restored = await restoreLedger(path)
    t.match(restored, { serial: 4, kept: [/before-restore-.*\.db$/] })
    await t.rejects(fileLedger(path), /was put in its place on .* from .*serial-4\.db of serial 4/)
    await using seen = await lookAtLedger(path)
    t.same(await orderIds(seen!), ['A', 'B', 'C'])
    const kept = await lookAtLedger(restored.kept[0] ?? '')
    t.same(await orderIds(kept!), ['A', 'B', 'C', 'D'])
    await kept?.[Symbol.asyncDispose]()
  },
)

t.test('a backup takes the place of a ledger that is damaged or gone', async t => {
  for (const happens of [
    (path: string) => writeFileSync(path, 'x'),
    (path: string) => rmSync(path),
  ]) {
    const path = await soldLedger(t.testdir({}))
    await backupLedger(path)
    happens(path)
    await restoreLedger(path)
    t.same(await orderIds((await lookAtLedger(path))!), ['A', 'B', 'C'])
  }
})

t.test('a ledger that nobody has open is one file, read where nothing may be written', async t => {
  const folder = t.testdir({})
  const path = await soldLedger(folder)
  rmSync(`${path}.serial`)
  t.same(readdirSync(folder), ['orders.json'])
  chmodSync(folder, 0o500)
  try {
    await using ledger = await lookAtLedger(path)
    t.same(await orderIds(ledger!), ['A', 'B', 'C'])
    await t.rejects(put(ledger!, 'D'), /it is opened to be read/)
    t.same(readdirSync(folder), ['orders.json'])
  } finally {
    chmodSync(folder, 0o700)
  }
})

t.test('what is there only to be read leaves no ledger behind', async t => {
  const folder = t.testdir({})
  t.equal(await lookAtLedger(join(folder, 'orders.json')), undefined)
  t.same(readdirSync(folder), [])
})

t.test('two names of one ledger are one ledger', async t => {
  const folder = t.testdir({ volume: {} })
  const link = join(folder, 'orders.json')
  symlinkSync('volume/shop.json', link)
  await using one = await fileLedger(link)
  await using other = await fileLedger(join(folder, 'volume', 'shop.json'))
  await put(one, 'A')
  t.same(await orderIds(other), ['A'])
  t.ok(lstatSync(link).isSymbolicLink())
})

t.test(
  'a ledger is opened by the scheme of its address; without one it is a file of any ending',
  async t => {
    const folder = t.testdir({})
    for (const address of [
      join(folder, 'a.json'),
      join(folder, 'b'),
      `file:${join(folder, 'c.db')}`,
    ]) {
      await using ledger = await openLedger(address)
      await put(ledger, 'A')
      await using seen = await lookAtLedger(address)
      t.same(await orderIds(seen!), ['A'])
    }
    await using ledger = await openLedger('memory:')
    t.same(await orderIds(ledger), [])
    await t.rejects(
      openLedger('mysql://localhost/shop'),
      /mysql: is not a place for a ledger; .* file:, postgres:, postgresql:, memory:/,
    )
  },
)

const MOUNTS = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
40 22 0:45 / /srv/shop rw,relatime shared:2 - nfs4 nas:/shop rw
41 40 8:3 / /srv/shop/local rw shared:3 - xfs /dev/sdb rw
42 22 0:46 / /mnt/my\\040share rw - cifs //nas/share rw
43 22 0:47 / /mnt/keys rw - fuse.sshfs me@host:/ rw
`
const PLACES: readonly (readonly [string, string | undefined])[] = [
  ['/var/shop/orders.json', undefined],
  ['/srv/shop/orders.json', 'a nfs4 mount'],
  ['/srv/shop/local/orders.json', undefined],
  ['/srv/shopping/orders.json', undefined],
  ['/mnt/my share/orders.json', 'a cifs mount'],
  ['/mnt/keys/orders.json', 'a fuse.sshfs mount'],
]
for (const [path, kind] of PLACES)
  t.test(`${path} is on ${kind ?? 'a local disk'}`, async t => {
    t.equal(networkFileSystem(path, MOUNTS), kind)
  })

/** A folder with the ledger of release 0.1.0. */
function oldLedger(t: Test, name: 'folded' | 'journal'): string {
  const folder = t.testdir({})
  cpSync(`${RELEASE}/ledger-${name}`, folder, { recursive: true })
  return join(folder, 'orders.json')
}

t.test('a ledger of release 0.1.0 without its journal is refused', async t => {
  const path = oldLedger(t, 'journal')
  rmSync(`${path}.journal`)
  await t.rejects(fileLedger(path), /would be sold again/)
  t.equal(readFileSync(path, 'utf8'), readFileSync(`${RELEASE}/ledger-journal/orders.json`, 'utf8'))
})

t.test('a ledger of release 0.1.0 is looked at as it is', async t => {
  const path = oldLedger(t, 'journal')
  await using ledger = await lookAtLedger(path)
  t.equal((await orderIds(ledger!)).length, 8)
  await t.rejects(put(ledger!, 'D'), /it is opened to be read/)
  t.same(readdirSync(join(path, '..')).sort(), ['orders.json', 'orders.json.journal'])
})

t.test('a ledger of release 0.1.0 is moved over once, whole, and kept as it was', async t => {
  const path = oldLedger(t, 'journal')
  const before = await lookAtLedger(path)
  const shops = await Promise.all(Array.from({ length: 4 }, () => fileLedger(path)))
  const [ledger] = shops
  t.same(await ledger!.ordersAfter(undefined, 99), await before!.ordersAfter(undefined, 99))
  t.same((await ledger!.stock()).length, (await before!.stock()).length)
  for (const shop of shops) await shop[Symbol.asyncDispose]()
  t.same((await checkLedger(path))?.problems, [])
  for (const file of ['orders.json', 'orders.json.journal'])
    t.equal(
      readFileSync(join(path, '..', `${file}.old-form`), 'utf8'),
      readFileSync(`${RELEASE}/ledger-journal/${file}`, 'utf8'),
    )
  t.same(readdirSync(join(path, '..')).sort(), [
    'orders.json',
    'orders.json.journal.old-form',
    'orders.json.old-form',
    'orders.json.serial',
  ])
})

t.test(
  'a process of release 0.1.0 fails once the ledger was moved over: one that runs, and one that starts',
  async t => {
    const path = oldLedger(t, 'journal')
    // What that release did before each decision: look for a replaced journal, then read the snapshot as JSON.
    await using old = await openJournal(`${path}.journal`)
    await old.catchUp()
    await (await fileLedger(path))[Symbol.asyncDispose]()
    t.equal((await old.catchUp()).replaced, true)
    t.throws(() => JSON.parse(readFileSync(path, 'utf8')), SyntaxError)
    // It leaves an empty journal behind, which nobody minds.
    t.ok(existsSync(`${path}.journal`))
    await using ledger = await fileLedger(path)
    t.equal((await orderIds(ledger)).length, 8)
  },
)

t.test(
  'a moving over that is cut short leaves a ledger that either release finds whole',
  async t => {
    const path = oldLedger(t, 'journal')
    const before = await readOldForm(path)
    const ids = before.tables.orders(false).map(order => order.orderId)
    await t.rejects(
      retireOldForm(before, async () => {
        throw new Error('killed')
      }),
      /killed/,
    )
    // As an old release reads it: all orders, and it may go on.
    t.same(
      (await readOldForm(path)).tables.orders(false).map(order => order.orderId),
      ids,
    )
    await using ledger = await fileLedger(path)
    t.same((await orderIds(ledger)).toSorted(), ids.toSorted())
  },
)

const NOBODY = 65_534
const skip = process.getuid?.() !== 0 && 'only root can run a child as another user'
t.test(
  'another user who may write nowhere reads it: at rest, open, and left by a process that was killed',
  { skip },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-ledger-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const path = await soldLedger(folder)
    const look = async (when: string) => {
      chmodSync(folder, 0o755)
      for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644)
      const before = readdirSync(folder).toSorted()
      const { code, stdout, stderr } = await runCli(['ledger', 'check'], {
        cwd: folder,
        as: NOBODY,
      })
      t.match({ code, stdout }, { code: 0, stdout: /3 orders/ }, `${when}: ${stderr}`)
      t.same(readdirSync(folder).toSorted(), before, when)
    }
    await look('at rest')
    {
      await using ledger = await fileLedger(path)
      await put(ledger, 'A')
      await look('open')
      for (const end of ['', '-wal', '-shm']) copyFileSync(path + end, join(folder, `copy${end}`))
    }
    rmSync(path)
    for (const end of ['', '-wal', '-shm']) renameSync(join(folder, `copy${end}`), path + end)
    await look('left by a process that was killed')
    rmSync(`${path}-shm`)
    const { code, stderr } = await runCli(['ledger', 'check'], { cwd: folder, as: NOBODY })
    t.match(
      { code, stderr },
      {
        code: 1,
        stderr: /a process that was killed left changes in .*-wal, and only who may write/,
      },
    )
  },
)
