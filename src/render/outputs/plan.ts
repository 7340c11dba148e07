/** Plans, what came of them, and drift. */
import { z } from 'zod'
import { ACTIONS } from '../../plan/plan.ts'
import {
  account,
  address,
  count,
  flag,
  isoTime,
  issue,
  list,
  maybe,
  outcome,
  position,
  said,
  table,
  text,
  value,
} from './words.ts'

const field = z.object({
  field: text,
  mutability: text,
  origin: z.enum(['ours', 'drift', 'both']).meta({ description: 'who moved' }),
  applied: maybe(value),
  wanted: maybe(value),
  account: maybe(value),
  message: maybe(said('why it is blocked, and what to do')),
})

const change = z.object({
  action: z.enum(ACTIONS),
  adopts: maybe(z.literal(true)),
  address,
  kind: text,
  key: text,
  name: said('name on the platform'),
  id: maybe(said('platform ID')),
  fields: list(field),
  spec: maybe(table(value)),
  revision: maybe(count),
  reason: maybe(text),
  notKnown: maybe(z.literal(true)),
  notes: maybe(list(text)),
  entry: maybe(said('entry of the catalog that it is one of many of: endpointBatch/first')),
  impact: maybe(
    z.object({
      skus: list(text),
      soldEndpoints: maybe(count),
      unsoldEndpoints: maybe(count),
      inWords: maybe(list(text)),
    }),
  ),
})

export const planFields = z.object({
  format: count,
  account: maybe(account),
  summary: z.object({
    create: count,
    adopt: count,
    update: count,
    replace: count,
    retire: count,
    forget: count,
    keep: count,
    orphan: count,
    blocked: count,
    blockedInPart: count,
    outcome,
    exitCode: count.meta({ description: 'that of plan --detailed-exitcode' }),
  }),
  cost: z.object({
    calls: count,
    seconds: z.number(),
    callsPerSecond: z.number().nullable(),
    activations: count.meta({ description: 'SIMs that are activated for the first time' }),
  }),
  changes: list(change).meta({ description: 'all but what is kept' }),
  issues: list(issue),
})

const result = z.object({
  address,
  kind: text,
  status: z.enum(['done', 'failed', 'skipped', 'deferred']),
  action: maybe(text),
  id: maybe(text),
  how: maybe(z.enum(['answered', 'found', 'adopted'])),
  message: maybe(text),
  because: maybe(address),
})

const counts = z.object({ done: count, failed: count, skipped: count, deferred: count })

export const reportFields = z.object({
  format: count,
  counts,
  calls: count,
  seconds: z.number(),
  stopped: flag,
  blocked: list(address),
  results: list(result),
})

const drifted = z.object({
  address,
  kind: text,
  name: text,
  id: text,
  status: z.enum(['changed', 'gone', 'relinked']),
  fields: list(
    z.object({
      field: text,
      direction: z.enum(['there', 'here', 'both']),
      applied: maybe(value),
      wanted: maybe(value),
      account: maybe(value),
      notes: list(text),
    }),
  ),
  notes: maybe(list(text)),
  position: maybe(position),
})

const driftFields = z.object({
  account: maybe(account),
  drift: flag,
  compared: table(count),
  unmanaged: table(count),
  entries: list(drifted),
  notReported: list(z.object({ kind: text, field: text, count })),
  statuses: maybe(table(count)),
})

const applied = z.object({
  id: count.meta({ description: 'grows from one apply of a state to the next' }),
  by: said('who asked for it: in a pipeline, the person that it names'),
  host: text,
  commit: maybe(said('of the catalog')),
  isChanged: maybe(
    z.literal(true).meta({ description: 'the catalog was not as the commit has it' }),
  ),
  catalog: said("hash of the catalog's content"),
  begunAt: isoTime,
  endedAt: maybe(isoTime),
  seconds: maybe(z.number()),
  plan: z.object({ summary: table(z.number()), calls: z.number() }),
  outcome: maybe(
    said('as in the table of exit codes, or superseded; absent: it goes on or was cut short'),
  ),
  counts: maybe(counts),
  calls: maybe(z.number().meta({ description: 'that were made' })),
  leftAt: maybe(isoTime.meta({ description: 'since when workers do the rest' })),
  supersededBy: maybe(count.meta({ description: 'the apply that took its place' })),
})

