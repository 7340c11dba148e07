/** What callers may ask for, judged at run time: a portal in JavaScript has no compiler. */
import { z } from 'zod'
import { InvalidRequestError } from './errors.ts'

const MAX_ID = 200
/** What people can see: neither blanks nor marks of no width, control characters or halves of one. */
const VISIBLE = /[^\p{White_Space}\p{C}]/u

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

const signal = z.custom<AbortSignal>(value => value instanceof AbortSignal, {
  error: 'is no AbortSignal',
})

const MAX_LEVELS = 100

/** An object that holds itself has no end, and is too deep as well. */
const isShallow = (value: unknown, levels = MAX_LEVELS): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every(part => isShallow(part, levels - 1)))

const json = z
  .unknown()
  .refine(value => isShallow(value), {
    error: `is nested deeper than ${MAX_LEVELS} levels, or in itself`,
    abort: true,
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
/** Judged apart: an order that exists keeps its ID. */
const orderId = z.unknown()
const ORDER_ID = text("the portal's own order ID")

export const REQUESTS = {
  purchase: z.object({ orderId, sku, reference: json.optional(), ...patience }),
  topUp: z.object({
    orderId,
    sku,
    endpointId,
    reference: json.optional(),
    allowSuspended: z.boolean({ error: 'is neither true nor false' }).optional(),
    ...patience,
  }),
  orders: z.object({ unfinished: z.boolean({ error: 'is neither true nor false' }).optional() }),
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
  patience: z.object(patience),
}

const count = z
  .number({ error: 'is no number' })
  .refine(value => Number.isInteger(value) && value >= 0, {
    error: 'is no whole number from 0',
  })
const fromOne = count.refine(value => value >= 1, { error: 'is no whole number from 1' })
const names = z.array(text('a name'), { error: 'is no list of names' })

const OPTIONS = z.object({
  policies: z
    .object({
      batches: names.optional(),
      tags: names.optional(),
      esimsTried: fromOne.optional(),
      subscribeRefusals: fromOne.optional(),
      lowStock: count.optional(),
      poolSize: fromOne.optional(),
      silenceSeconds: seconds.refine(value => value >= 1, { error: 'is below 1' }).optional(),
    })
    .optional(),
  timeZone: z.string({ error: 'is no text: give an IANA zone' }).optional(),
  onEvent: z.custom(value => typeof value === 'function', { error: 'is no function' }).optional(),
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
