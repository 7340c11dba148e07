/**
 * What `--json` answers, command by command: the types that the commands are held to, and the JSON Schema
 * that is published, of one declaration.
 */
import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'
import { OUTCOMES } from '../outcome.ts'
import { JSON_FORMATS, type JsonCommand } from './formats.ts'

const text = z.string()
const flag = z.boolean()
const count = z.int().min(0)
/** A value of a field as it stands in a catalog, a state or an account. */
const value = z.custom<Json>()
const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const table = <Item extends z.ZodType>(item: Item) => z.record(z.string(), item).readonly()
const maybe = <Item extends z.ZodType>(item: Item) => item.exactOptional()
const said = (meaning: string) => text.meta({ description: meaning })

const address = said('kind and key, or kind and ICCID: rateZone/alps')
const isoTime = said('ISO 8601 time')
const endpointId = said('platform ID of an endpoint')
const uniqueId = said('unique ID of an add-on instance')

const position = z.object({
  file: text,
  line: count.meta({ description: 'from 1' }),
  column: count.meta({ description: 'from 1' }),
})

const issue = z.object({
  code: said('one of docs/reference/codes.md'),
  severity: z.enum(['error', 'warning']),
  message: text,
  hint: maybe(said('what to do next')),
  position: maybe(position),
  rule: maybe(
    z.object({ key: text, position }).meta({ description: 'of the team (docs/policy.md)' }),
  ),
})

/** An issue of a catalog, which has the line where it is. */
const placedIssue = issue.extend({
  source: maybe(
    z.object({
      text: text,
      length: count,
      start: maybe(count.meta({ description: 'column at which text begins' })),
    }),
  ),
})

const account = z
  .object({
    host: text,
    user: text,
    targetAccountId: text.nullable(),
    state: said('where the state is'),
    environment: maybe(said('the environment that binds these')),
  })
  .meta({ description: 'which account this is about' })

const reconciledEsim = z.object({ endpointId, iccid: text, reason: text })

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
  action: z.enum([
    'create',
    'adopt',
    'update',
    'replace',
    'retire',
    'forget',
    'keep',
    'orphan',
    'blocked',
  ]),
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

const outcome = z.enum(Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[])

