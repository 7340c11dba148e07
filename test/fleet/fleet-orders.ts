/** An order that a portal is to place; a top-up is of the endpoint of another order. */
export interface PortalOrder {
  readonly orderId: string
  readonly kind: 'purchase' | 'topUp' | 'cancel'
  readonly of?: string
}

/** What a node of a portal is started with. */
export interface PortalJob {
  readonly url: string
  readonly place: string
  readonly rate: number
  readonly orders: readonly PortalOrder[]
  /** Which one of how many portals it is: every fifth order is placed by all of them, the others by one. */
  readonly number: number
  readonly of: number
}

/** The orders that a portal places. */
export const ordersFor = ({ orders, number, of }: PortalJob): readonly PortalOrder[] =>
  orders.filter((_order, index) => index % 5 === 0 || index % of === number)

/** Orders of which every tenth is cancelled, and of the others every eighth is a top-up of the one before. */
export function ordersOf(count: number): readonly PortalOrder[] {
  return Array.from({ length: count }, (_, n): PortalOrder => {
    const orderId = `F-${n}`
    if (n % 10 === 9) return { orderId, kind: 'cancel' }
    return n % 8 === 7
      ? { orderId, kind: 'topUp', of: `F-${n - 1}` }
      : { orderId, kind: 'purchase' }
  })
}
