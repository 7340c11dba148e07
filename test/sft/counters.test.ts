import t from 'tap'
import type { JsonObject } from '../../src/model.ts'
import { instancesInDetails } from '../../src/sft/addon-instances.ts'
import { countersIn } from '../../src/sft/counters.ts'

const BLOCKS = {
  promotionalPlans: { plan: [{ uniqueId: '7', planId: '1' }] },
  benefitInfo: { benefit: [{ uniqueId: '7', balance: '1', actualBalance: '2' }] },
}

const ROWS: readonly {
  readonly name: string
  readonly info: JsonObject
  readonly counters: readonly object[] | undefined
  readonly doubt?: RegExp
}[] = [
  { name: 'no counters are none that is reported', info: {}, counters: undefined },
  { name: 'an empty block is none at all', info: { counterInfo: { counter: [] } }, counters: [] },
  {
    name: 'rows in a block, scalars as text',
    info: { counterInfo: { counter: [{ counterId: 5, uniqueId: '7', value: '12', on: true }] } },
    counters: [{ counterId: '5', uniqueId: '7', value: '12', on: 'true' }],
  },
  {
    name: 'a single row, without the list',
    info: { usageCounter: { counterId: '5', uniqueId: 7 } },
    counters: [{ counterId: '5', uniqueId: '7' }],
  },
  {
    name: 'a list of rows',
    info: {
      counters: [
        { id: '1', uniqueId: '7' },
        { id: '2', uniqueId: '7' },
      ],
    },
    counters: [
      { id: '1', uniqueId: '7' },
      { id: '2', uniqueId: '7' },
    ],
  },
  {
    name: 'rows within that of an instance are its own',
    info: {
      promotionalPlans: { plan: [{ uniqueId: '7', planId: '1', counters: [{ id: '1' }] }] },
    },
    counters: [{ uniqueId: '7', id: '1' }],
  },
  {
    name: 'a name that tells of add-ons too',
    info: { addonCounters: [{ id: '1', uniqueId: '7' }] },
    counters: [{ id: '1', uniqueId: '7' }],
  },
  {
    name: 'a counter of an instance that is not listed is a doubt',
    info: { counterInfo: { counter: [{ id: '1', uniqueId: '8' }] } },
    counters: [{ id: '1', uniqueId: '8' }],
    doubt: /names an add-on instance outside its blocks/,
  },
]

t.test('counters are read wherever they stand, and hide no add-on', async t => {
  for (const { name, info, counters, doubt } of ROWS)
    await t.test(name, async t => {
      const response = { info: { ...BLOCKS, ...info } }
      t.strictSame(countersIn(response), counters)
      const listing = instancesInDetails(response)
      t.strictSame(listing.counters, counters)
      t.equal(listing.items[0]?.uniqueId, '7')
      if (doubt === undefined) t.equal(listing.doubt, undefined)
      else t.match(listing.doubt, doubt)
    })
})
