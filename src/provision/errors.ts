/**
 * What can go wrong with an order, one class each thing that a portal must treat differently. None of
 * them ever holds an activation code. `next` says what to do.
 */

/** Base of everything that the provisioner throws about an order or an endpoint. */
export abstract class ProvisionError extends Error {
  abstract override readonly name: string
  /** The order it is about, where there is one. */
  readonly orderId: string | undefined
  /** The step that helps, for people. */
  readonly next: string
  constructor(orderId: string | undefined, message: string, next: string, options?: ErrorOptions) {
    super(`${orderId === undefined ? '' : `order ${orderId}: `}${message}; ${next}`, options)
    this.orderId = orderId
    this.next = next
  }
}

/** No add-on plan of the state has this SKU. Nothing was reserved. */
export class UnknownSkuError extends ProvisionError {
  override readonly name = 'UnknownSkuError'
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
  readonly endpointId: string
  /** Whether the add-on is known not to exist; false: reading could not tell yet. */
  readonly settled: boolean
  constructor(
    orderId: string,
    endpointId: string,
    settled: boolean,
    reason: string,
    next = 'the endpoint is held for this order: place the same order again or resume() to go on, cancel() to give up',
  ) {
    super(
      orderId,
      `the add-on could not be ${settled ? 'subscribed' : 'confirmed'} on endpoint ${endpointId}: ${reason}`,
      next,
    )
    this.endpointId = endpointId
    this.settled = settled
  }
}

/** User name, password, target account or permission refused. Nothing goes on until that is mended. */
export class AccountRefusedError extends ProvisionError {
  override readonly name = 'AccountRefusedError'
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
  constructor(orderId: string | undefined, reason: string, options?: ErrorOptions) {
    super(
      orderId,
      `the platform could not be reached or read: ${reason}`,
      'place the same order again or resume() when it answers',
      options,
    )
  }
}

/** The caller's `signal` or `timeoutSeconds` fired first. The order can be resumed or cancelled. */
export class ThrottledTooLongError extends ProvisionError {
  override readonly name = 'ThrottledTooLongError'
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
  constructor(orderId: string, reason: string) {
    super(orderId, reason, 'use a new order ID')
  }
}

/** The ledger has no such order. */
export class UnknownOrderError extends ProvisionError {
  override readonly name = 'UnknownOrderError'
  constructor(orderId: string) {
    super(orderId, 'the ledger has no such order', 'check the order ID and which ledger is open')
  }
}

/** The endpoint was not sold from this ledger, or the instance is not on it. */
export class UnknownEndpointError extends ProvisionError {
  override readonly name = 'UnknownEndpointError'
  constructor(orderId: string | undefined, what: string) {
    super(orderId, what, 'check the ID and which ledger is open')
  }
}
