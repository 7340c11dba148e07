// Walks every transition of a write, an activation, a subscription, a sale and a cancellation.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { notKnown, notThere, there } from '../../src/finding.ts'
import { stateAfter, type Transitions } from '../../src/machine.ts'
import {
  ACTIVATION,
  type ActivationEvidence,
  type ActivationState,
  startOfActivation,
} from '../../src/provision/activation.ts'
import {
  CANCELLATION,
  type CancelEvidence,
  cancellationOf,
} from '../../src/provision/cancellation.ts'
import type { OrderIntent, OrderRow } from '../../src/provision/ledger.ts'
import { changeOrder, newOrder } from '../../src/provision/order.ts'
import { type SaleEvidence, saleOf, saleSteps } from '../../src/provision/sale-steps.ts'
import {
  type SubscriptionEvidence,
  startOfSubscription,
  subscriptionSteps,
} from '../../src/provision/subscription.ts'
import {
  announcedWrite,
  type Sending,
  type WriteEvidence,
  type WriteState,
} from '../../src/sft/announced-write.ts'
import type { AddonInstance } from '../../src/sft/api.ts'
import {
  SftRejectedError,
  SftThrottledError,
  SftUnknownOutcomeError,
} from '../../src/sft/errors.ts'
import { REPOSITORY } from '../program.ts'
import { anEsim } from './ledger-contract.ts'
import { printWalked, type Samples, walk } from './walk.ts'

const AT = '2026-01-01T00:00:00.000Z'
const instance: AddonInstance = { uniqueId: '50001' }
const subscribing: OrderIntent = {
  write: 'subscribe',
  endpointId: '1',
  planId: '2',
  at: AT,
  settleSeconds: 1,
  known: [],
}
const activating: OrderIntent = { write: 'activate', endpointId: '1', at: AT, settleSeconds: 1 }

const order = (kind: OrderRow['kind'], change: Parameters<typeof changeOrder>[1]): OrderRow =>
  changeOrder(newOrder({ orderId: 'A', kind, content: '', sku: 'S', planId: '2' }, AT), change, AT)

/** An order in every form in which a row may stand in the ledger while it is worked on. */
const ORDERS: readonly OrderRow[] = [
  order('purchase', {}),
  order('purchase', { status: 'reserved', endpointId: '1', intent: activating }),
  order('purchase', { status: 'reserved', endpointId: '1' }),
  ...(['purchase', 'topUp'] as const).flatMap(kind => [
    order(kind, { status: 'activated', endpointId: '1' }),
    order(kind, { status: 'activated', endpointId: '1', intent: subscribing }),
    order(kind, {
      status: 'activated',
      endpointId: '1',
      intent: { ...subscribing, accepted: true },
    }),
    order(kind, { status: 'delivered', endpointId: '1', uniqueId: '50001' }),
  ]),
]

const unclear = new SftUnknownOutcomeError('no answer')
const saysNo = new SftUnknownOutcomeError('slow down', undefined, { saysNo: true })
const rejected = new SftRejectedError('10057', 'no')
const throttled = new SftThrottledError('slow down')
const sending: Sending = {
  intentId: 'i',
  announcement: { beforeSending: async () => {}, sent: () => undefined },
}
const findings = [there(instance), notThere('looked'), notKnown('unreadable')] as const

const WRITE: Samples<WriteEvidence<AddonInstance>> = {
  result: [{ saw: 'result', result: instance }],
  error: [unclear, saysNo, rejected, throttled].map(error => ({ saw: 'error', sending, error })),
  effect: findings.map(finding => ({ saw: 'effect', finding })),
  conclusion: [
    { saw: 'conclusion', stopped: false },
    { saw: 'conclusion', stopped: true },
  ],
}

const ACTIVATING: Samples<ActivationEvidence> = {
  done: [{ saw: 'done' }],
  already: [{ saw: 'already' }],
  unclear: [{ saw: 'unclear' }],
  refusal: [{ saw: 'refusal', why: 'no' }],
  sim: (['active', 'waits', 'gone', 'not known'] as const).map(sim => ({ saw: 'sim', sim })),
  settled: (['active', 'not active', 'not known'] as const).map(sim => ({
    saw: 'settled',
    sim,
    why: 'read',
  })),
  'add-ons': [
    { saw: 'add-ons', ids: [] },
    { saw: 'add-ons', ids: [], doubt: 'unreadable' },
    { saw: 'add-ons', ids: ['50001'] },
  ],
}

