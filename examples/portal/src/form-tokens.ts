/**
 * Order IDs that are given out with a form. The same form sent twice (a double click, a retried request, the back button)
 * carries the same ID and is one order; a form that is opened again carries another, and is a second one.
 */
import { createHmac, hkdfSync, randomUUID, timingSafeEqual } from 'node:crypto'

/** What an order ID is given out for: nobody else can use it, and for nothing else. */
interface FormSubject {
  readonly customer: string
  /** The purchase whose eSIM is topped up, or `new`. */
  readonly toppedUp: string
}

export interface FormTokens {
  issue(subject: FormSubject): string
  /** The order ID of a token; undefined where it was not given out for this. */
  read(token: string, subject: FormSubject): string | undefined
}

export function openFormTokens(sessionKeys: readonly Buffer[]): FormTokens {
  const keys = sessionKeys.map(key => Buffer.from(hkdfSync('sha256', key, '', 'order forms', 32)))
  const sign = (key: Buffer, orderId: string, { customer, toppedUp }: FormSubject) =>
    createHmac('sha256', key).update(`${orderId}|${customer}|${toppedUp}`).digest()
  return {
    issue(subject) {
      const orderId = randomUUID()
      const [key = Buffer.alloc(0)] = keys
      return `${orderId}.${sign(key, orderId, subject).toString('base64url')}`
    },
    read(token, subject) {
      const [orderId = '', mark = ''] = token.split('.')
      const given = Buffer.from(mark, 'base64url')
      const isOurs = keys.some(key => {
        const own = sign(key, orderId, subject)
        return own.length === given.length && timingSafeEqual(own, given)
      })
      return isOurs ? orderId : undefined
    },
  }
}
