// Two hosts sell one order from one ledger, and one of them is stopped, or its machine sleeps, at each of its steps.
import t from 'tap'
import type { Sft } from '../../src/sft/api.ts'
import { playShop, type Sabotage, type ShopSchedule } from './shop-life.ts'

/** Ledger and account are asked in so many steps, and no more, until an order is delivered. */
const STEPS = 24
const LONG_MS = 200_000

/** Both hosts place the order; the first one is gone for long at one step. */
function scheduleOf(step: number, asleep: boolean): ShopSchedule {
  const buy = { do: 'buy', order: 'P-0' } as const
  const pausesMs = Array.from({ length: STEPS }, (_, index) => (index === step ? LONG_MS : 1))
  return {
    wire: {},
    stock: 6,
    activatedBy: '1',
    accountDaysAhead: 0,
    lives: [
      {
        rival: { acts: [buy], pausesMs, headStartMs: 40, asleep },
        acts: [buy],
        together: false,
        faults: [],
        diesAt: undefined,
        deskSecondsAhead: 0,
      },
    ],
  }
}

async function problemsOf(sabotage?: Sabotage): Promise<readonly string[]> {
  const problems: string[] = []
  for (let step = 0; step < STEPS; step++)
    for (const asleep of [false, true])
      for (const problem of await playShop(t, scheduleOf(step, asleep), sabotage))
        problems.push(`gone at step ${step}${asleep ? ', asleep' : ''}: ${problem}`)
  return problems
}

t.test(
  'a host that is gone for long at any step never makes an order have two instances',
  async t => {
    t.strictSame(await problemsOf(), [])
  },
)

t.test(
  'one that sends what it announced before it was gone sells twice, and that is seen',
  async t => {
    const sft = (whole: Sft): Sft => ({
      ...whole,
      write: {
        ...whole.write,
        subscribeAddon: (request, { announcement: _old, ...options } = {}) =>
          whole.write.subscribeAddon(request, options),
      },
    })
    const problems = await problemsOf({ sft })
    t.match(problems.join(), /has no order/)
  },
)
