import t, { type Test } from 'tap'
import type { State, StateStore } from '../../src/state/state.ts'
import { intent, putEndpoint, putPlan, putZone, zone } from './records.ts'

/** What a kind of store must offer to be tested. */
export interface StoreUnderTest {
  /** A place that has no state yet. */
  readonly place: (test: Test) => string
  readonly open: (place: string) => Promise<StateStore>
  /** What another process would read; undefined for stores that end with their process. */
  readonly read?: (place: string) => Promise<State>
}

const plain = (state: State): unknown => JSON.parse(JSON.stringify(state))

/** The definition of a state store: every store passes it. */
export function testStateStore(name: string, store: StoreUnderTest): void {
  t.test(`${name}: a new state is empty, has a lineage and starts at serial 0`, async test => {
    await using opened = await store.open(store.place(test))
    const { lineage, ...rest } = opened.state
    test.match(lineage, /^[0-9a-f-]{36}$/)
    test.same(JSON.parse(JSON.stringify(rest)), {
      version: 2,
      serial: 0,
      rateZones: {},
      addonPlans: {},
      endpoints: {},
      learnt: {},
      pending: {},
    })
  })

  t.test(`${name}: every kind of entry moves the live state on`, async test => {
    await using opened = await store.open(store.place(test))
    const { state } = opened
    await opened.append({ type: 'account', account: { host: 'sft.example', destGroupId: '25' } })
    await opened.append({ type: 'intent', intent: intent('i1') })
    test.same(Object.keys(state.pending), ['i1'])
    await opened.append(putZone('europe', '1201'), { type: 'conclude', id: 'i1', outcome: 'done' })
    test.same(Object.keys(state.pending), [])
    test.equal(state.rateZones['europe']?.id, '1201')
    await opened.append(putPlan('eu', 'P1'), putEndpoint('8932042000010000012', 'E1'))
    await opened.append({ type: 'learn', learnt: { bulk: 'works' } })
    await opened.append({ type: 'learn', learnt: { modifyRateZone: 'adds' } })
    test.same(state.learnt, { bulk: 'works', modifyRateZone: 'adds' })
    await opened.append({ type: 'remove', kind: 'addonPlan', key: 'eu' })
    test.same(Object.keys(state.addonPlans), [])
    test.equal(state.account?.destGroupId, '25')
  })

  t.test(`${name}: the serial grows by one an append, and not for an empty one`, async test => {
    await using opened = await store.open(store.place(test))
    await opened.append(putZone('a', '1'), putZone('b', '2'))
    test.equal(opened.state.serial, 1)
    await opened.append()
    test.equal(opened.state.serial, 1)
    await Promise.all([opened.append(putZone('c', '3')), opened.append(putZone('d', '4'))])
    test.equal(opened.state.serial, 3)
  })

  t.test(
    `${name}: appends at the same time are applied in the order of their calls`,
    async test => {
      await using opened = await store.open(store.place(test))
      await Promise.all(
        Array.from({ length: 200 }, (_, n) => opened.append(putZone('europe', String(n)))),
      )
      test.equal(opened.state.rateZones['europe']?.id, '199')
      test.equal(opened.state.serial, 200)
    },
  )

  t.test(`${name}: keys that JavaScript knows are keys like any other`, async test => {
    const place = store.place(test)
    const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    {
      await using opened = await store.open(place)
      for (const key of keys) test.equal(opened.state.rateZones[key], undefined, key)
      for (const key of keys) await opened.append(putZone(key, `id-${key}`))
      test.same(Object.keys(opened.state.rateZones), keys)
      await opened.fold()
      await opened.append({ type: 'remove', kind: 'rateZone', key: 'constructor' })
      test.equal(opened.state.rateZones['constructor'], undefined)
      test.equal(opened.state.rateZones[keys[0] ?? '']?.id, 'id-__proto__')
    }
    test.equal(Reflect.get({}, 'networks'), undefined, 'nothing reached Object.prototype')
    if (store.read !== undefined) {
      const { rateZones } = await store.read(place)
      test.same(Object.keys(rateZones), ['__proto__', 'hasOwnProperty', 'toString'])
    }
  })

  t.test(`${name}: the caller's objects and the state's are not tied to each other`, async test => {
    await using opened = await store.open(store.place(test))
    const networks = [{ operatorId: '1', sponsorId: '7' }]
    const record = { ...zone('1'), networks }
    await opened.append({ type: 'put', kind: 'rateZone', key: 'a', record })
    networks.push({ operatorId: '2', sponsorId: '7' })
    test.equal(opened.state.rateZones['a']?.networks.length, 1)
  })

  t.test(
    `${name}: a fold changes nothing that can be seen, and appends go on after it`,
    async test => {
      await using opened = await store.open(store.place(test))
      await opened.append(putZone('europe', '1'))
      const before = plain(opened.state)
      await opened.fold()
      await opened.fold()
      test.same(plain(opened.state), before)
      await Promise.all([
        opened.append(putZone('asia', '2')),
        opened.fold(),
        opened.append(putZone('africa', '3')),
      ])
      test.equal(opened.state.serial, 3)
    },
  )

  t.test(`${name}: a disposed store takes nothing more`, async test => {
    const opened = await store.open(store.place(test))
    await opened[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
    await test.rejects(opened.append(putZone('a', '1')), /disposed/)
    await test.rejects(opened.fold(), /disposed/)
  })

  const { read } = store
  if (read === undefined) return

  t.test(`${name}: what was acknowledged is what is read, before and after a fold`, async test => {
    const place = store.place(test)
    const opened = await store.open(place)
    await opened.append({ type: 'intent', intent: intent('i1') }, putPlan('eu', 'P1'))
    await opened.append({ type: 'account', account: { host: 'sft.example' } })
    test.same(plain(await read(place)), plain(opened.state))
    await opened.fold()
    await opened.append(putEndpoint('8932042000010000012', 'E1'))
    const last = plain(opened.state)
    test.same(plain(await read(place)), last)
    await opened[Symbol.asyncDispose]()
    test.same(plain(await read(place)), last)
    await using again = await store.open(place)
    test.same(plain(again.state), last)
  })

  t.test(`${name}: a second writer is refused while the first has the state`, async test => {
    const place = store.place(test)
    {
      await using _first = await store.open(place)
      await test.rejects(store.open(place), { name: 'LockedError' })
    }
    await using _second = await store.open(place)
  })
}
