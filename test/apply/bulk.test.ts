import t from 'tap'
import type { SftOptions } from '../../src/sft/client.ts'
import type { Fault, FaultKind, Simulator, SimulatorOptions } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import { checkWorld } from './check-world.ts'
import { applyOnce, catalogWith, endedWell, LATE_MS, openTestSft, simulate } from './helpers.ts'

/** How many endpoints each call carried that was sent, in order: 0 for a single call. */
const sentIn = (simulator: Simulator): readonly number[] =>
  simulator.calls.flatMap(({ operation, body }) => {
    if (operation === 'CreateEndPoint') return [0]
    if (operation !== 'CreateBulkEndPoint') return []
    return [JSON.stringify(body).split('"iccid"').length - 1]
  })

interface Case {
  readonly endpoints?: number
  readonly simulator?: SimulatorOptions
  readonly faults?: readonly Fault[]
  readonly sft?: Partial<SftOptions>
}

/** One apply of a batch: what was sent, learnt and said, and what is wrong afterwards. */
async function applyBatch(given: Case = {}) {
  const { endpoints = 5 } = given
  await using simulator = await simulate({ sims: endpoints, ...given.simulator })
  const iccids = [...simulator.world.sims.keys()]
  const catalog = await catalogWith(
    `endpointBatches: [{key: b, name: "x-{n}", iccids: ${JSON.stringify(iccids)}}]`,
  )
  await using sft = openTestSft(simulator, given.sft)
  await using store = memoryState()
  for (const fault of given.faults ?? []) simulator.fault({ delayMs: LATE_MS, ...fault })
  const learnt: string[] = []
  const apply = {
    onEvent: (event: { readonly type: string; readonly message?: string }) => {
      if (event.type === 'learnt') learnt.push(event.message ?? '')
    },
  }
  const { report, plan } = await applyOnce(catalog, sft, store, { apply })
  return {
    report,
    cost: plan.cost.calls,
    sent: sentIn(simulator),
    learnt: store.state.learnt.bulk,
    said: learnt,
    problems: checkWorld(catalog, simulator.world, store.state),
    reads: simulator.calls.filter(call => call.operation === 'fetchSIM').length,
  }
}

t.test(
  'the first bulk call of an account carries one endpoint and is read back; then come hundreds',
  async t => {
    const { report, sent, learnt, said, problems, cost } = await applyBatch({ endpoints: 250 })
    t.ok(endedWell(report))
    t.strictSame(sent, [1, 100, 100, 49])
    t.equal(learnt, 'works')
    t.strictSame(said, ['endpoints can be created in bulk (tried with one, read back)'])
    t.equal(report.calls, cost, 'the plan said how many calls it takes')
    t.strictSame(problems, [])
  },
)

t.test('where the account does not know the call, single calls go on', async t => {
  const missing = await applyBatch({ simulator: { bulk: 'unknown' } })
  t.ok(endedWell(missing.report))
  t.strictSame(missing.sent, [1, 0, 0, 0, 0, 0], 'HTTP 404')
  t.equal(missing.learnt, 'unknown')
  t.match(missing.said, [/does not know CreateBulkEndPoint/])
  t.strictSame(missing.problems, [])

  const refused = await applyBatch({
    faults: [{ operation: 'CreateBulkEndPoint', kind: 'rejected' }],
  })
  t.strictSame(refused.sent, [1, 0, 0, 0, 0, 0], 'refused, though a single call does it')
  t.equal(refused.learnt, 'unknown')
  t.strictSame(refused.problems, [])
})

t.test('success that makes no endpoint is found out, and single calls go on', async t => {
  const { report, sent, learnt, said, problems } = await applyBatch({
    simulator: { bulk: 'wrong' },
  })
  t.ok(endedWell(report))
  t.strictSame(sent.slice(0, 3), [1, 1, 1], 'nothing is sent in bulk on its word')
  t.strictSame(
    sent.slice(3).filter(count => count > 0),
    [],
  )
  t.equal(learnt, 'wrong')
  t.match(said, [/answered success, but its endpoint did not read back/])
  t.strictSame(problems, [])
})

t.test('success without a word about the endpoint that is there teaches that it works', async t => {
  const { report, learnt, problems } = await applyBatch({
    faults: [{ operation: 'CreateBulkEndPoint', kind: 'rows-missing', count: 3 }],
  })
  t.ok(endedWell(report))
  t.equal(learnt, 'works')
  t.strictSame(problems, [])
})

const SILENT: readonly FaultKind[] = [
  '5xx-before',
  '5xx-after',
  'non-json-before',
  'non-json-after',
  'empty-body-after',
  'half-answer',
  'reset-before',
  'reset-after',
  'no-answer',
  'timeout-text',
  'timeout-text-not-executed',
  'late',
  'late-after-answer',
  'row-timeouts',
]

