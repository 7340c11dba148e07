import { SftCredentialsError, SftRejectedError } from '../sft/errors.ts'
import type { OrderStatus } from './ledger.ts'

/**
 * What can go wrong with an order, one class each thing that a portal must treat differently. None of
 * them ever holds an activation code. `next` says what to do.
 */

/**
 * Base of everything that the provisioner throws. `name` and `code` are literals of each class, so that a
 * `switch` on one of them narrows what `isProvisionError` has taken.
 */
export abstract class ProvisionError extends Error {
  abstract override readonly name: string
  /** For programs and logs; it never changes. */
  abstract readonly code: string
  /** The order it is about, where there is one. */
  readonly orderId: string | undefined
  /** The step that helps, for people. */
  readonly next: string
  /** The platform's own result code, where it gave one (contract 3). */
  readonly platformCode: string | undefined
  constructor(orderId: string | undefined, message: string, next: string, options?: ErrorOptions) {
    super(`${orderId === undefined ? '' : `order ${orderId}: `}${message}; ${next}`, options)
    this.orderId = orderId
    this.next = next
    this.platformCode = platformCodeOf(options?.cause)
  }
}

/** The platform's result code that stands nearest in a chain of causes. */
function platformCodeOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ProvisionError && cause.platformCode !== undefined)
      return cause.platformCode
    if (cause instanceof SftRejectedError || cause instanceof SftCredentialsError)
      if (cause.code !== '') return cause.code
  }
  return undefined
}

/** No add-on plan of the state has this SKU. Nothing was reserved. */
export class UnknownSkuError extends ProvisionError {
  override readonly name = 'UnknownSkuError'
  override readonly code = 'UNKNOWN_SKU'
  readonly sku: string
  /** The SKU of the state that looks most like it. */
  readonly nearest: string | undefined
  constructor(orderId: string, sku: string, nearest?: string) {
    super(
      orderId,
      `no add-on plan has the SKU ${sku}`,
      nearest === undefined
        ? 'apply a catalog whose plan has portal.sku set to it'
        : `did you mean ${nearest}? If not, apply a catalog with this SKU`,
    )
    this.sku = sku
    this.nearest = nearest
  }
}

/** The plan of this SKU is retired. Nothing was reserved. */
export class PlanOutOfSaleError extends ProvisionError {
  override readonly name = 'PlanOutOfSaleError'
  override readonly code = 'PLAN_OUT_OF_SALE'
  readonly sku: string
  constructor(orderId: string, sku: string, plan: string) {
    super(
      orderId,
      `the plan ${plan} of SKU ${sku} is retired`,
      'take the product out of the portal or give its SKU to another plan',
    )
    this.sku = sku
  }
}

/** No eSIM of the state can be sold. Nothing is held; the same order can be placed again later. */
export class NoEsimAvailableError extends ProvisionError {
  override readonly name = 'NoEsimAvailableError'
  override readonly code = 'NO_ESIM_AVAILABLE'
  constructor(orderId: string, detail: string) {
    super(
      orderId,
      `no eSIM is available (${detail})`,
      'apply a new batch of endpoints, then place the same order again',
    )
  }
}

/** Each eSIM tried is known not to be active by this order. Nothing is held. */
export class ActivationFailedError extends ProvisionError {
  override readonly name = 'ActivationFailedError'
  override readonly code = 'ACTIVATION_FAILED'
  /** How many eSIMs were tried for the order. */
  readonly esimsTried: number
  constructor(orderId: string, esimsTried: number, reason: string, options?: ErrorOptions) {
    super(
      orderId,
      `activation failed on ${esimsTried} ${esimsTried === 1 ? 'eSIM' : 'eSIMs'}, last: ${reason}`,
      'look at the endpoints set aside (`stock`), then place the same order again',
      options,
    )
    this.esimsTried = esimsTried
  }
}

/**
 * The add-on is not there, or not known to be. The endpoint of a purchase is active and held for it; a
 * top-up that is known not to have happened holds nothing.
 */
