import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import {
  type MovedPart,
  type MoveMark,
  type Moves,
  migrateStore,
  openState,
  readState,
  type StateEntry,
} from '../../src/index.ts'
import { type LedgerEntry, openLedger } from '../../src/provision/index.ts'
import { PAGE } from '../../src/provision/ledger.ts'
import type { ApplyAbout, ApplyEnd } from '../../src/state/apply-log.ts'
import { lookAtLedger } from '../../src/stores/ledgers.ts'
import { findAble } from '../../src/stores/registry.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { checkAccount } from '../provision/check-account.ts'
import { anEsim, anOrder } from '../provision/ledger-contract.ts'
import { openMarket, openShop } from '../provision/support.ts'
import { intent, putEndpoint, putPlan, putZone } from '../state/records.ts'

/** Where a kind of store keeps a state or a ledger; each place is new. */
export interface Places {
  readonly name: string
  readonly place: (t: Test, part: MovedPart) => string
}

/** Files of this machine. */
export const files: Places = {
  name: 'a file',
  // Not t.testdir(): it has one folder a test.
  place(t, part) {
    const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-move-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    return join(folder, part)
  },
}

/** More than a page of each of the larger tables. */
const ROWS = 1300

const at = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()

/** Rows of a ledger: every kind, text of every sort, what somebody is in the midst of. */
export function* ledgerRows(orders: number): Generator<LedgerEntry> {
  for (let n = 0; n < orders; n++) {
    const orderId = n % 7 === 0 ? `Ä "${n}" \\ 𝒳 ☂` : `O-${n}`
    const endpointId = `E-${n}`
    const isOpen = n % 100 === 3
    yield {
      table: 'usage',
      row: {
        endpointId,
        refreshedAt: at(n % 50),
        balances: { [`7${n}`]: { leftBytes: n * 1000 } },
        told: [`7${n} usage at 80 %`],
      },
    }
    yield {
      table: 'orders',
      row: anOrder(orderId, {
        status: isOpen ? 'reserved' : 'delivered',
        endpointId,
        createdAt: at(n),
        ...(isOpen && {
          fence: n,
          owner: { id: 'p-1', host: 'h', pid: 1, boot: 'b', startedAt: at(0) } as never,
        }),
        steps: [{ step: 'reserve', outcome: 'done', at: at(n), endpointId }],
      }),
    }
    yield {
      table: 'esims',
      row: anEsim(endpointId, {
        orderId,
        status: isOpen ? 'selected' : 'delivered',
        batch: `batch ${n % 3}`,
        tags: n % 2 === 0 ? ['shop', "o'clock"] : [],
        activationCode: `LPA:1$smdp.example.com$SECRET-${n}`,
      }),
    }
    yield {
      table: 'addons',
      row: { uniqueId: `7${n}`, endpointId, planId: '1', orderId, status: 'active' },
    }
  }
  yield { table: 'processes', row: { id: 'p-1', heartbeat: at(5) } }
}

export async function fillLedger(place: string, orders = ROWS): Promise<void> {
  await using ledger = await openLedger(place)
  const all = [...ledgerRows(orders)]
  for (let start = 0; start < all.length; start += PAGE) {
    const entries = all.slice(start, start + PAGE)
    const orderIds = entries.flatMap(one => (one.table === 'orders' ? [one.row.orderId] : []))
    const endpointIds = entries.flatMap(one => (one.table === 'esims' ? [one.row.endpointId] : []))
    await ledger.transact({ orderIds, endpointIds }, () => ({ entries, result: undefined }))
  }
}

export async function fillState(place: string, endpoints = ROWS): Promise<void> {
  await using store = await openState(place)
  await store.append({ type: 'account', account: { host: 'sft.example', destGroupId: '25' } })
  await store.append({ type: 'learn', learnt: { bulk: 'works' } })
  const entries: StateEntry[] = [putZone('europe', '1'), putPlan('Ä "ö" 𝒳', 'P1')]
  for (let n = 0; n < endpoints; n++)
    entries.push(putEndpoint(`89320420${String(n).padStart(11, '0')}`, `E-${n}`))
  await store.append(...entries)
  await store.append({ type: 'intent', intent: intent('i1', '__proto__') })
  const first = await store.log?.begin({ ...ABOUT, commit: 'c0ffee', isChanged: true }, true)
  if (first !== undefined) await store.log?.end(first.id, ENDED)
  // Its process died.
  await store.log?.begin(ABOUT, true)
}

/** An apply of a history, and how one ended. */
export const ABOUT: ApplyAbout = {
  by: 'ana "Ä"',
  host: 'ci-1',
  catalog: 'abc',
  summary: { create: 3, update: 0 },
  calls: 4,
  blocked: 1,
}
export const ENDED: ApplyEnd = {
  outcome: 'failed',
  counts: { done: 2, failed: 1, skipped: 0, deferred: 0 },
  calls: 3.5,
}

const FILL = { state: fillState, ledger: fillLedger } as const

