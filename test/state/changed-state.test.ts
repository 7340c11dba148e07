import t from 'tap'
import { emptyState } from '../../src/state/apply-entry.ts'
import { changedState } from '../../src/state/changed-state.ts'
import type { State } from '../../src/state/state.ts'
import { randomOf } from '../random.ts'

const SEED = Number(process.env['STATE_SEED'] ?? Date.now() % 2 ** 31)

const sorted = ({ rateZones = {}, endpoints = {} }: object & Partial<State>): unknown =>
  [rateZones, endpoints].map(records =>
    Object.entries(records).sort(([one], [other]) => (one < other ? -1 : 1)),
  )

t.test(
  `what came since is in a state, whether or not somebody looked meanwhile, seed ${SEED}`,
  async t => {
    const random = randomOf(SEED)
    const wanted: Record<string, Record<string, unknown>> = { rateZones: {}, endpoints: {} }
    let state: State = emptyState()
    const kept: { readonly state: State; readonly wanted: string }[] = []
    for (let serial = 1; serial <= 300; serial++) {
      const section = random() < 0.2 ? 'rateZones' : 'endpoints'
      const changes = Object.fromEntries(
        Array.from({ length: 1 + Math.floor(random() * 30) }, () => [
          `key ${Math.floor(random() * 5000)}`,
          { name: String(serial), spec: {} },
        ]),
      )
      Object.assign(wanted[section] ?? {}, changes)
      const before = state
      state = changedState(state, new Map([[section, changes]]), { serial, pending: {} })
      if (random() < 0.1) {
        t.equal(JSON.stringify(sorted(state)), JSON.stringify(sorted(wanted)))
        const other = section === 'endpoints' ? 'rateZones' : 'endpoints'
        t.equal(state[other], before[other], 'what did not change is the same object')
        t.equal(state[section], state[section], 'put together once')
      }
      if (random() < 0.1) kept.push({ state, wanted: JSON.stringify(sorted(wanted)) })
    }
    t.equal(state.serial, 300)
    for (const { state, wanted } of kept)
      t.equal(JSON.stringify(sorted(state)), wanted, 'one that was kept is as it was')
    t.same(Object.keys({ ...state }).sort(), Object.keys(emptyState()).sort())
  },
)