export class SubscriptionFailedError extends ProvisionError {
  override readonly name = 'SubscriptionFailedError'
  override readonly code = 'SUBSCRIPTION_FAILED'
  readonly endpointId: string
  /** Whether the add-on is known not to exist; false: reading could not tell yet. */
  readonly settled: boolean
  constructor(
    orderId: string,
    endpointId: string,
    settled: boolean,
    reason: string,
    options: ErrorOptions & { readonly next?: string } = {},
  ) {
    super(
      orderId,
      `the add-on could not be ${settled ? 'subscribed' : 'confirmed'} on endpoint ${endpointId}: ${reason}`,
      options.next ??
        'the endpoint is held for this order: place the same order again or resume() to go on, cancel() to give up',
      options,
    )
    this.endpointId = endpointId
    this.settled = settled
  }
}

/** User name, password, target account or permission refused. Nothing goes on until that is mended. */
export class AccountRefusedError extends ProvisionError {
  override readonly name = 'AccountRefusedError'
  override readonly code = 'ACCOUNT_REFUSED'
  constructor(orderId: string | undefined, reason: string, options?: ErrorOptions) {
    super(
      orderId,
      `the account refused the call: ${reason}`,
      'correct the credentials or rights, then resume()',
      options,
    )
  }
}

/** The platform could not be reached or did not answer clearly. The order keeps what it has. */
export class AccountUnreachableError extends ProvisionError {
  override readonly name = 'AccountUnreachableError'
  override readonly code = 'ACCOUNT_UNREACHABLE'
  constructor(orderId: string | undefined, reason: string, options?: ErrorOptions) {
    super(
      orderId,
      `the platform could not be reached or read: ${reason}`,
      'place the same order again or resume() when it answers',
      options,
    )
  }
}

/**
 * The caller's `signal` or `timeoutSeconds` fired first, or the account was throttled for too long. The order
 * can be resumed or cancelled.
 */
export class GaveUpWaitingError extends ProvisionError {
  override readonly name = 'GaveUpWaitingError'
  override readonly code = 'GAVE_UP_WAITING'
  constructor(orderId: string | undefined, reason: string, options?: ErrorOptions) {
    super(
      orderId,
      `gave up waiting: ${reason}`,
      'place the same order again or resume() to go on, cancel() to give up',
      options,
    )
  }
}

/** The order ID belongs to an order with other content, of another kind, or to a cancelled one. */
export class OrderConflictError extends ProvisionError {
  override readonly name = 'OrderConflictError'
  override readonly code = 'ORDER_CONFLICT'
  constructor(orderId: string, reason: string, next = 'use a new order ID') {
    super(orderId, reason, next)
  }
}

/** What was asked for is not of the form that the library takes. Nothing was written or sent. */
export class InvalidRequestError extends ProvisionError {
  override readonly name = 'InvalidRequestError'
  override readonly code = 'INVALID_REQUEST'
  /** The field that is wrong, such as `orderId` or `policies.lowStock`. */
  readonly field: string
  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(undefined, `${field} ${problem}`, 'correct the call; nothing was written', options)
    this.field = field
  }
}

/** A sale was asked for that is not one (yet). Nothing was begun. */
export class OrderNotDeliveredError extends ProvisionError {
  override readonly name = 'OrderNotDeliveredError'
  override readonly code = 'ORDER_NOT_DELIVERED'
  readonly status: OrderStatus
  constructor(orderId: string, status: OrderStatus, next: string) {
    super(orderId, `is ${status}, so there is no sale to show`, next)
    this.status = status
  }
}

/** The order has no write whose outcome a person could tell. */
export class NothingToSettleError extends ProvisionError {
  override readonly name = 'NothingToSettleError'
  override readonly code = 'NOTHING_TO_SETTLE'
  constructor(orderId: string, reason: string) {
    super(orderId, reason, 'look at order() before you settle it by hand')
  }
}

/** The endpoint of a top-up is suspended: the add-on would carry no traffic. Nothing was sent. */
export class EndpointSuspendedError extends ProvisionError {
  override readonly name = 'EndpointSuspendedError'
  override readonly code = 'ENDPOINT_SUSPENDED'
  readonly endpointId: string
  constructor(orderId: string, endpointId: string, how: 'suspended' | 'cancelled' | 'elsewhere') {
    super(
      orderId,
      {
        suspended: `endpoint ${endpointId} is suspended and would carry no traffic`,
        cancelled: `the sale of endpoint ${endpointId} was cancelled and it is suspended`,
        elsewhere: `endpoint ${endpointId} was suspended elsewhere and would carry no traffic`,
      }[how],
      'reactivate the endpoint first, or top up with allowSuspended',
    )
    this.endpointId = endpointId
  }
}

