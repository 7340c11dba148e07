/** The order as a state machine: pure functions from row to row. */
import { createHash } from 'node:crypto'
import type { Json } from '../model.ts'
import type {
  CancelReport,
  CreationCost,
  OrderFailure,
  OrderIntent,
  OrderKind,
  OrderOwner,
  OrderReference,
  OrderRow,
  OrderStatus,
  OrderStep,
} from './ledger.ts'
import type { SoldTerms } from './plan-terms.ts'

/** What a portal orders. */
export interface OrderContent {
  readonly kind: OrderKind
  readonly sku: string
  /** Top-ups only. */
  readonly endpointId?: string
  readonly reference?: OrderReference
  /** Top-ups only; not part of what the order ID is bound to. */
  readonly allowSuspended?: boolean
  /** W3C trace context of whoever places it; no part of it either. */
  readonly traceparent?: string
}

/** SHA-256 of an order's content, the same for the same content however its keys are ordered. */
export function hashContent({ kind, sku, endpointId, reference }: OrderContent): string {
  const text = canonical([kind, sku, endpointId ?? null, reference ?? null])
  return createHash('sha256').update(text).digest('hex')
}

/** A value as one text, the same however its keys are ordered. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join()}}`
}

/** An order that has nothing yet. */
export const newOrder = (
  order: Pick<OrderRow, 'orderId' | 'kind' | 'content' | 'sku' | 'planId'> & {
    readonly endpointId?: string
    readonly reference?: OrderReference
    readonly owner?: OrderOwner
    readonly fence?: number
    readonly allowSuspended?: boolean
    readonly terms?: SoldTerms
    readonly traceparent?: string
  },
  at: string,
): OrderRow => ({ ...order, status: 'new', tried: 0, steps: [], createdAt: at, updatedAt: at })

/** What may change of an order; null takes a field away. */
export interface OrderChange {
  readonly status?: OrderStatus
  readonly endpointId?: string | null
  readonly uniqueId?: string
  readonly planId?: string
  readonly terms?: SoldTerms | null
  readonly intent?: OrderIntent | null
  readonly owner?: OrderOwner | null
  readonly tried?: number
  readonly creation?: CreationCost
  readonly failure?: OrderFailure | null
  readonly fence?: number
  readonly cancelling?: true | null
  readonly cancellation?: CancelReport
  readonly steps?: readonly Omit<OrderStep, 'at'>[]
}

/** Steps that an order keeps: the first ones tell the sale, the last ones what goes wrong now. */
const MAX_STEPS = 60

/** The order after a change. */
export function changeOrder(order: OrderRow, change: OrderChange, at: string): OrderRow {
  const { steps = [], ...fields } = change
  const all = [...order.steps, ...steps.map(step => ({ ...step, at }))]
  const kept =
    all.length <= MAX_STEPS
      ? all
      : [...all.slice(0, MAX_STEPS / 2), ...all.slice(all.length - MAX_STEPS / 2)]
  const row: OrderRow = { ...order, ...dropNull(fields), steps: kept, updatedAt: at }
  const { endpointId, intent, owner, failure, cancelling, terms, ...rest } = row
  return {
    ...rest,
    ...(terms === undefined || change.terms === null ? {} : { terms }),
    ...(endpointId === undefined || change.endpointId === null ? {} : { endpointId }),
    ...(intent === undefined || change.intent === null ? {} : { intent }),
    ...(owner === undefined || change.owner === null ? {} : { owner }),
    ...(failure === undefined || change.failure === null ? {} : { failure }),
    ...(cancelling === undefined || change.cancelling === null ? {} : { cancelling }),
  }
}

type NotNull<Fields> = { [Key in keyof Fields]: Exclude<Fields[Key], null> }

function dropNull<Fields extends object>(fields: Fields): NotNull<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as NotNull<Fields>
}
