import { join } from 'node:path'
import t from 'tap'
import { connect } from '../../src/ledger/connection.ts'
import { makeLedger } from '../../src/ledger/make-ledger.ts'
import { PAGES } from '../../src/ledger/move-rows.ts'
import {
  COUNT_IN,
  COUNT_OUT,
  FORGET_PROCESSES,
  IS_COUNTED,
  NOTE_REFRESHED,
  SELECT,
  upsert,
} from '../../src/ledger/sql.ts'
import { fileLedger, type LedgerEntry, openProvisioner } from '../../src/provision/index.ts'
import { NO_KEYS } from '../../src/secrets/cipher.ts'
import { anEsim, anOrder } from '../provision/ledger-contract.ts'
import { openMarket } from '../provision/support.ts'

const TABLES = ['orders', 'esims', 'addons', 'usage', 'processes'] as const

/** Every statement that a sale, the stock, a resumption or a sweep of usage runs. */
const STATEMENTS: Readonly<Record<string, string>> = {
  ...SELECT,
  ...PAGES,
  ...Object.fromEntries(TABLES.map(table => [`put ${table}`, upsert(table)])),
  NOTE_REFRESHED,
  IS_COUNTED,
  COUNT_OUT,
  COUNT_IN,
  FORGET_PROCESSES,
}

/** What reads a table from end to end, and why it may. */
const SCANS: Readonly<Record<string, string>> = {
  holders: 'orders USING COVERING INDEX orders_of_plan',
}

t.test(
  'every question of a sale, the stock, a resumption and a sweep goes by an index',
  async t => {
    const path = join(t.testdir({}), 'orders.db')
    await makeLedger(path, { lineage: 'lineage', serial: 0, keys: NO_KEYS }, [])
    const connection = await connect(path, 'ro')
    for (const [name, sql] of Object.entries(STATEMENTS)) {
      const places = new Set(sql.match(/\$\d/g) ?? []).size
      const plan = connection
        .all(`explain query plan ${sql}`, ...Array.from({ length: places }, () => ''))
        .map(row => String(row['detail']))
      const scans = plan.flatMap(
        line => /^SCAN ((?:orders|esims|addons|usage|processes)\b.*)/.exec(line)?.[1] ?? [],
      )
      t.same(scans, SCANS[name] === undefined ? [] : [SCANS[name]], `${name}: ${plan.join(', ')}`)
    }
    connection.close()
  },
)

const PAST = 20_000

function* history(): Generator<LedgerEntry> {
  for (let n = 0; n < PAST; n++) {
    const endpointId = `past-${n}`
    const createdAt = new Date(Date.UTC(2025, 0, 1) + n * 60_000).toISOString()
    const order = { status: 'delivered', endpointId, createdAt } as const
    yield { table: 'usage', row: { endpointId, refreshedAt: createdAt, balances: {}, told: [] } }
    yield { table: 'orders', row: anOrder(`P-${n}`, order) }
    yield { table: 'esims', row: anEsim(endpointId, { status: 'delivered', orderId: `P-${n}` }) }
  }
  for (let n = 0; n < 3; n++) yield { table: 'orders', row: anOrder(`U-${n}`, { status: 'new' }) }
}

t.test(
  `a shop with ${PAST} past orders sells, counts and finds what is unfinished, a page at a time`,
  async t => {
    const market = await openMarket(t, { endpoints: 4 })
    const path = join(t.testdir({}), 'orders.db')
    await makeLedger(path, { lineage: 'lineage', serial: 1, keys: NO_KEYS }, history())
    await using ledger = await fileLedger(path)
    let most = 0
    const watched = {
      ...ledger,
      ordersAfter: async (...question: Parameters<typeof ledger.ordersAfter>) => {
        const page = await ledger.ordersAfter(...question)
        most = Math.max(most, page.length)
        return page
      },
    }
    await using shop = await openProvisioner({
      state: async () => market.state(),
      sft: market.sft,
      ledger: watched,
      env: {},
      resumeAtOpen: false,
    })
    const sale = await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })
    t.equal((await shop.purchase({ orderId: 'A', sku: 'EU-1GB' })).endpointId, sale.endpointId)
    t.match(await shop.stock(), { sold: PAST + 1, sellable: 3 })
    t.same(
      (await shop.orders({ unfinished: true })).map(order => order.orderId),
      ['U-0', 'U-1', 'U-2'],
    )
    t.equal(most, 3, 'of the past orders none was read')
    t.equal((await shop.orders()).length, PAST + 4)
    t.equal(most, 1000)
  },
)