/** State or ledger cannot be read or written. What was sent before is in the ledger. */
export class StorageError extends ProvisionError {
  override readonly name = 'StorageError'
  override readonly code = 'STORAGE'
  constructor(orderId: string | undefined, reason: string, options?: ErrorOptions) {
    super(
      orderId,
      `state or ledger cannot be used: ${reason}`,
      'mend that, then place the same order again or resume()',
      options,
    )
  }
}

/** The provisioner was closed. The order keeps what it has. */
export class ProvisionerClosedError extends ProvisionError {
  override readonly name = 'ProvisionerClosedError'
  override readonly code = 'PROVISIONER_CLOSED'
  constructor(orderId?: string) {
    super(orderId, 'the provisioner is closed', 'open a new one; it goes on with the order')
  }
}

/** A mistake in this program. What was sent before is in the ledger. */
export class UnexpectedError extends ProvisionError {
  override readonly name = 'UnexpectedError'
  override readonly code = 'UNEXPECTED'
  constructor(orderId: string | undefined, reason: string, options?: ErrorOptions) {
    super(
      orderId,
      `something that was not foreseen: ${reason}`,
      'place the same order again, and report the cause',
      options,
    )
  }
}

/** The ledger has no such order. */
export class UnknownOrderError extends ProvisionError {
  override readonly name = 'UnknownOrderError'
  override readonly code = 'UNKNOWN_ORDER'
  constructor(orderId: string, next = 'check the order ID and which ledger is open') {
    super(orderId, 'the ledger has no such order', next)
  }
}

/** The endpoint was not sold from this ledger, or the instance is not on it. */
export class UnknownEndpointError extends ProvisionError {
  override readonly name = 'UnknownEndpointError'
  override readonly code = 'UNKNOWN_ENDPOINT'
  constructor(orderId: string | undefined, what: string) {
    super(orderId, what, 'check the ID and which ledger is open')
  }
}

/** Every error of the library. */
export type AnyProvisionError =
  | AccountRefusedError
  | AccountUnreachableError
  | ActivationFailedError
  | EndpointSuspendedError
  | InvalidRequestError
  | NoEsimAvailableError
  | NothingToSettleError
  | OrderConflictError
  | OrderNotDeliveredError
  | PlanOutOfSaleError
  | ProvisionerClosedError
  | StorageError
  | SubscriptionFailedError
  | GaveUpWaitingError
  | UnexpectedError
  | UnknownEndpointError
  | UnknownOrderError
  | UnknownSkuError

/** The code of each error, by its name. */
export const ERROR_CODES: {
  readonly [Name in AnyProvisionError['name']]: Extract<AnyProvisionError, { name: Name }>['code']
} = {
  AccountRefusedError: 'ACCOUNT_REFUSED',
  AccountUnreachableError: 'ACCOUNT_UNREACHABLE',
  ActivationFailedError: 'ACTIVATION_FAILED',
  EndpointSuspendedError: 'ENDPOINT_SUSPENDED',
  InvalidRequestError: 'INVALID_REQUEST',
  NoEsimAvailableError: 'NO_ESIM_AVAILABLE',
  NothingToSettleError: 'NOTHING_TO_SETTLE',
  OrderConflictError: 'ORDER_CONFLICT',
  OrderNotDeliveredError: 'ORDER_NOT_DELIVERED',
  PlanOutOfSaleError: 'PLAN_OUT_OF_SALE',
  ProvisionerClosedError: 'PROVISIONER_CLOSED',
  StorageError: 'STORAGE',
  SubscriptionFailedError: 'SUBSCRIPTION_FAILED',
  GaveUpWaitingError: 'GAVE_UP_WAITING',
  UnexpectedError: 'UNEXPECTED',
  UnknownEndpointError: 'UNKNOWN_ENDPOINT',
  UnknownOrderError: 'UNKNOWN_ORDER',
  UnknownSkuError: 'UNKNOWN_SKU',
}

/**
 * Whether an error is one of the library's. A `switch` on its `name` or `code` then narrows.
 *
 * @example
 * if (!isProvisionError(error)) throw error
 * switch (error.name) {
 *   case 'UnknownSkuError': return suggest(error.nearest)
 *   case 'SubscriptionFailedError': return hold(error.endpointId)
 *   default: return retryLater(error.next)
 * }
 */
export const isProvisionError = (error: unknown): error is AnyProvisionError =>
  error instanceof ProvisionError
