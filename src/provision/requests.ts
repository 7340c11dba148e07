/** What callers may ask for, judged at run time: a portal in JavaScript has no compiler. */
import { z } from 'zod'
import { InvalidRequestError } from './errors.ts'
import { isStatusWord, STATUS_WORDS } from './status-words.ts'

const MAX_ID = 200
/** What people can see: neither blanks nor marks of no width, control characters or halves of one. */
const VISIBLE = /[^\p{White_Space}\p{C}]/u
/** What changes how a text looks without being seen: control characters, halves of one, marks of direction. */
const UNSEEN = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/u

const text = (what: string) =>
  z
    .string({ error: `is no text: give ${what}` })
    .refine(value => VISIBLE.test(value), { error: `is blank: give ${what}` })
    .refine(value => value.length <= MAX_ID, {
      error: `is longer than ${MAX_ID} characters: give ${what}`,
    })

const seconds = z
  .number({ error: 'is no number: give seconds' })
  .refine(value => value >= 0, { error: 'is below 0: give seconds' })

const share = z
  .number({ error: 'is no number: give a share from 0 to 1' })
  .refine(value => value >= 0 && value <= 1, { error: 'is no share: give one from 0 to 1' })

const signal = z.custom<AbortSignal>(value => value instanceof AbortSignal, {
  error: 'is no AbortSignal',
})

const MAX_LEVELS = 100
const MAX_PARTS = 10_000
const MAX_CHARACTERS = 100_000

/**
 * What is too much of a value, which is judged and hashed whole; undefined where nothing is. A part that stands
 * in it more than once counts each time, as in its text, and the counting ends where the limit is passed.
 */
function excessOf(value: unknown): string | undefined {
  const open: { readonly part: unknown; readonly level: number }[] = [{ part: value, level: 0 }]
  let parts = 1
  let characters = 0
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part, level } = next
    if (typeof part === 'string') characters += part.length
    if (characters > MAX_CHARACTERS) return `has more than ${MAX_CHARACTERS} characters`
    if (typeof part !== 'object' || part === null) continue
    // An object that holds itself has no end.
    if (level === MAX_LEVELS) return `is nested deeper than ${MAX_LEVELS} levels, or in itself`
    const isList = Array.isArray(part)
    parts += isList ? part.length : Object.keys(part).length
    if (parts > MAX_PARTS) return `has more than ${MAX_PARTS} parts, each time it is used counted`
    if (!isList) characters += Object.keys(part).join('').length
    for (const inner of Object.values(part)) open.push({ part: inner, level: level + 1 })
  }
  return undefined
}

const json = z
  .unknown()
  .superRefine((value, context) => {
    const excess = excessOf(value)
    if (excess !== undefined) context.addIssue({ code: 'custom', message: excess })
  })
  .pipe(z.json({ error: 'is nothing that JSON can say' }))

const patience = {
  signal: signal.optional(),
  // A timer cannot wait for longer than 2^31 milliseconds.
  timeoutSeconds: seconds
    .refine(value => value > 0 && value <= 2_000_000, {
      error: 'is out of range: give seconds above 0, up to 2000000',
    })
    .optional(),
}

const sku = text('the portal.sku of an add-on plan')
const endpointId = text('the ID of an endpoint')
const uniqueId = text('the uniqueId of an add-on instance')
const count = z
  .number({ error: 'is no number' })
  .refine(value => Number.isInteger(value) && value >= 0, {
    error: 'is no whole number from 0',
  })
const fromOne = count.refine(value => value >= 1, { error: 'is no whole number from 1' })

/** Judged apart: an order that exists keeps its ID. */
const orderId = z.unknown()
const ORDER_ID = text("the portal's own order ID").refine(value => !UNSEEN.test(value), {
  error:
    'has control characters or marks of direction, which make two IDs look alike: leave them out',
})

const flag = z.boolean({ error: 'is neither true nor false' })

/** A text that is none is left out, as W3C wants it: it comes from a stranger's request, and stops no sale. */
const traceparent = z
  .string({ error: 'is no text: give a W3C traceparent, or leave it out' })
  .optional()

const listener = z
  .custom(value => typeof value === 'function', { error: 'is no function' })
  .optional()

const words = z.array(text('a word'), { error: 'is no list of texts' }).optional()
const choice = {
  batches: words,
  tags: words,
  iccids: words,
  statuses: z
    .array(z.string().refine(isStatusWord, { error: `is none of ${STATUS_WORDS.join(', ')}` }))
    .optional(),
  limit: z
    .number({ error: 'is no number' })
    .refine(value => Number.isInteger(value) && value >= 1, {
      error: 'is no whole number from 1',
    })
    .optional(),
}

