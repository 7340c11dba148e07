import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { thisProcess } from '../../src/durable/owner.ts'
import {
  importRecord,
  listRecords,
  moveRecord,
  parseAddress,
  removeRecord,
  showRecord,
} from '../../src/state/edit.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import {
  backupState,
  openState,
  readState,
  restoreState,
  unlockState,
} from '../../src/stores/states.ts'
import { endpoint, intent, plan, putEndpoint, putPlan, putZone, zone } from './records.ts'

const newPlace = (test: Test): string => join(test.testdir({}), 'state.json')

async function filled(): Promise<StateStore> {
  const store = memoryState()
  await store.append(putZone('europe', '1201'), putZone('asia', '1202'))
  await store.append(putPlan('eu-10gb', 'P1'), putPlan('as-5gb', 'P2', 'asia'))
  await store.append(putEndpoint('8932042000010000012', 'E1'))
  return store
}

/** Where `serial`s of one zone follow each other, folded after each but the last. */
async function zoneOfSerials(place: string, serials: number): Promise<void> {
  await using store = await openState(place)
  for (let n = 1; n <= serials; n++) {
    await store.fold()
    await store.append(putZone('europe', String(n)), putZone(`zone-${n}`, `Z${n}`))
  }
}

t.test('list shows addresses with IDs in order; show gives the record', async test => {
  const { state } = await filled()
  test.same(
    listRecords(state).map(({ address, id }) => `${address} ${id}`),
    [
      'rateZone/asia 1202',
      'rateZone/europe 1201',
      'addonPlan/as-5gb P2',
      'addonPlan/eu-10gb P1',
      'endpoint/8932042000010000012 E1',
    ],
  )
  test.same(showRecord(state, 'addonPlan/eu-10gb'), plan('P1'))
  test.throws(
    () => showRecord(state, 'rateZone/__proto__'),
    /rateZone\/__proto__ is not in the state/,
  )
  test.equal(parseAddress('endpoint/893'), 'endpoint/893')
  for (const text of ['europe', 'zone/europe', 'rateZone/', ''])
    test.throws(() => parseAddress(text), /is not an address; write rateZone\/KEY/)
})

t.test(
  'mv gives a record another key, and the plans of a zone follow it, in one entry',
  async test => {
    const store = await filled()
    const { serial } = store.state
    await moveRecord(store, 'rateZone/europe', 'rateZone/eu')
    test.equal(store.state.serial, serial + 1)
    test.same(Object.keys(store.state.rateZones).sort(), ['asia', 'eu'])
    test.equal(store.state.addonPlans['eu-10gb']?.rateZone, 'eu')
    test.equal(store.state.addonPlans['as-5gb']?.rateZone, 'asia')
    const refusals: readonly (readonly [
      Parameters<typeof moveRecord>[1],
      Parameters<typeof moveRecord>[2],
      RegExp,
    ])[] = [
      ['rateZone/eu', 'rateZone/asia', /rateZone\/asia is in the state already; .*state rm/],
      ['rateZone/eu', 'addonPlan/eu', /are of two kinds/],
      ['rateZone/europe', 'rateZone/x', /rateZone\/europe is not in the state/],
      ['endpoint/8932042000010000012', 'endpoint/1', /key is the ICCID of its SIM/],
    ]
    for (const [from, to, text] of refusals)
      await test.rejects(moveRecord(store, from, to), { name: 'StateEditError', message: text })
  },
)

t.test('a record with an announced write is not moved, removed or imported', async test => {
  const store = await filled()
  await store.append({ type: 'intent', intent: intent('i1') })
  await store.append({ type: 'intent', intent: intent('i2', 'africa') })
  const text =
    /CreateRateZone was announced at 2026-11-21T09:00:00.000Z and its end is not known; run `sft-catalog apply`/
  await test.rejects(moveRecord(store, 'rateZone/europe', 'rateZone/eu'), text)
  await test.rejects(removeRecord(store, 'rateZone/europe'), text)
  await test.rejects(importRecord(store, 'rateZone/africa', zone('7')), text)
})

t.test('rm forgets a record, import takes one, but no ID twice', async test => {
  const store = await filled()
  await removeRecord(store, 'addonPlan/as-5gb')
  test.equal(store.state.addonPlans['as-5gb'], undefined)
  await importRecord(store, 'addonPlan/as-again', plan('P2', 'asia'))
  test.equal(store.state.addonPlans['as-again']?.planId, 'P2')
  await test.rejects(
    importRecord(store, 'addonPlan/other', plan('P2')),
    /P2 is in the state as addonPlan\/as-again; `sft-catalog state mv`/,
  )
  await test.rejects(
    importRecord(store, 'addonPlan/as-again', plan('P9')),
    /is in the state already/,
  )
  await test.rejects(importRecord(store, 'rateZone/x', zone('')), /rateZones.x.id is not an ID/)
  await test.rejects(
    importRecord(store, 'rateZone/x', endpoint('E9')),
    /rateZones.x.id is not an ID/,
  )
})

