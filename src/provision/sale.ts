import { inspect } from 'node:util'
import { needsConfirmationCode } from '../sft/activation-code.ts'
import { StorageError } from './errors.ts'
import type { AddonRow, CreationCost, EsimRow, OrderRow } from './ledger.ts'
import { type QrCode, qrCode } from './qr-code.ts'

/** The add-on instance that an order made (contract 4.10). */
export interface SoldAddon {
  readonly uniqueId: string
  readonly planId: string
  readonly planName?: string
}

/** A top-up that is done. */
export interface TopUp {
  readonly orderId: string
  readonly status: 'delivered'
  readonly sku: string
  readonly endpointId: string
  readonly iccid: string
  readonly msisdn?: string
  readonly addon: SoldAddon
}

/**
 * A sale that is done. `activationCode` is a secret, and `qr` draws it: a sale that is printed, made JSON,
 * spread or cloned leaves both out.
 */
export interface Sale extends TopUp {
  readonly activationCode: string
  /** Whether the buyer's phone will ask for a confirmation code, which the seller must give. */
  readonly needsConfirmationCode: boolean
  readonly qr: QrCode
  /** What making its endpoint on demand took, where stock was empty. */
  readonly creation?: CreationCost
}

/** The top-up of a delivered order's rows. */
export function topUpOf(order: OrderRow, esim: EsimRow, addon: AddonRow | undefined): TopUp {
  if (order.uniqueId === undefined)
    throw new StorageError(
      order.orderId,
      'it is delivered without an add-on: the ledger is damaged',
    )
  return {
    orderId: order.orderId,
    status: 'delivered',
    sku: order.sku,
    endpointId: esim.endpointId,
    iccid: esim.iccid,
    ...(esim.msisdn === undefined ? {} : { msisdn: esim.msisdn }),
    addon: {
      uniqueId: order.uniqueId,
      planId: order.planId,
      ...(addon?.planName === undefined ? {} : { planName: addon.planName }),
    },
  }
}

/** The sale of a delivered order's rows. */
export function saleOf(order: OrderRow, esim: EsimRow, addon: AddonRow | undefined): Sale {
  const { activationCode } = esim
  if (activationCode === undefined)
    throw new StorageError(order.orderId, 'it is delivered without a code: the ledger is damaged')
  return Object.assign(new Secret(activationCode), {
    ...topUpOf(order, esim, addon),
    needsConfirmationCode: needsConfirmationCode(activationCode),
    ...(order.creation !== undefined && { creation: order.creation }),
  })
}

/** Keeps the code where neither spreading nor cloning nor an inspection without methods finds it. */
class Secret {
  readonly #code: string
  constructor(code: string) {
    this.#code = code
  }
  get activationCode(): string {
    return this.#code
  }
  get qr(): QrCode {
    return qrCode(() => this.#code)
  }
  toJSON(): object {
    return { ...this, activationCode: '(secret)' }
  }
  [inspect.custom](): object {
    return this.toJSON()
  }
}