export const REQUESTS = {
  purchase: z.object({ orderId, sku, reference: json.optional(), traceparent, ...patience }),
  topUp: z.object({
    orderId,
    sku,
    endpointId,
    reference: json.optional(),
    allowSuspended: z.boolean({ error: 'is neither true nor false' }).optional(),
    traceparent,
    ...patience,
  }),
  orders: z.object({
    unfinished: z.boolean({ error: 'is neither true nor false' }).optional(),
    orderIds: z
      .array(z.string({ error: 'is no order ID' }), { error: 'is no list of order IDs' })
      .optional(),
    references: z.array(json, { error: 'is no list of references' }).optional(),
    since: z.iso
      .datetime({ offset: true, error: 'is no ISO time: give one such as 2026-01-31T00:00:00Z' })
      .optional(),
  }),
  usage: z.object({
    endpointId: endpointId.optional(),
    maxAgeSeconds: seconds.optional(),
    signal: patience.signal,
  }),
  refreshUsage: z.object({ olderThan: seconds.optional(), signal: patience.signal }),
  suspend: z.object({
    endpointId,
    reason: z
      .enum(['system', 'non-payment', 'support'], {
        error: 'is none of system, non-payment, support',
      })
      .optional(),
    signal: patience.signal,
  }),
  reactivate: z.object({ endpointId, signal: patience.signal }),
  removeAddon: z.object({ endpointId, uniqueId, signal: patience.signal }),
  recheckSetAside: z.object({ signal: patience.signal }),
  releaseEsim: z.object({ iccid: text('an ICCID'), signal: patience.signal }),
  settle: z.object({
    instance: uniqueId.optional(),
    notSold: z.literal(true, { error: 'can only be true' }).optional(),
    by: text('who decided it').optional(),
    ...patience,
  }),
  endpoints: z.object({ ...choice, account: flag.optional() }),
  planLifecycle: z.object({
    action: z.enum(['activate', 'suspend', 'reactivate'], {
      error: 'is none of activate, suspend, reactivate',
    }),
    choice: z.object(choice).optional(),
    force: flag.optional(),
    limits: z.record(z.string(), share).optional(),
  }),
  patience: z.object(patience),
  finish: z.object({ orderId, ...patience }),
  giveOut: z.object({ limit: fromOne.optional() }),
}
const names = z.array(text('a name'), { error: 'is no list of names' })

const OPTIONS = z.object({
  policies: z
    .object({
      batches: names.optional(),
      tags: names.optional(),
      esimsTried: fromOne.optional(),
      subscribeRefusals: fromOne.optional(),
      lowStock: count.optional(),
      createOnDemand: z.literal(false).or(text('the key of a batch')).optional(),
      poolSize: fromOne.optional(),
      silenceSeconds: seconds.refine(value => value >= 1, { error: 'is below 1' }).optional(),
    })
    .optional(),
  catalog: z.string({ error: 'is no text: give a folder' }).optional(),
  timeZone: z.string({ error: 'is no text: give an IANA zone' }).optional(),
  onEvent: listener,
  onCall: listener,
  countEverySeconds: z
    .union([seconds, z.literal(Number.POSITIVE_INFINITY)], {
      error: 'is no number: give seconds, or Infinity for never',
    })
    .optional(),
  resumeAtOpen: z.boolean({ error: 'is neither true nor false' }).optional(),
})

/** What a caller gives may throw where it is read. */
function read(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  try {
    return schema.safeParse(value)
  } catch (error) {
    throw new InvalidRequestError('the request', 'cannot be read', { cause: error })
  }
}

/** Judges what a caller gave; throws an InvalidRequestError that names the field. */
export function judge(schema: z.ZodType, value: unknown): void {
  const judged = read(schema, value)
  if (judged.success) return
  const [issue] = judged.error.issues
  const field = issue?.path.map(String).join('.') || 'the request'
  const problem = issue?.path.length === 0 ? 'is no object' : (issue?.message ?? 'is not valid')
  throw new InvalidRequestError(field, problem)
}

/** Judges the options of a provisioner; throws an InvalidRequestError. */
export const judgeOptions = (options: unknown): void => judge(OPTIONS, options)

/** What is wrong with an order ID that is new; undefined where nothing is. */
export const problemOfOrderId = (id: unknown): string | undefined =>
  ORDER_ID.safeParse(id).error?.issues[0]?.message
