/** Orders, and what was sold with them. */
import { z } from 'zod'
import {
  count,
  endpointId,
  flag,
  isoTime,
  list,
  maybe,
  said,
  table,
  text,
  uniqueId,
  value,
} from './words.ts'

const addon = z.object({ uniqueId, planId: text, planName: maybe(text) })

const topUp = z.object({
  orderId: text,
  status: z.literal('delivered'),
  sku: text,
  endpointId,
  iccid: text,
  msisdn: maybe(text),
  addon,
})

const cancelReport = z.object({ undone: list(text), notUndone: list(text) })

const creation = maybe(
  z
    .object({ calls: count, seconds: z.number() })
    .meta({ description: 'what making its endpoint on demand took' }),
)

const order = z.object({
  orderId: text,
  kind: z.enum(['purchase', 'topUp']),
  sku: text,
  reference: maybe(value),
  planId: text,
  status: z.enum(['new', 'reserved', 'activated', 'delivered', 'failed', 'cancelled']),
  unsettled: maybe(z.enum(['activate', 'subscribe'])),
  endpointId: maybe(endpointId),
  iccid: maybe(text),
  suspended: maybe(flag.meta({ description: 'its eSIM is, as the ledger has it' })),
  uniqueId: maybe(uniqueId),
  tried: count.meta({ description: 'eSIMs that were tried and left' }),
  creation,
  steps: list(
    z.object({
      step: z.enum(['reserve', 'activate', 'subscribe', 'deliver', 'cancel', 'settle']),
      outcome: z.enum(['announced', 'done', 'found', 'refused', 'unclear', 'absent']),
      at: isoTime,
      endpointId: maybe(endpointId),
      detail: maybe(text),
      by: maybe(text),
    }),
  ),
  failure: maybe(
    z.object({
      name: text,
      code: said('for programs: UNKNOWN_SKU'),
      message: text,
      next: said('what to do next'),
    }),
  ),
  givenOut: maybe(z.object({ count, at: isoTime })),
  parked: maybe(flag.meta({ description: 'no worker tries any more' })),
  cancelling: maybe(flag),
  cancellation: maybe(cancelReport),
  allowSuspended: maybe(flag),
  owner: maybe(text),
  createdAt: isoTime,
  updatedAt: isoTime,
})

const secretCode = maybe(said('the LPA string, a secret: with --qr - only'))

const bytes = z.number().meta({ description: 'bytes' })

const usage = z.object({
  endpointId,
  refreshedAt: isoTime,
  instances: list(
    z.object({
      uniqueId,
      planId: maybe(text),
      planName: maybe(text),
      status: text,
      grantedBytes: maybe(bytes),
      leftBytes: maybe(bytes),
      usedBytes: maybe(bytes),
      benefits: maybe(
        list(z.object({ name: text, granted: maybe(z.number()), left: maybe(z.number()) })).meta({
          description: 'benefits beside data, such as SMS, by count',
        }),
      ),
      unlimitedData: maybe(z.literal(true)),
      dailyData: maybe(z.literal(true).meta({ description: 'the balance is that of a day' })),
      unlimitedValidity: maybe(z.literal(true)),
      startsAt: maybe(isoTime),
      expiresAt: maybe(isoTime),
      origin: z.enum(['order', 'renewal or external']),
      orderId: maybe(text),
    }),
  ),
  counters: maybe(list(table(text)).meta({ description: 'as the platform writes them' })),
  doubt: maybe(said('why the answer may say less than there is')),
})

/** The answers of the commands for it; several where a command has several. */
export const SALE_ANSWERS = {
  provision: [topUp.extend({ needsConfirmationCode: flag, creation, activationCode: secretCode })],
  topup: [topUp],
  order: [order.extend({ activationCode: secretCode })],
  orders: [z.object({ orders: list(order) })],
  usage: [usage],
  resume: [
    z.object({
      delivered: list(text),
      stopped: list(z.object({ orderId: text, error: text, message: text })),
      inWork: count,
    }),
  ],
  suspend: [z.object({ endpointId, status: z.literal('suspended') })],
  reactivate: [z.object({ endpointId, status: z.literal('active') })],
  'remove-addon': [z.object({ endpointId, uniqueId, removed: flag })],
  cancel: [cancelReport.extend({ orderId: text, status: z.enum(['cancelled', 'delivered']) })],
} as const
