// Takes away what the schedules are there to watch over, and sees that they notice.
import t from 'tap'
import { notThere } from '../../src/finding.ts'
import type { EsimStatus, Ledger } from '../../src/provision/index.ts'
import type { Sft } from '../../src/sft/api.ts'
import { SftUnknownOutcomeError, SftUnreachableError } from '../../src/sft/errors.ts'
import { arbitraryCatalogLife, playCatalog, stockOfAccounts } from './catalog-life.ts'
import { scheduleOf } from './chunks.ts'
import { arbitraryShop, playShop, type Sabotage } from './shop-life.ts'

/** So many schedules at the most until one notices. */
const ENOUGH = 150

/** The problem of the first schedule that has one of a kind, beginning with one that had it when last looked for. */
async function firstProblem(
  play: (number: number) => Promise<readonly string[]>,
  kind: RegExp,
  from: number,
): Promise<string | undefined> {
  for (let number = from; number < from + ENOUGH; number++) {
    const problem = (await play(number)).find(one => kind.test(one))
    if (problem !== undefined) return problem
  }
  return undefined
}

const inShops = (sabotage: Sabotage, kind: RegExp, from: number) =>
  firstProblem(number => playShop(t, scheduleOf(arbitraryShop, number), sabotage), kind, from)

t.test('a shop that takes an unclear outcome for none sells twice, and that is seen', async t => {
  const sft = (whole: Sft): Sft => ({
    ...whole,
    write: {
      ...whole.write,
      subscribeAddon: (request, options) =>
        whole.write.subscribeAddon(request, options).catch((error: unknown) => {
          throw error instanceof SftUnknownOutcomeError ? new SftUnreachableError('guessed') : error
        }),
    },
  })
  t.match(await inShops({ sft }, /has no order/, 20), /has no order/)
})

t.test(
  'a shop that concludes from silence says a last word too early, and that is seen',
  async t => {
    const sft = (whole: Sft): Sft => ({
      ...whole,
      read: {
        ...whole.read,
        addons: async (endpointId, { knownGood: _twice, ...options } = {}) => {
          const { doubt: _doubt, ...listing } = await whole.read.addons(endpointId, options)
          return listing
        },
      },
    })
    t.match(
      await inShops({ sft }, /is called .*, and is live|has no order/, 115),
      /live|has no order/,
    )
  },
)

/** A ledger that forgets rows of a status. */
const without =
  (status: EsimStatus) =>
  (whole: Ledger): Ledger => ({
    ...whole,
    transact: (keys, decide) =>
      whole.transact(keys, rows => {
        const { entries, result } = decide(rows)
        const isKept = (entry: (typeof entries)[number]) =>
          entry.table !== 'esims' || entry.row.status !== status
        return { entries: entries.filter(isKept), result }
      }),
  })

t.test('stock that is activated without being kept is lost or sold, and that is seen', async t => {
  const ledger = without('in service')
  t.match(await inShops({ ledger }, /nobody has it/, 12), /is active and nobody has it/)
})

t.test('an endpoint whose creation is taken for none is lost, and that is seen', async t => {
  const sft = (whole: Sft): Sft => ({
    ...whole,
    write: {
      ...whole.write,
      createEndpoint: (request, options) =>
        whole.write.createEndpoint(request, options).catch((error: unknown) => {
          throw error instanceof SftUnknownOutcomeError ? new SftUnreachableError('guessed') : error
        }),
    },
  })
  t.match(await inShops({ sft }, /nobody knows/, 59), /nobody knows of endpoint/)
})

t.test(
  'an engine that does not look for what it sent makes it twice, and that is seen',
  async t => {
    const { iccids, networks } = await stockOfAccounts()
    const life = arbitraryCatalogLife(iccids, networks)
    const applySft = (whole: Sft): Sft => ({
      ...whole,
      read: {
        ...whole.read,
        rateZones: async () => ({ items: [] }),
        addonPlans: async () => ({ items: [] }),
        sim: async () => notThere('nobody looked'),
      },
    })
    const found = await firstProblem(
      number => playCatalog(scheduleOf(life, number), { applySft }),
      /count is 2|is not in the state/,
      1,
    )
    t.match(found, /count is 2|is not in the state/)
  },
)
