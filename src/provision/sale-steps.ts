/** A purchase or a top-up as a value: its states, and what each part of it makes of it. */
import { defined } from '../defined.ts'
import type { Transitions } from '../machine.ts'
import type { SoldRows } from './find-orders.ts'
import type { EsimRow, OrderRow } from './ledger.ts'

/**
 * Where an order stands, with its row. What was announced and may have been sent is settled before anything
 * else; `isFresh`: announced just now, and nothing was sent yet. Ends: `over`: delivered, failed or cancelled.
 * `out of eSIMs`: as many as the policy allows were tried in vain in this attempt, and the order is `new` again.
 */
export type SaleState =
  /** Nothing is kept for it. `tried`: eSIMs that were left in this attempt. */
  | { readonly is: 'new'; readonly order: OrderRow; readonly tried: number }
  /** An eSIM is kept for it, and its activation announced. `esim`: its row, where this attempt kept it. */
  | {
      readonly is: 'reserved'
      readonly order: OrderRow
      readonly esim?: EsimRow
      readonly tried: number
      readonly isFresh: boolean
    }
  /** A top-up of which nothing was announced: its SKU may mean another plan by now. */
  | { readonly is: 'placed'; readonly order: OrderRow; readonly isFresh: boolean }
  /** A top-up whose endpoint others may be working on. */
  | { readonly is: 'waiting'; readonly order: OrderRow; readonly isFresh: boolean }
  /** The endpoint is active, and nobody else works on it. */
  | { readonly is: 'active'; readonly order: OrderRow; readonly isFresh: boolean }
  /** `sold`: its rows, where this attempt delivered it. */
  | { readonly is: 'over'; readonly order: OrderRow; readonly sold?: SoldRows }
  | { readonly is: 'out of eSIMs'; readonly order: OrderRow; readonly why: string }

/**
 * `reserve`: keep an eSIM and announce its activation. `activate`, `subscribe`: see `ActivationState` and
 * `SubscriptionState`. `renew plan`: read the SKU again. `take endpoint`: wait until nobody works on it.
 */
export type SaleStep = 'reserve' | 'activate' | 'renew plan' | 'take endpoint' | 'subscribe'

export type SaleEvidence =
  | { readonly saw: 'reservation'; readonly order: OrderRow; readonly esim: EsimRow }
  | { readonly saw: 'activation'; readonly order: OrderRow }
  /** The eSIM is not active by the order, which let go of it. */
  | { readonly saw: 'no activation'; readonly order: OrderRow; readonly why: string }
  | { readonly saw: 'plan'; readonly order: OrderRow }
  | { readonly saw: 'turn' }
  | { readonly saw: 'delivery'; readonly order: OrderRow; readonly sold: SoldRows | undefined }

/**
 * The state of an order as its row tells it. `isNew`: it was placed just now, and nothing was sent; `esim`: that
 * which was kept for it just now.
 */
export function saleOf(order: OrderRow, isNew: boolean, esim?: EsimRow): SaleState {
  if (order.status === 'new') return { is: 'new', order, tried: 0 }
  if (order.status === 'reserved')
    return { is: 'reserved', order, tried: 0, isFresh: isNew, ...defined({ esim }) }
  if (order.status !== 'activated') return { is: 'over', order }
  if (order.kind === 'purchase') return { is: 'active', order, isFresh: isNew }
  return { is: order.intent === undefined ? 'placed' : 'waiting', order, isFresh: isNew }
}

/** `mostTried`: eSIMs that are tried in one attempt. */
export const saleSteps = (mostTried: number): Transitions<SaleState, SaleStep, SaleEvidence> => ({
  new: {
    step: 'reserve',
    on: {
      reservation: ({ tried }, { order, esim }) => ({
        is: 'reserved',
        order,
        esim,
        tried,
        isFresh: true,
      }),
    },
  },
  reserved: {
    step: 'activate',
    on: {
      activation: (_state, { order }) => ({ is: 'active', order, isFresh: true }),
      'no activation': ({ tried }, { order, why }) =>
        tried + 1 >= mostTried
          ? { is: 'out of eSIMs', order, why }
          : { is: 'new', order, tried: tried + 1 },
    },
  },
  placed: {
    step: 'renew plan',
    on: { plan: ({ isFresh }, { order }) => ({ is: 'waiting', order, isFresh }) },
  },
  waiting: {
    step: 'take endpoint',
    on: { turn: ({ order, isFresh }) => ({ is: 'active', order, isFresh }) },
  },
  active: {
    step: 'subscribe',
    on: { delivery: (_state, { order, sold }) => ({ is: 'over', order, ...defined({ sold }) }) },
  },
  over: {},
  'out of eSIMs': {},
})