async function movesOf(part: MovedPart, address: string): Promise<readonly [Moves, string]> {
  const { keeper, place } =
    part === 'state'
      ? await findAble('state', address, 'moves', 'cannot be moved')
      : await findAble('ledger', address, 'moves', 'cannot be moved')
  return [keeper.moves, place]
}

/** Everything that stands at a place: lineage, and all rows as text. */
export async function contentOf(part: MovedPart, address: string): Promise<readonly string[]> {
  const [moves, place] = await movesOf(part, address)
  await using departure = await moves.depart(place)
  const all = [departure.lineage]
  for await (const page of departure.rows())
    all.push(...page.map(({ table, key, content }) => `${table} ${key} ${content}`))
  return all
}

/** Whether somebody could work with what is at a place. */
async function isUsable(part: MovedPart, address: string): Promise<boolean> {
  try {
    if (part === 'state') await (await openState(address, { create: false }))[Symbol.asyncDispose]()
    else {
      // Opened to be read first: a place without a ledger must stay one.
      const looked = await lookAtLedger(address)
      if (looked === undefined) return false
      await looked[Symbol.asyncDispose]()
      await (await openLedger(address))[Symbol.asyncDispose]()
    }
    return true
  } catch {
    return false
  }
}

/** Whether all of it is played, which takes minutes. */
export const ALL_MOVES = process.env['MOVE_DEATHS'] !== undefined

export const migrate = (part: MovedPart, from: string, to: string) =>
  migrateStore({ from, to, part, confirm: () => true })

/** What a program sees that uses a place: by the port of its part. */
async function seenAt(part: MovedPart, address: string): Promise<unknown> {
  if (part === 'state') return JSON.parse(JSON.stringify(await readState(address)))
  await using ledger = await openLedger(address)
  const byText = (one: unknown, other: unknown) =>
    JSON.stringify(one) < JSON.stringify(other) ? -1 : 1
  return {
    stock: [...(await ledger.stock())].sort(byText),
    sales: await ledger.salesSince(at(700)),
    holders: [...(await ledger.holders())],
    unfinished: await ledger.ordersAfter(undefined, PAGE, { unfinished: true }),
    due: await ledger.esimsIn({ status: 'delivered', limit: 20 }),
  }
}

const DIE = scriptBeside(import.meta, 'dying-store')

/** One of so many steps is died at, those of a run by chance; all of them with `MOVE_DEATHS=1`. */
const ONE_OF = Number(process.env['MOVE_DEATHS'] ?? 8)

/** Moves there and back between two kinds of stores: nothing is lost. */
export function testThereAndBack(t: Test, part: MovedPart, one: Places, other: Places): void {
  const name = `${part} from ${one.name} to ${other.name}`

  t.test(`${name} and back: every row, lineage and serial are the same`, async t => {
    const from = one.place(t, part)
    const to = other.place(t, part)
    await FILL[part](from)
    const before = await contentOf(part, from)
    const seen = await seenAt(part, from)
    const [there] = (await migrate(part, from, to)) ?? []
    t.match(there, { part, step: 'begin', lineage: before[0] ?? '' })
    t.equal(await isUsable(part, from), false, 'the source is refused')
    t.same(await contentOf(part, to), before)
    t.same(await seenAt(part, to), seen)
    t.match(await migrate(part, from, to), [{ step: 'nothing' }], 'once more: nothing to do')
    const [back] = (await migrate(part, to, from)) ?? []
    t.match(back, { step: 'begin', lineage: before[0] ?? '' })
    t.equal(await isUsable(part, to), false)
    t.same(await contentOf(part, from), before)
    t.same(await seenAt(part, from), seen)
  })
}

/** Moves between two kinds of stores, and dies at every step of it. */
export function testMoves(t: Test, part: MovedPart, one: Places, other: Places): void {
  testThereAndBack(t, part, one, other)
  const name = `${part} from ${one.name} to ${other.name}`

  t.test(`${name}, killed at each step: never two that can be used, and it ends`, async t => {
    const from = one.place(t, part)
    const to = other.place(t, part)
    await FILL[part](from)
    const before = await contentOf(part, from)
    let deaths = 0
    const first = 1 + Math.floor(Math.random() * ONE_OF)
    t.comment(`dies at step ${first} and each ${ONE_OF} after`)
    for (let dieAt = first; ; dieAt += ONE_OF) {
      const child = spawnNode([...DIE, JSON.stringify({ from, to, part, dieAt })])
      let stderr = ''
      child.stderr.on('data', text => {
        stderr += text
      })
      const [code, signal] = await once(child, 'exit')
      const usable = [await isUsable(part, from), await isUsable(part, to)]
      t.notSame(usable, [true, true], `killed before step ${dieAt}`)
      if (signal === 'SIGKILL') {
        deaths += 1
        continue
      }
      t.same([code, stderr], [0, ''])
      t.same(usable, [false, true])
      break
    }
    t.ok(deaths >= Math.floor(8 / ONE_OF), `it died ${deaths} times`)
    t.same(await contentOf(part, to), before)
  })

  t.test(`${name}: what is there already is never written over`, async t => {
    const [from, to, third] = [one.place(t, part), other.place(t, part), other.place(t, part)]
    await FILL[part](from, 3)
    await FILL[part](to, 2)
    const [before, there] = [await contentOf(part, from), await contentOf(part, to)]
    await t.rejects(migrate(part, from, to), {
      name: 'PlainError',
      message: /Nothing is written over it/,
    })
    t.same(await contentOf(part, from), before)
    t.same(await contentOf(part, to), there)
    await migrate(part, to, third)
    await t.rejects(
      migrate(part, from, to),
      { message: /another .* went to/ },
      'another one went from there',
    )
    t.same(await contentOf(part, from), before)
  })
}