const detached = applied.extend({
  leftAt: isoTime,
  status: z.enum(['queued', 'running', 'parked', 'superseded', 'ended']),
  endpoints: z.object({
    total: count,
    done: count,
    failed: count,
    running: count.meta({ description: 'announced, and not answered for yet' }),
    queued: count,
  }),
  callsLeft: count,
  callsPerSecond: z.number().nullable(),
  secondsLeft: count.nullable().meta({ description: "calls that are left, at the account's rate" }),
  worker: maybe(said('the process that carries it out')),
  attempts: count.meta({ description: 'since something of it was done last' }),
  problem: maybe(said('what ended the last attempt')),
  failures: list(z.object({ address, message: text })).meta({
    description: 'the first of those that failed',
  }),
})

const reach = z.object({
  countries: list(said('ISO 3166-1 alpha-2 code')),
  networks: count.meta({ description: 'those of no known country too' }),
})

const offer = z.object({
  inWords: text,
  dataMB: maybe(z.number()),
  days: maybe(z.number()),
  charge: maybe(text),
  currencyId: maybe(text),
})

/** The answers of the commands for it; several where a command has several. */
export const PLAN_ANSWERS = {
  plan: [planFields],
  apply: [
    z.object({
      plan: planFields,
      report: reportFields.nullable(),
      detached: maybe(detached.meta({ description: 'what was left to workers, with --detach' })),
    }),
    z.object({ detached: detached.nullable() }),
  ],
  ci: [
    z.object({
      step: z.enum(['plan', 'apply', 'drift']),
      environment: maybe(said('the environment that was named')),
      account: maybe(account),
      issues: list(issue).meta({ description: 'of the catalog, the plan and the account' }),
      plan: planFields.nullable().meta({ description: 'null where it did not come so far' }),
      report: reportFields.nullable().meta({ description: 'of an apply' }),
      drift: driftFields.nullable(),
      savedPlan: text
        .nullable()
        .meta({ description: 'a file for "ci apply", where one was written' }),
      page: maybe(said('a page to look at, where one was asked for')),
      log: list(text).meta({ description: 'the lines of stderr, apart from issues' }),
    }),
  ],
  drift: [
    driftFields,
    z.object({
      account: maybe(account),
      accepted: list(z.object({ address, file: text.nullable(), fields: list(text) })),
      refused: list(text),
    }),
  ],
  status: [
    z.object({
      apply: detached.nullable().meta({ description: 'the last one that was left to workers' }),
      workers: list(z.object({ worker: text, since: isoTime }))
        .nullable()
        .meta({ description: 'null where no workers can carry out applies' }),
      orders: z
        .object({ unfinished: count, parked: count })
        .nullable()
        .meta({ description: 'null where there is no ledger' }),
      sweeps: list(z.object({ sweep: text, at: isoTime, seconds: z.number(), result: text }))
        .nullable()
        .meta({ description: 'null where nobody keeps them' }),
    }),
  ],
  history: [z.object({ applies: list(applied).meta({ description: 'the newest first' }) })],
  graph: [
    z.object({
      nodes: list(
        z.object({
          address,
          kind: text,
          name: text,
          action: said('what becomes of it; keep for all where no plan was given'),
          needs: list(address).meta({ description: 'what must be there first' }),
          members: maybe(table(count).meta({ description: 'of what stands for many' })),
          covers: maybe(z.object({ before: maybe(reach), after: maybe(reach) })),
          offers: maybe(z.object({ before: maybe(offer), after: maybe(offer) })),
        }),
      ),
    }),
  ],
} as const
