import type { CodeWords } from '../issue-words.ts'
import type { AnyProvisionError } from './errors.ts'

/** What each error of a sale means, and what a portal does about it. */
export const PROVISION_ERROR_WORDS: Readonly<Record<AnyProvisionError['name'], CodeWords>> = {
  InvalidRequestError: {
    means: 'the call is not of the form that the types say: `field` names it',
    todo: 'a mistake of the portal. Nothing was written or sent',
  },
  UnknownSkuError: {
    means: 'no plan of the state has this SKU; `nearest` may help',
    todo: "a mistake of the shop's set-up. Nothing was written",
  },
  PlanOutOfSaleError: {
    means: 'the plan of the SKU is retired',
    todo: 'take the product down. Nothing was written',
  },
  NoEsimAvailableError: {
    means: 'stock is empty',
    todo: 'tell the buyer; nothing is held. After a new batch is applied the same order can be placed again, without a restart',
  },
  ActivationFailedError: {
    means: '`esimsTried` eSIMs were tried and none is active',
    todo: 'nothing is held; look at `stock().setAsideEsims`, place it again',
  },
  SubscriptionFailedError: {
    means: 'the add-on is not there (`settled`), or it is not known yet whether it is',
    todo: 'the endpoint of a purchase is active and kept for this order: place it again, or leave it to `resume()`. Do not sell another eSIM instead, unless you `cancel` first',
  },
  AccountRefusedError: {
    means: 'user name, password, target account or rights',
    todo: 'call a human. A refused login is not tried again: accounts get locked. Mend it, open a new provisioner',
  },
  AccountUnreachableError: {
    means: 'the platform cannot be reached or does not answer clearly',
    todo: 'place it again later, or leave it to `resume()`',
  },
  GaveUpWaitingError: {
    means:
      'your `signal` or `timeoutSeconds` fired first, or the account was throttled for too long',
    todo: 'place it again, or `cancel`',
  },
  OrderConflictError: {
    means: 'the order ID has other content, was cancelled, or is being cancelled',
    todo: 'a mistake of the portal: use a new order ID',
  },
  EndpointSuspendedError: {
    means:
      'the endpoint of a top-up is suspended (in the portal too, where the read that it makes anyway tells), or its sale was cancelled',
    todo: '`reactivate` it first, or top up with `allowSuspended`. Nothing was sent',
  },
  OrderNotDeliveredError: {
    means: '`sale()` of an order that is not delivered; `status` says where it stands',
    todo: 'place it again, or `resume()`',
  },
  NothingToSettleError: {
    means: '`settle()` of an order about which there is no doubt',
    todo: 'look at `order()`',
  },
  UnknownOrderError: {
    means: 'the ledger has no such order',
    todo: 'check the order ID, and which ledger is open',
  },
  UnknownEndpointError: {
    means: 'the endpoint was not sold from this ledger, or has no such instance',
    todo: 'check the ID, and which ledger is open',
  },
  StorageError: {
    means: 'state or ledger cannot be read or written',
    todo: 'mend that, place it again',
  },
  ProvisionerClosedError: {
    means: 'the provisioner was closed before the call',
    todo: 'open a new one',
  },
  UnexpectedError: {
    means: 'a mistake in this program; see `cause`',
    todo: 'place it again, and report it',
  },
}