const SUBSCRIBING: Samples<SubscriptionEvidence> = {
  effect: findings.map(finding => ({ saw: 'effect', finding })),
  conclusion: [{ saw: 'conclusion' }],
  instance: [{ saw: 'instance', instance, how: 'done' }],
  refusal: [{ saw: 'refusal', error: rejected }],
  absence: [{ saw: 'absence', error: unclear }],
  doubt: [{ saw: 'doubt', error: unclear }],
  time: [{ saw: 'time' }],
}

const [placed, reserved, , active] = ORDERS as [OrderRow, OrderRow, OrderRow, OrderRow]
const delivered = order('purchase', { status: 'delivered', endpointId: '1', uniqueId: '50001' })
const esim = anEsim('1')
const SELLING: Samples<SaleEvidence> = {
  reservation: [{ saw: 'reservation', order: reserved, esim }],
  activation: [{ saw: 'activation', order: active }],
  'no activation': [{ saw: 'no activation', order: placed, why: 'refused' }],
  plan: [{ saw: 'plan', order: order('topUp', { status: 'activated', endpointId: '1' }) }],
  turn: [{ saw: 'turn' }],
  delivery: [{ saw: 'delivery', order: delivered, sold: undefined }],
}

const CANCELLING: Samples<CancelEvidence> = {
  turn: ORDERS.filter(one => one.endpointId !== undefined).map(one => ({
    saw: 'turn',
    order: one,
  })),
  activation: [there(true as const), notThere('looked'), notKnown('unreadable')].map(finding => ({
    saw: 'activation',
    finding,
  })),
  instance: findings.flatMap(finding =>
    [true, false].map(isUsed => ({ saw: 'instance' as const, finding, isUsed })),
  ),
  beginning: (['never sold', 'taken off', 'gone before'] as const).map(addon => ({
    saw: 'beginning',
    addon,
  })),
  removal: [{ saw: 'removal' }],
  holder: (["its buyer's", 'others', 'nobody'] as const).map(holder => ({ saw: 'holder', holder })),
  suspension: [{ saw: 'suspension' }],
  end: [{ saw: 'end' }],
}

const write = announcedWrite<AddonInstance>()
const subscription = subscriptionSteps(2)
const sale = saleSteps(3)

const STARTS = {
  write: [{ is: 'to send', sends: 0 } as WriteState<AddonInstance>],
  activation: [startOfActivation(false), startOfActivation(true)],
  subscription: (['no', 'just now', 'before', 'before, accepted'] as const).map(
    startOfSubscription,
  ),
  sale: ORDERS.flatMap(one => [saleOf(one, true), saleOf(one, false)]),
  cancellation: ORDERS.map(cancellationOf),
}

/** Each walk: its heading in the docs, the states of its table, and what was met. */
const WALKS = {
  'An announced write': { table: write, ...walk(write, STARTS.write, WRITE) },
  'An activation': { table: ACTIVATION, ...walk(ACTIVATION, STARTS.activation, ACTIVATING) },
  'A subscription': {
    table: subscription,
    ...walk(subscription, STARTS.subscription, SUBSCRIBING),
  },
  'A purchase or a top-up': { table: sale, ...walk(sale, STARTS.sale, SELLING) },
  'A cancellation': { table: CANCELLATION, ...walk(CANCELLATION, STARTS.cancellation, CANCELLING) },
} as const

t.test('every state is met, and the docs print every transition', async t => {
  const docs = readFileSync(new URL('docs/orders.md', REPOSITORY), 'utf8')
  for (const [title, { table, walked, met }] of Object.entries(WALKS)) {
    const states = Object.keys(table)
    t.strictSame(
      states.filter(state => !met.has(state)),
      [],
      `${title}: no state that nothing leads to`,
    )
    const section = docs.split(/^## /m).find(part => part.startsWith(`${title}\n`)) ?? ''
    const printed = section.slice(section.indexOf('|')).trim()
    t.equal(printed, printWalked(states, walked), `${title}: as docs/orders.md has it`)
  }
})

/** A walk by chance: from a start, by evidence that a table takes there, to an end. */
function walkByChance<
  State extends { readonly is: string },
  Step,
  Evidence extends { readonly saw: string },
>(
  table: Transitions<State, Step, Evidence>,
  start: State,
  samples: Samples<Evidence>,
  choices: readonly number[],
): readonly { readonly state: State; readonly evidence?: Evidence }[] {
  const path: { state: State; evidence?: Evidence }[] = [{ state: start }]
  for (const choice of choices) {
    const { state } = path.at(-1) ?? { state: start }
    const saws = Object.keys(table[state.is as State['is']].on ?? {}) as Evidence['saw'][]
    const all = saws.flatMap(saw => samples[saw] as readonly Evidence[])
    const evidence = all[choice % Math.max(1, all.length)]
    if (evidence === undefined) return path
    path.push({ state: stateAfter(table, state, evidence), evidence })
  }
  return path
}

const holds = (t: Test, property: Parameters<typeof fc.assert>[0]) =>
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }))

