/**
 * What is measured, under names after OpenTelemetry's semantic conventions: units stand beside a name and not in it.
 * docs/observability.md lists it, held by a test.
 */

interface Metric {
  /** `duration`: a histogram of seconds. `count`: only grows. `level`: asked for when somebody reads. */
  readonly kind: 'duration' | 'count' | 'level'
  /** In the notation of UCUM; in braces what is counted. */
  readonly unit: string
  readonly help: string
  /** What it is told apart by. No value is a secret, and none is one of a thousand. */
  readonly by: readonly string[]
}

export const METRICS = {
  'sft.call.duration': {
    kind: 'duration',
    unit: 's',
    help: 'calls to SFT, from sending to the answer, logins and resends included',
    by: ['sft.operation', 'sft.outcome', 'sft.lane', 'http.response.status_code'],
  },
  'sft.budget.wait.duration': {
    kind: 'duration',
    unit: 's',
    help: "how long calls waited for their time in the account's rate",
    by: ['sft.lane'],
  },
  'sft.budget.limit': {
    kind: 'level',
    unit: '{call}/s',
    help: 'calls a second that the account allows, as configured',
    by: ['server.address'],
  },
  'sft.budget.rate': {
    kind: 'level',
    unit: '{call}/s',
    help: 'calls a second in force: lower for a while after the account throttled',
    by: ['server.address'],
  },
  'sft.budget.waiting': {
    kind: 'level',
    unit: '{call}',
    help: 'calls of this process that wait for their time now',
    by: ['server.address', 'sft.lane'],
  },
  'sft.order.duration': {
    kind: 'duration',
    unit: 's',
    help: 'attempts at orders, from taking one up to its end',
    by: ['sft.order.kind', 'sft.order.outcome', 'error.type'],
  },
  'sft.order.step.duration': {
    kind: 'duration',
    unit: 's',
    help: 'steps of orders, from the one before',
    by: ['sft.order.kind', 'sft.order.step', 'sft.order.step.outcome'],
  },
  'sft.order.takeovers': {
    kind: 'count',
    unit: '{order}',
    help: 'orders gone on with whose process died',
    by: [],
  },
  'sft.lease.losses': {
    kind: 'count',
    unit: '{order}',
    help: 'orders that were taken from this process, which had given no sign of life for too long',
    by: [],
  },
  'sft.background.failures': {
    kind: 'count',
    unit: '{failure}',
    help: 'failures of work that nobody waits for',
    by: ['sft.background.work'],
  },
  'sft.stock.esims': {
    kind: 'level',
    unit: '{esim}',
    help: 'eSIMs by what became of them',
    by: ['sft.stock.state', 'sft.batch'],
  },
  'sft.orders.unfinished': {
    kind: 'level',
    unit: '{order}',
    help: 'orders that are not delivered, failed or cancelled, by age',
    by: ['sft.order.age'],
  },
  'sft.orders.parked': {
    kind: 'level',
    unit: '{order}',
    help: 'unfinished orders that are given out no more: they wait for people',
    by: [],
  },
  'sft.worker.queue': {
    kind: 'level',
    unit: '{work}',
    help: 'work that was given to the workers of the fleet and did not end',
    by: ['sft.work.kind', 'sft.work.state'],
  },
} as const satisfies Readonly<Record<string, Metric>>

type Named<Kind extends Metric['kind']> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[keyof typeof METRICS]

type Attribute = (typeof METRICS)[keyof typeof METRICS]['by'][number]

/** What a value of a metric is told apart by. */
export type MetricAttributes = { readonly [Name in Attribute]?: string | number }

export type DurationName = Named<'duration'>
export type CountName = Named<'count'>
export type LevelName = Named<'level'>

/** Limits of the histograms' buckets, in seconds: from a quick call to the longest settle time. */
export const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 180, 600]
