// Accounts of every form, with faults and deaths, in numbered schedules: `CHAOS_FIRST`, `CHAOS_SCHEDULES` and
// `CHAOS_DONE` say which.
import t from 'tap'
import { WIRE_KEYS } from '../../src/simulator/settings.ts'
import {
  arbitraryCatalogLife,
  arbitraryProductLife,
  playCatalog,
  stockOfAccounts,
} from './catalog-life.ts'
import { type Failure, playShare, scheduleOf, shareOf } from './chunks.ts'
import { arbitraryShop, playShop } from './shop-life.ts'
import { COMPOSED, NOT_COMPOSED } from './variants.ts'

t.setTimeout(14_400_000)
const share = shareOf(process.env, 8)
const numbersOf = (failures: readonly Failure[]) => failures.map(({ number }) => number)

t.test(`catalogs ${share.first} and on`, async t => {
  const { iccids, networks } = await stockOfAccounts()
  const life = arbitraryCatalogLife(iccids, networks)
  const failures = await playShare(
    'catalog',
    share,
    number => playCatalog(scheduleOf(life, number)),
    line => t.comment(line),
  )
  t.strictSame(numbersOf(failures), [])
})

t.test(`catalogs of what price lists have, ${share.first} and on`, async t => {
  const { iccids, networks } = await stockOfAccounts()
  const life = arbitraryProductLife(iccids, networks)
  const failures = await playShare(
    'product',
    share,
    number => playCatalog(scheduleOf(life, number)),
    line => t.comment(line),
  )
  t.strictSame(numbersOf(failures), [])
})

t.test(`shops ${share.first} and on`, async t => {
  const failures = await playShare(
    'shop',
    share,
    number => playShop(t, scheduleOf(arbitraryShop, number)),
    line => t.comment(line),
  )
  t.strictSame(numbersOf(failures), [])
})

t.test('every setting of the wire is composed, or has a reason why not', async t => {
  const known = new Set([...COMPOSED, ...Object.keys(NOT_COMPOSED)])
  t.strictSame(
    WIRE_KEYS.filter(key => !known.has(key)),
    [],
  )
})