const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 60, maxLength: 60 })
const starting = <State>(starts: readonly State[]) => fc.constantFrom(...starts)

t.test('a write is sent again only where reading showed that it did not happen', async t => {
  holds(
    t,
    fc.property(starting(STARTS.write), choices, (start, chosen) => {
      const path = walkByChance(write, start, WRITE, chosen)
      path.forEach(({ state }, at) => {
        if (state.is !== 'to send' || at === 0) return
        const looked = path[at - 1]
        if (looked?.evidence?.saw !== 'effect' || looked.evidence.finding.kind !== 'not there')
          throw new Error(`sent again after ${JSON.stringify(looked)}`)
      })
      const end = path.at(-1)?.state.is ?? ''
      return ['done', 'failed', 'unsettled'].includes(end)
    }),
  )
})

t.test(
  'an activation is the order’s only by an answer or by the SIM, and is left only when settled',
  async t => {
    holds(
      t,
      fc.property(starting(STARTS.activation), choices, (start, chosen) => {
        const path = walkByChance(ACTIVATION, start, ACTIVATING, chosen)
        const end = path.at(-1)
        const saw = (evidence: ActivationEvidence | undefined) =>
          evidence === undefined ? '' : JSON.stringify(evidence)
        if (end?.state.is === 'ours') {
          const proofs = [/"done"/, /"sim":"active"/, /"add-ons","ids":\[\]}/]
          return proofs.some(proof => proof.test(saw(end.evidence)))
        }
        const mayRun = (state: ActivationState) => 'mayBeOurs' in state && state.mayBeOurs
        if (end?.state.is === 'left' && path.some(({ state }) => mayRun(state)))
          return end.evidence?.saw === 'settled'
        return ['left', 'taken', 'not known'].includes(end?.state.is ?? '')
      }),
    )
  },
)

t.test('a subscription that may be there is never sent again', async t => {
  holds(
    t,
    fc.property(starting(STARTS.subscription), choices, (start, chosen) => {
      const path = walkByChance(subscription, start, SUBSCRIBING, chosen)
      path.forEach(({ state }, at) => {
        if (state.is !== 'to send' || at === 0) return
        const before = path.slice(0, at + 1).findLast(({ evidence }) => {
          const saw = evidence?.saw
          return saw === 'effect' || saw === 'refusal'
        })?.evidence
        const isKnown =
          before?.saw === 'refusal' ||
          (before?.saw === 'effect' && before.finding.kind === 'not there')
        if (!isKnown) throw new Error(`sent after ${JSON.stringify(before)}`)
      })
      return ['sold', 'failed', 'held'].includes(path.at(-1)?.state.is ?? '')
    }),
  )
})

t.test(
  'nothing is undone before it is written down, and no endpoint suspended that somebody has',
  async t => {
    holds(
      t,
      fc.property(starting(STARTS.cancellation), choices, (start, chosen) => {
        const path = walkByChance(CANCELLATION, start, CANCELLING, chosen)
        path.forEach(({ state }, at) => {
          const before = path.slice(0, at + 1).map(({ evidence }) => evidence)
          if (state.is === 'add-on on' && !before.some(one => one?.saw === 'beginning'))
            throw new Error('an add-on is taken off before the order says so')
          const last = before.at(-1)
          if (state.is === 'nobody has it' && !(last?.saw === 'holder' && last.holder === 'nobody'))
            throw new Error('an endpoint is suspended that somebody may have')
        })
        return ['cancelled', 'kept', 'held'].includes(path.at(-1)?.state.is ?? '')
      }),
    )
  },
)

t.test('a sale ends delivered or without an eSIM, after as many as the policy allows', async t => {
  holds(
    t,
    fc.property(starting(STARTS.sale), choices, (start, chosen) => {
      const path = walkByChance(sale, start, SELLING, chosen)
      const left = path.filter(({ evidence }) => evidence?.saw === 'no activation').length
      const end = path.at(-1)?.state.is
      return left <= 3 && (end === 'over' || (end === 'out of eSIMs' && left === 3))
    }),
  )
})