t.test('backup writes the state as it is now while a run has it', async test => {
  const place = newPlace(test)
  await using store = await openState(place)
  await store.append(putZone('europe', '1'))
  const { path, serial } = await backupState(place)
  test.equal(serial, 1)
  test.equal(JSON.parse(readFileSync(path, 'utf8')).rateZones.europe.id, '1')
  const named = join(place, '..', 'mine.json')
  test.equal((await backupState(place, named)).path, named)
})

t.test(
  'restore goes back to a backup, keeps what was there, and lets the serial grow',
  async test => {
    const place = newPlace(test)
    await zoneOfSerials(place, 3)
    const { lineage } = await readState(place)
    const old = join(`${place}.backups`, 'serial-1.json')
    const report = await restoreState(place, old)
    test.match(report, { from: old, serial: 4, replayed: 0 })
    const state = await readState(place)
    test.match(state, { lineage, serial: 4, rateZones: { europe: { id: '1' } } })
    test.equal(JSON.parse(readFileSync(report.kept[0] ?? '', 'utf8')).rateZones.europe.id, '3')
    await using store = await openState(place)
    await store.append(putZone('asia', '9'))
    test.equal(store.state.serial, 5)
  },
)

t.test(
  'restore over a lost or damaged snapshot plays the journal on the newest backup',
  async test => {
    const place = newPlace(test)
    for (const damage of [
      () => truncateSync(place, 50),
      () => writeFileSync(place, ''),
      () => rmSync(place),
    ]) {
      const killed = newPlace(test)
      const store = await openState(killed)
      await store.append(putZone('europe', '1'))
      await store.fold()
      await store.append(putEndpoint('8932042000010000012', 'E1'))
      damage()
      rmSync(`${killed}.lock`)
      await test.rejects(readState(killed), { name: 'StateDamagedError' })
      const { replayed, lost, serial, kept } = await restoreState(killed)
      test.same({ replayed, lost, serial }, { replayed: 1, lost: undefined, serial: 3 })
      const state = await readState(killed)
      test.same(
        listRecords(state).map(record => record.id),
        ['1', 'E1'],
      )
      test.ok(kept.some(path => path.includes('state.json.journal.damaged-')))
      test.ok(readdirSync(join(killed, '..')).some(name => name.includes('.damaged-')))
    }
  },
)

t.test(
  'restore over a damaged journal saves what stands before the damage, and says what is lost',
  async test => {
    const place = newPlace(test)
    await openState(place).then(async store => {
      for (const id of ['1', '2', '3']) await store.append(putZone(`zone-${id}`, id))
    })
    rmSync(`${place}.lock`)
    const journal = `${place}.journal`
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('"Zone 2"', '"Zone 9"'))
    await test.rejects(readState(place), /journal:3 does not match its checksum/)
    const report = await restoreState(place)
    test.match(report, { replayed: 1, lost: 'line 3 does not match its checksum: it was changed' })
    test.same(Object.keys((await readState(place)).rateZones), ['zone-1'])
  },
)

t.test('restore refuses what is no backup of this state', async test => {
  const place = newPlace(test)
  await zoneOfSerials(place, 1)
  const other = join(place, '..', 'other.json')
  await zoneOfSerials(other, 1)
  await test.rejects(restoreState(place, other), {
    name: 'StateEditError',
    message: /is a backup of another state .* Move .* away first/,
  })
  truncateSync(other, 40)
  await test.rejects(restoreState(place, other), { name: 'SnapshotError' })
  await using _live = await openState(place)
  await test.rejects(restoreState(place), { name: 'LockedError' })
  await test.rejects(
    restoreState('memory:'),
    /memory:: a state there is not put back from backups; use what/,
  )
})

t.test('unlock shows the owner, asks, and leaves a running owner alone', async test => {
  const place = newPlace(test)
  await zoneOfSerials(place, 1)
  test.equal(await unlockState(place, () => true), undefined, 'there is no lock')
  const owner = { ...thisProcess('apply'), host: 'ci-7', since: '2026-11-20T08:00:00Z', token: 't' }
  writeFileSync(`${place}.lock`, JSON.stringify(owner))
  await test.rejects(openState(place), /ci-7.*run `sft-catalog state unlock --state .*state\.json`/)
  test.match(await unlockState(place, holder => holder.owner?.host !== 'ci-7'), { removed: false })
  test.match(await unlockState(place, holder => holder.owner?.host === 'ci-7'), { removed: true })
  await using _live = await openState(place)
  await test.rejects(
    unlockState(place, () => true),
    /is running on this machine; end that process/,
  )
})