t.test(
  '5xx, HTML, resets and timeouts teach nothing: the next endpoint is the next trial',
  async t => {
    await Promise.all(
      SILENT.map(async kind => {
        const once = await applyBatch({ faults: [{ operation: 'CreateBulkEndPoint', kind }] })
        t.ok(endedWell(once.report), kind)
        t.strictSame(
          once.sent.filter(count => count > 0),
          [1, 1, 3],
          `${kind}: one more trial, then the rest`,
        )
        t.equal(once.learnt, 'works', kind)
        t.strictSame(once.problems, [], kind)
      }),
    )
  },
)

t.test('three trials of unknown outcome are enough for one run, and nothing is learnt', async t => {
  await Promise.all(
    (['5xx-before', 'reset-after', 'late'] as const).map(async kind => {
      const thrice = await applyBatch({
        faults: [{ operation: 'CreateBulkEndPoint', kind, count: 9 }],
      })
      t.ok(endedWell(thrice.report), kind)
      t.strictSame(
        thrice.sent.filter(count => count > 0),
        [1, 1, 1],
        `${kind}: single calls go on`,
      )
      t.equal(thrice.learnt, undefined, kind)
      t.strictSame(thrice.said, [], kind)
      t.strictSame(thrice.problems, [], kind)
    }),
  )
})

t.test('a throttled trial is sent again', async t => {
  for (const [kind, calls] of [
    ['throttle-429', [1, 1, 4]],
    ['throttle-bare', [1, 1, 4]],
    // Looked for first, and then made singly.
    ['throttle-200-text', [1, 1, 3, 0]],
    ['throttle-html', [1, 1, 3, 0]],
  ] as const) {
    const { sent, learnt, problems } = await applyBatch({
      faults: [{ operation: 'CreateBulkEndPoint', kind }],
    })
    t.strictSame(sent, calls, kind)
    t.equal(learnt, 'works')
    t.strictSame(problems, [])
  }
})

t.test('rows that are missing or timed out are read back, in one reading', async t => {
  for (const kind of ['rows-missing', 'row-timeouts', 'late', 'timeout-text'] as const) {
    const { report, sent, problems, reads } = await applyBatch({
      endpoints: 40,
      faults: [{ operation: 'CreateBulkEndPoint', kind, skip: 1 }],
    })
    t.ok(endedWell(report), kind)
    t.strictSame(sent, [1, 39], `${kind}: none is sent again`)
    t.ok(reads < 12, `${kind}: by pages`)
    t.strictSame(problems, [], kind)
  }
})

t.test('rows that never happened are sent once more, singly, in the same run', async t => {
  const { report, sent, problems } = await applyBatch({
    faults: [{ operation: 'CreateBulkEndPoint', kind: 'timeout-text-not-executed', skip: 1 }],
  })
  t.ok(endedWell(report))
  t.strictSame(sent, [1, 4, 0, 0, 0, 0])
  t.strictSame(problems, [])
})

t.test(
  'a bulk that is refused whole, where bulks work, is done singly and unlearns nothing',
  async t => {
    const { report, sent, learnt, problems } = await applyBatch({
      faults: [{ operation: 'CreateBulkEndPoint', kind: 'rejected', skip: 1 }],
    })
    t.ok(endedWell(report))
    t.strictSame(sent, [1, 4, 0, 0, 0, 0])
    t.equal(learnt, 'works')
    t.strictSame(problems, [])

    const hopeless = await applyBatch({
      endpoints: 12,
      faults: [
        { operation: 'CreateBulkEndPoint', kind: 'rejected', skip: 1 },
        { operation: 'CreateEndPoint', kind: 'rejected', count: 99 },
      ],
    })
    t.strictSame(
      hopeless.sent,
      [1, 11, 0, 0, 0, 0, 0],
      'a few single calls show that it is hopeless',
    )
    t.strictSame(hopeless.report.counts, { done: 1, failed: 11, skipped: 0, deferred: 0 })
  },
)

t.test(
  '--bulk off sends single calls only, on sends hundreds at once and fails where it must',
  async t => {
    const off = await applyBatch({ sft: { bulk: { mode: 'off' } } })
    t.strictSame(off.sent, [0, 0, 0, 0, 0])
    t.equal(off.learnt, undefined)
    t.strictSame(off.problems, [])
    const on = await applyBatch({ sft: { bulk: { mode: 'on', size: 3 } } })
    t.strictSame(on.sent, [3, 2])
    t.strictSame(on.problems, [])
    const unknown = await applyBatch({
      simulator: { bulk: 'unknown' },
      sft: { bulk: { mode: 'on' } },
    })
    t.strictSame(unknown.sent, [5])
    t.equal(unknown.report.counts.failed, 5)
    t.match(unknown.report.results[0], { message: /CreateBulkEndPoint .*404/ })
  },
)