const planFields = z.object({
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

const reportFields = z.object({
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

const network = z.object({
  operatorId: text,
  sponsorId: text,
  tadig: maybe(text),
  operatorName: maybe(text),
  countryName: maybe(said("the platform's own country name")),
})

const addon = z.object({ uniqueId, planId: text, planName: maybe(text) })

const topUp = z.object({
  orderId: text,
  status: z.literal('delivered'),
  sku: text,
  endpointId,
  iccid: text,
  msisdn: maybe(text),
  addon,
})

const cancelReport = z.object({ undone: list(text), notUndone: list(text) })

const creation = maybe(
  z
    .object({ calls: count, seconds: z.number() })
    .meta({ description: 'what making its endpoint on demand took' }),
)

const order = z.object({
  orderId: text,
  kind: z.enum(['purchase', 'topUp']),
  sku: text,
  reference: maybe(value),
  planId: text,
  status: z.enum(['new', 'reserved', 'activated', 'delivered', 'failed', 'cancelled']),
  unsettled: maybe(z.enum(['activate', 'subscribe'])),
  endpointId: maybe(endpointId),
  iccid: maybe(text),
  suspended: maybe(flag.meta({ description: 'its eSIM is, as the ledger has it' })),
  uniqueId: maybe(uniqueId),
  tried: count.meta({ description: 'eSIMs that were tried and left' }),
  creation,
  steps: list(
    z.object({
      step: z.enum(['reserve', 'activate', 'subscribe', 'deliver', 'cancel', 'settle']),
      outcome: z.enum(['announced', 'done', 'found', 'refused', 'unclear', 'absent']),
      at: isoTime,
      endpointId: maybe(endpointId),
      detail: maybe(text),
      by: maybe(text),
    }),
  ),
  failure: maybe(
    z.object({
      name: text,
      code: said('for programs: UNKNOWN_SKU'),
      message: text,
      next: said('what to do next'),
    }),
  ),
  givenOut: maybe(z.object({ count, at: isoTime })),
  parked: maybe(flag.meta({ description: 'no worker tries any more' })),
  cancelling: maybe(flag),
  cancellation: maybe(cancelReport),
  allowSuspended: maybe(flag),
  owner: maybe(text),
  createdAt: isoTime,
  updatedAt: isoTime,
})

const secretCode = maybe(said('the LPA string, a secret: with --qr - only'))
const bytes = z.number().meta({ description: 'bytes' })

const usage = z.object({
  endpointId,
  refreshedAt: isoTime,
  instances: list(
    z.object({
      uniqueId,
      planId: maybe(text),
      planName: maybe(text),
      status: text,
      grantedBytes: maybe(bytes),
      leftBytes: maybe(bytes),
      usedBytes: maybe(bytes),
      benefits: maybe(
        list(z.object({ name: text, granted: maybe(z.number()), left: maybe(z.number()) })).meta({
          description: 'benefits beside data, such as SMS, by count',
        }),
      ),
      unlimitedData: maybe(z.literal(true)),
      dailyData: maybe(z.literal(true).meta({ description: 'the balance is that of a day' })),
      unlimitedValidity: maybe(z.literal(true)),
      startsAt: maybe(isoTime),
      expiresAt: maybe(isoTime),
      origin: z.enum(['order', 'renewal or external']),
      orderId: maybe(text),
    }),
  ),
  counters: maybe(list(table(text)).meta({ description: 'as the platform writes them' })),
  doubt: maybe(said('why the answer may say less than there is')),
})

const stockCount = z.object({
  sellable: count,
  reserved: count,
  sold: count,
  inService: count,
  setAside: count,
})

const batchStock = stockCount.extend({ batch: text, tags: list(text) })
const tagStock = stockCount.extend({ tag: text })

const stock = stockCount.extend({
  batches: list(batchStock),
  tags: list(tagStock),
  soldPerDay: z.number(),
  daysLeft: maybe(z.number()),
  setAsideEsims: list(z.object({ endpointId, iccid: text, reason: text })),
})

const pace = {
  soldPerDay: z.number(),
  daysLeft: maybe(z.number()),
}

const endpointView = z.object({
  iccid: text,
  endpointId,
  name: said('name on the platform'),
  batch: text,
  tags: list(text),
  use: text.meta({ description: 'unused, reserved, sold, in service or set aside' }),
  orderId: maybe(text),
  soldAt: maybe(isoTime),
  open: maybe(said('what was announced for it and is not settled')),
  reason: maybe(said('why it is set aside')),
  suspended: maybe(flag),
  since: maybe(isoTime),
  lifecycle: maybe(said("the platform's own word for the state of its SIM")),
  doubt: maybe(said('why what the account says of it is not known')),
})

const endpointReport = stockCount.extend({
  endpoints: count,
  batches: list(batchStock.extend(pace)),
  tags: list(tagStock.extend(pace)),
  lifecycles: maybe(table(count)),
  ages: list(z.object({ fromDays: maybe(count), toDays: maybe(count), count })).meta({
    description: 'of those that are for sale; without days: not known since when',
  }),
  oldestSince: maybe(isoTime),
  ...pace,
})

const verdict = z.object({
  id: said('an assumption of docs/wire.md'),
  contract: text,
  assumed: text,
  verdict: z.enum(['confirmed', 'contradicted', 'untested', 'unseen']),
  message: text,
  otherwise: text,
  set: maybe(z.union([z.object({ wire: table(value) }), z.object({ text })])),
})

const seenValue = z.object({
  value: said('as the platform writes it'),
  name: maybe(said('what the account calls it')),
  meaning: maybe(said('what the catalog calls it')),
  write: maybe(said('what to write under account: if that is what it means')),
  seen: list(z.object({ where: text, count, examples: list(text) })),
})

const accountSettings = z.object({
  setting: z.enum([
    'addonServiceProfile',
    'currencyId',
    'planType',
    'basePlan',
    'apnGroup',
    'roamingProfiles',
    'destinationGroup',
    'destGroupId',
  ]),
  values: list(seenValue),
  notKnown: maybe(said('why there may be more, or why nothing is known')),
  catalog: maybe(
    list(z.object({ value: text, agreement: z.enum(['seen', 'not seen', 'not known']) })),
  ),
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

const driftFields = z.object({
  account: maybe(account),
  drift: flag,
  compared: table(count),
  unmanaged: table(count),
  entries: list(drifted),
  notReported: list(z.object({ kind: text, field: text, count })),
  statuses: maybe(table(count)),
})

/** The fields that each command answers with; several where it has several answers. */
const ANSWERS = {
  validate: [z.object({ valid: flag, issues: list(placedIssue) })],
  fmt: [
    z.object({
      check: flag,
      files: count,
      changed: list(text).meta({
        description: 'files that were, or with --check are, in another form',
      }),
      issues: list(placedIssue),
    }),
  ],
  import: [
    z.object({
      written: flag,
      files: list(z.object({ path: text, text: text })),
      imported: list(z.object({ line: count, sku: text, key: text })),
      known: list(z.object({ line: count, sku: text })),
      refused: list(z.object({ line: count, sku: maybe(text), reason: text })),
      leftToLike: list(
        z.object({
          line: count,
          sku: text,
          what: list(said('what the row says, and the plan that it is like gives')),
        }),
      ),
      unused: list(text).meta({ description: 'columns that nothing was taken from' }),
    }),
  ],
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
  coverage: [
    z.object({
      account: maybe(account),
      zones: list(
        z.object({
          address,
          name: text,
          networks: maybe(count),
          lost: list(text),
          available: list(text),
          nearEmpty: flag,
          countries: list(said('ISO 3166-1 alpha-2 code')),
          lostCountries: list(said('of networks that it lost, and where it has none any more')),
          gainedCountries: list(said('of networks that the catalog chooses, where it has none')),
        }),
      ),
      unsold: list(z.object({ country: text, name: text, networks: count })),
      homeless: list(text),
    }),
    z.object({ networks: list(network) }),
  ],
  adopt: [
    z.object({
      account: maybe(account),
      written: flag,
      files: list(z.object({ path: text, text: text })),
      adopted: list(address),
      rejoined: list(text),
      left: list(z.object({ kind: text, what: text, why: text })),
      notes: list(text),
      remaining: list(text),
    }),
  ],
  state: [
    z.object({ records: list(z.object({ address, id: text, name: text })) }),
    z.looseObject({ name: text }),
  ],
  account: [
    z.object({
      account: maybe(account),
      settings: list(accountSettings),
      fields: list(z.object({ field: text, values: list(seenValue), more: maybe(count) })).meta({
        description: 'fields of add-on plans, by their path on the wire',
      }),
      notKnown: maybe(said('why fields may say less than there is')),
    }),
  ],
  doctor: [
    z.object({
      account: maybe(account),
      verdicts: list(verdict),
      failures: list(text),
      wire: table(value),
      accepted: list(text),
    }),
  ],
  provision: [topUp.extend({ needsConfirmationCode: flag, creation, activationCode: secretCode })],
  topup: [topUp],
  order: [order.extend({ activationCode: secretCode })],
  orders: [z.object({ orders: list(order) })],
  usage: [usage],
  esims: [z.object({ endpointId, iccid: text, forSale: flag, reason: maybe(text) })],
  stock: [stock],
  endpoints: [
    z.object({ account: maybe(account), endpoints: list(endpointView) }),
    z.object({ account: maybe(account), report: endpointReport }),
    z.object({ plan: planFields, report: reportFields.nullable() }),
  ],
  resume: [
    z.object({
      delivered: list(text),
      stopped: list(z.object({ orderId: text, error: text, message: text })),
      inWork: count,
    }),
  ],
  suspend: [z.object({ endpointId, status: z.literal('suspended') })],
  reactivate: [z.object({ endpointId, status: z.literal('active') })],
  'remove-addon': [z.object({ endpointId, uniqueId, removed: flag })],
  cancel: [cancelReport.extend({ orderId: text, status: z.enum(['cancelled', 'delivered']) })],
  ledger: [z.object({ lineage: text, serial: count, rows: table(count), problems: list(text) })],
  reconcile: [
    z.object({
      halted: list(
        z.object({ location: said('a path, or an address without secrets'), why: text }),
      ).meta({
        description: 'what was put back; empty: nothing was, and nothing was read',
      }),
      read: count.meta({ description: 'eSIMs of the account that were read' }),
      setAside: list(reconciledEsim).meta({
        description: 'free in the ledger and not for sale: sold since, or changed elsewhere',
      }),
      unknown: list(reconciledEsim).meta({
        description: 'in use, and neither in the ledger nor in the state',
      }),
      objects: list(z.object({ kind: text, id: text, name: text })).meta({
        description: 'zones and plans of the account that the state does not have',
      }),
      unfinished: count.meta({ description: 'orders that the ledger has as under way' }),
      pending: count.meta({ description: 'writes that the state had as announced' }),
      released: flag.meta({ description: 'whether it is sold and applied again' }),
    }),
  ],
  store: [
    z.object({
      moves: list(
        z.object({
          part: z.enum(['state', 'ledger']),
          from: said('a path, or an address without secrets'),
          to: said('a path, or an address without secrets'),
          lineage: said('made once; it goes along'),
          serial: count.meta({ description: 'grows with each change; it goes along' }),
          rows: table(count).meta({
            description: 'rows by table; empty where they were moved before',
          }),
          step: z.enum(['begin', 'again', 'end', 'nothing']).meta({
            description:
              'what was done: begun and ended, begun again after an interruption, only ended, or it was there already',
          }),
        }),
      ),
    }),
    z.object({
      encrypted: list(
        z.object({
          part: z.enum(['state', 'ledger']),
          location: said('a path, or an address without secrets'),
          keyId: maybe(said('the key with which all is encrypted now; absent: all is plain')),
          rewritten: count.meta({ description: 'rows that were written anew' }),
          backups: count.meta({ description: 'backups that were written anew' }),
          left: list(z.object({ path: text, reason: text })).meta({
            description:
              'files beside it that hold something plain, or of another key, and were left',
          }),
        }),
      ),
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
  history: [z.object({ applies: list(applied).meta({ description: 'the newest first' }) })],
} as const satisfies Readonly<Record<JsonCommand, readonly z.ZodType[]>>

/** A plan of others' making, as `plan --json` has it; the reason where it is none. */
export function readPlanJson(
  value: unknown,
): { readonly plan: JsonAnswer<'plan'> } | { readonly plan?: never; readonly why: string } {
  const { data, error } = planFields.safeParse(value)
  if (data !== undefined) return { plan: data }
  const [issue] = error.issues
  return { why: `${issue?.path.join('.')}: ${issue?.message}` }
}

/** What a command answers with, beside the envelope. */
export type JsonAnswer<Name extends JsonCommand> = z.infer<(typeof ANSWERS)[Name][number]>

/** How every answer begins, whatever the command and however it ended. */
const envelopeOf = (command: JsonCommand) => ({
  format: z.literal(JSON_FORMATS[command]).meta({ description: 'version of this answer' }),
  command: z.literal(command),
  outcome: outcome.meta({ description: 'what it came to' }),
  exitCode: count.meta({ description: 'what the process ends with' }),
})

const messages = list(text).meta({ description: 'the lines of stderr' })

/**
 * What `sft-catalog COMMAND --json` writes, as JSON Schema (draft 2020-12). What is added later is allowed for;
 * with `exact` it is refused, which is for tests of the commands.
 *
 * @example
 * const schema = outputSchema('plan')
 */
export function outputSchema(
  command: JsonCommand,
  { exact = false }: { readonly exact?: boolean } = {},
): JsonObject {
  const envelope = envelopeOf(command)
  const answers: readonly z.ZodObject[] = ANSWERS[command]
  const all = z
    .union([
      ...answers.map(fields => fields.extend({ ...envelope, messages: maybe(messages) })),
      z.object({ ...envelope, messages }).meta({ description: 'it ended before it had data' }),
    ])
    .meta({ title: `sft-catalog ${command} --json, format ${JSON_FORMATS[command]}` })
  const schema = z.toJSONSchema(all, {
    unrepresentable: 'any',
    io: exact ? 'output' : 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly
    },
  })
  // Through JSON, since zod's own type of it allows what JSON does not have.
  const made: unknown = JSON.parse(JSON.stringify(schema))
  if (!isJsonObject(made)) throw new TypeError('zod made a JSON Schema that is no object')
  return made
}
