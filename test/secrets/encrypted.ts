import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import {
  type EncryptionKeys,
  encryptStore,
  type MovedPart,
  migrateStore,
  openState,
  readKeyFile,
  readState,
  withKeys,
} from '../../src/index.ts'
import { lookAtLedger, openLedger } from '../../src/provision/index.ts'
import { NO_KEYS } from '../../src/secrets/cipher.ts'
import { scriptBeside, spawnNode } from '../program.ts'
import { anOrder } from '../provision/ledger-contract.ts'
import { putPlan } from '../state/records.ts'
import { contentOf, fillLedger, fillState, type Places } from '../stores/moves.ts'

/** Three keys, made for tests alone. */
export const KEYS = {
  one: Buffer.alloc(32, 1).toString('base64'),
  two: Buffer.alloc(32, 2).toString('hex'),
  three: Buffer.alloc(32, 3).toString('base64'),
} as const

/** A file of keys as it must be. */
export function keyFile(t: Pick<Test, 'teardown'>, ...lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'keys')
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
  return path
}

export const keysOf = (t: Pick<Test, 'teardown'>, ...lines: readonly string[]): EncryptionKeys =>
  readKeyFile(keyFile(t, ...lines))

/** A kind of store, and all that can be read at a place by whoever has its disk. */
export interface PlacesAtRest extends Places {
  readonly atRest: (place: string) => Promise<string>
}

/** What nobody may read at rest: activation codes and references, and IDs and names of a state. */
const SECRETS = {
  ledger: /SECRET-|smdp\.example|LPA:1|ana@example/,
  state: /SKU-P1|travel-E-7|sft\.example|Zone 1/,
} as const

const PARTS = ['ledger', 'state'] as const
const FILL = {
  ledger: async (place: string) => {
    await fillLedger(place, 30)
    await using ledger = await openLedger(place)
    const row = anOrder('with a reference', { reference: { mail: 'ana@example.com' } })
    await ledger.transact({ orderIds: [row.orderId] }, () => ({
      entries: [{ table: 'orders', row }],
      result: undefined,
    }))
  },
  state: (place: string) => fillState(place, 30),
} as const

/** One more change, as any day brings it. */
async function change(part: MovedPart, place: string, name: string): Promise<void> {
  if (part === 'state') {
    await using store = await openState(place)
    await store.append(putPlan(name, `P-${name}`))
    return
  }
  await using ledger = await openLedger(place)
  await ledger.transact({ orderIds: [name] }, () => ({
    entries: [{ table: 'orders', row: anOrder(name) }],
    result: undefined,
  }))
}

const read = async (part: MovedPart, place: string): Promise<void> => {
  if (part === 'state') await readState(place)
  else await (await lookAtLedger(place))?.[Symbol.asyncDispose]()
}

const DIE = scriptBeside(import.meta, 'dying-encryption')