/** Whoever decides something while a ledger is under the lock of a move waits, and sees what came of it. */
export function testWaiting(t: Test, { name, place }: Places): void {
  t.test(
    `ledger of ${name}: who decides while it is moved waits, and is refused once it went`,
    async t => {
      const from = place(t, 'ledger')
      await fillLedger(from, 3)
      await using ledger = await openLedger(from)
      const [moves, at] = await movesOf('ledger', from)
      const put = (orderId: string) =>
        ledger.transact({ orderIds: [orderId] }, () => ({
          entries: [{ table: 'orders', row: anOrder(orderId) }],
          result: 'done',
        }))
      for (const isRetired of [false, true]) {
        const departure = await moves.depart(at)
        const waiting = put(`during ${isRetired}`).catch((error: unknown) => error)
        t.equal(await Promise.race([waiting, sleep(500, 'waits')]), 'waits')
        t.equal((await ledger.stock()).length > 0, true, 'who only looks goes on')
        if (isRetired) {
          const { lineage, serial } = departure
          const mark = { move: 'went', other: 'elsewhere', at: 'now', token: 'x', lineage, serial }
          await departure.retire(mark as MoveMark)
        }
        await departure[Symbol.asyncDispose]()
        if (isRetired) t.match(await waiting, { name: 'MovedError', message: /moved to elsewhere/ })
        else t.equal(await waiting, 'done')
      }
    },
  )
}

const SELL = scriptBeside(import.meta, '../provision/sell-orders')

/**
 * Two shops that run while their ledger moves, one of them a process of its own in the midst of its orders: both are
 * refused, and what they had begun is ended at the new place, once.
 */
export async function testRunningShop(t: Test, one: Places, other: Places): Promise<void> {
  const market = await openMarket(t, {
    endpoints: 40,
    simulator: { latencyMs: 150 },
    sft: { timeoutSeconds: 60 },
  })
  const state = files.place(t, 'state')
  await market.save(state)
  const [from, to] = [one.place(t, 'ledger'), other.place(t, 'ledger')]
  const ledger = await openLedger(from)
  t.teardown(() => ledger[Symbol.asyncDispose]())
  const { shop } = await openShop(market, { ledger })
  await shop.purchase({ orderId: 'B-1', sku: 'EU-1GB' })
  const before = market.simulator.calls.length
  const orders = Array.from({ length: 20 }, (_, n) => `A-${n}`)
  const sell = async (place: string) => {
    const job = { url: market.simulator.url, state, ledger: place, orders, topUps: [] }
    const child = spawnNode([...SELL, JSON.stringify(job)])
    let stdout = ''
    child.stdout.on('data', text => {
      stdout += text
    })
    const [code] = await once(child, 'close')
    const lines = stdout.split('\n').filter(Boolean)
    return { code, told: lines.map(line => JSON.parse(line) as { readonly error?: string }) }
  }
  const selling = sell(from)
  while (market.simulator.calls.length < before + 3) await sleep(5)
  await migrate('ledger', from, to)
  const { told } = await selling
  const refused = told.filter(({ error }) => error === 'StorageError')
  t.ok(
    refused.length > 0,
    `${refused.length} of ${told.length} orders were under way and are refused`,
  )
  const calls = market.simulator.calls.length
  const moved = { name: 'StorageError', message: /was moved to/ }
  await t.rejects(shop.purchase({ orderId: 'B-2', sku: 'EU-1GB' }), moved)
  await t.rejects(ledger.ordersAfter(undefined, 1), { name: 'MovedError' })
  await t.rejects(openLedger(from), { name: 'MovedError' })
  t.equal(market.simulator.calls.length, calls, 'nothing was sent')
  const again = await sell(to)
  t.equal(again.code, 0)
  t.same(
    again.told.filter(({ error }) => error !== undefined),
    [],
  )
  await using now = await openLedger(to)
  t.same(await checkAccount(now, market.simulator), [])
  const instances = [...market.simulator.world.endpoints.values()].flatMap(each => each.instances)
  t.equal(instances.length, orders.length + 1, 'each order is one add-on')
  await shop[Symbol.asyncDispose]()
}
