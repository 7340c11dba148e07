import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { addonPlan } from '../../src/resources/addon-plan.ts'
import type { Kind } from '../../src/resources/kind.ts'
import { findKind, kindOf, kinds, registerKind } from '../../src/resources/kinds.ts'
import { emptyState } from '../../src/state/apply-entry.ts'
import { decodeState } from '../../src/state/decode-state.ts'

const voucher: Kind = { ...(addonPlan as Kind), kind: 'voucher', section: 'vouchers' }

t.test('a kind that is registered stands behind the others, until it is disposed of', async t => {
  const before = kinds()
  {
    using _registration = registerKind(voucher)
    t.strictSame(kinds(), [...before, voucher])
    t.equal(kindOf('voucher'), voucher)
    t.throws(() => registerKind(voucher), /there is a kind voucher already/)
  }
  t.strictSame(kinds(), before)
  t.equal(findKind('voucher'), undefined)
  t.throws(() => kindOf('voucher'), /there is no kind voucher/)
})

t.test('a state from before a kind is one without records of it', async t => {
  const old = JSON.parse(JSON.stringify(emptyState('old')))
  using _registration = registerKind({ ...voucher, sectionSince: 3 })
  t.match(decodeState(old), { vouchers: {} })
  const { addonPlans: _gone, ...damaged } = old
  t.throws(() => decodeState(damaged), /has no addonPlans/, 'a section that it had is damage')
})

/** Rooms that are generic over kinds. */
const GENERIC = [
  'account',
  'adopt',
  'apply',
  'catalog',
  'drift',
  'plan',
  'render',
  'page',
  'state',
] as const

t.test('rooms that are generic over kinds name none of them', async t => {
  const names = kinds().flatMap(({ kind, section, catalog, grouping }) => [
    kind,
    section,
    catalog.section,
    ...(grouping === undefined ? [] : [grouping.prefix]),
  ])
  // In quotes, as a field, or in an address; what a call or a message is about may be called so.
  const named = new RegExp(
    `'(${names.join('|')})'|\\.(${names.join('|')})\\b|\`(${names.join('|')})/`,
  )
  for (const room of GENERIC)
    for (const file of await readdir(`src/${room}`, { recursive: true })) {
      if (!/\.tsx?$/.test(file) || `${room}/${file}` === STOCK_PAGE) continue
      const lines = (await readFile(`src/${room}/${file}`, 'utf8')).split('\n')
      const found = lines.filter(line => named.test(line) && !/^\s*(\/\/|\/?\*)/.test(line))
      t.strictSame(found.filter(isNoList), [], `${room}/${file}`)
    }
})

/** The stock is of endpoints only: what draws the answer of a command of that name is no rule for all kinds. */
const STOCK_PAGE = 'page/endpoints-page.tsx'

/** The platform's own lists are shared by their names. */
const isNoList = (line: string): boolean => !/read\.(rateZones|addonPlans)\(/.test(line)