/** What is encrypted at rest, in any kind of store. */
export function testEncrypted(t: Test, { name, place, atRest }: PlacesAtRest): void {
  for (const part of PARTS) testPart(t, part)

  function testPart(t: Test, part: MovedPart): void {
    t.test(`${part} in ${name}: with a key nothing secret is readable at rest`, async t => {
      const keys = keysOf(t, KEYS.one)
      const plain = place(t, part)
      await withKeys(NO_KEYS, () => FILL[part](plain))
      t.match(await atRest(plain), SECRETS[part], 'without one it is')
      const at = place(t, part)
      await withKeys(keys, () => FILL[part](at))
      t.notMatch(await atRest(at), SECRETS[part])
      const [, ...rows] = await withKeys(keys, () => contentOf(part, at))
      const [, ...same] = await withKeys(NO_KEYS, () => contentOf(part, plain))
      // An apply has the time at which each of the two was filled.
      const untimed = (content: readonly string[]) =>
        content.map(row => row.replace(/"(begunAt|endedAt)":"[^"]+"/g, '"$1":"then"'))
      t.same(untimed(rows), untimed(same))
    })

    t.test(
      `${part} in ${name}: without its key nothing is read, written or lost, and the key is named`,
      async t => {
        const keys = keysOf(t, KEYS.one)
        const at = place(t, part)
        await withKeys(keys, () => FILL[part](at))
        const before = await atRest(at)
        for (const others of [NO_KEYS, keysOf(t, KEYS.two)])
          for (const work of [
            () => change(part, at, 'later'),
            () => read(part, at),
            () => migrateStore({ from: at, to: place(t, part), part, confirm: () => true }),
            () => encryptStore(part, at),
          ])
            await t.rejects(withKeys<Promise<unknown>>(others, work), {
              name: 'EncryptedError',
              message: new RegExp(
                `encrypted with the key ${keys.first?.id}.*SFT_ENCRYPTION_KEY_FILE`,
              ),
            })
        t.equal(await atRest(at), before)
        await withKeys(keys, () => change(part, at, 'later'))
      },
    )

    t.test(
      `${part} in ${name}: what was plain is read, and store encrypt leaves nothing of it; so with a new key`,
      async t => {
        const [one, two] = [keysOf(t, KEYS.one), keysOf(t, KEYS.two, KEYS.one)]
        const at = place(t, part)
        await withKeys(NO_KEYS, () => FILL[part](at))
        await withKeys(one, () => change(part, at, 'encrypted'))
        const before = await withKeys(one, () => contentOf(part, at))
        const report = await withKeys(one, () => encryptStore(part, at))
        t.equal(report?.keyId, one.first?.id)
        t.notMatch(await atRest(at), SECRETS[part])
        t.same(await withKeys(one, () => contentOf(part, at)), before)
        t.match(await withKeys(one, () => encryptStore(part, at)), { rewritten: 0, backups: 0 })

        await withKeys(two, () => change(part, at, 'with the new key'))
        const changed = await withKeys(two, () => contentOf(part, at))
        await withKeys(two, () => encryptStore(part, at))
        const onlyTwo = keysOf(t, KEYS.two)
        t.same(await withKeys(onlyTwo, () => contentOf(part, at)), changed, 'the old key can go')
        t.notMatch(await atRest(at), new RegExp(`aes1:${one.first?.id}:`))

        const plain = keysOf(t, 'plain', KEYS.two)
        t.equal((await withKeys(plain, () => encryptStore(part, at)))?.keyId, undefined)
        t.same(await withKeys(NO_KEYS, () => contentOf(part, at)), changed)
        t.match(await atRest(at), SECRETS[part])
      },
    )

    t.test(
      `${part} in ${name}: it moves from plain to encrypted and back, every row the same`,
      async t => {
        const keys = keysOf(t, KEYS.three)
        const [from, to] = [place(t, part), place(t, part)]
        await withKeys(NO_KEYS, () => FILL[part](from))
        const before = await withKeys(NO_KEYS, () => contentOf(part, from))
        const move = (from: string, to: string) =>
          migrateStore({ from, to, part, confirm: () => true })
        await withKeys(keys, () => move(from, to))
        t.notMatch(await atRest(to), SECRETS[part])
        t.same(await withKeys(keys, () => contentOf(part, to)), before)
        await withKeys(keysOf(t, 'plain', KEYS.three), () => move(to, from))
        t.same(await withKeys(NO_KEYS, () => contentOf(part, from)), before)
      },
    )

    t.test(
      `${part} in ${name}: killed in the midst of store encrypt it is read, and ends at the next call`,
      async t => {
        const lines = [KEYS.two, KEYS.one]
        const at = place(t, part)
        await withKeys(keysOf(t, KEYS.one), () => FILL[part](at))
        const keys = keysOf(t, ...lines)
        const before = await withKeys(keys, () => contentOf(part, at))
        let deaths = 0
        for (let dieAt = 1; ; dieAt++) {
          const job = { part, place: at, keys: keyFile(t, ...lines), dieAt }
          const child = spawnNode([...DIE, JSON.stringify(job)])
          child.stderr.pipe(process.stderr)
          const [, signal] = await once(child, 'exit')
          if (signal !== 'SIGKILL') break
          deaths += 1
          t.same(await withKeys(keys, () => contentOf(part, at)), before, `death ${dieAt}`)
        }
        t.ok(deaths >= 2, `it died ${deaths} times`)
        t.same(await withKeys(keysOf(t, KEYS.two), () => contentOf(part, at)), before)
      },
    )
  }

  t.test(
    `ledger in ${name}: who sells without the key is refused once somebody encrypts`,
    async t => {
      const at = place(t, 'ledger')
      await withKeys(NO_KEYS, () => FILL.ledger(at))
      const running = await withKeys(NO_KEYS, () => openLedger(at))
      t.teardown(() => running[Symbol.asyncDispose]())
      await withKeys(keysOf(t, KEYS.one), () => change('ledger', at, 'encrypted'))
      for (const work of [
        () =>
          running.transact({ orderIds: ['X'] }, () => ({
            entries: [{ table: 'orders', row: anOrder('X') }],
            result: undefined,
          })),
        () => running.ordersAfter(undefined, 10),
      ])
        await t.rejects(work, { name: 'EncryptedError' })
    },
  )
}
