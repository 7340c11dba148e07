/** eSIMs that are for sale, or were. */
import { z } from 'zod'
import { planFields, reportFields } from './plan.ts'
import {
  account,
  count,
  endpointId,
  flag,
  isoTime,
  list,
  maybe,
  said,
  table,
  text,
} from './words.ts'

const stockCount = z.object({
  sellable: count,
  reserved: count,
  sold: count,
  inService: count,
  setAside: count,
})

const batchStock = stockCount.extend({ batch: text, tags: list(text) })

const tagStock = stockCount.extend({ tag: text })

const stock = stockCount.extend({
  batches: list(batchStock),
  tags: list(tagStock),
  soldPerDay: z.number(),
  daysLeft: maybe(z.number()),
  setAsideEsims: list(z.object({ endpointId, iccid: text, reason: text })),
})

const pace = {
  soldPerDay: z.number(),
  daysLeft: maybe(z.number()),
}

const endpointView = z.object({
  iccid: text,
  endpointId,
  name: said('name on the platform'),
  batch: text,
  tags: list(text),
  use: text.meta({ description: 'unused, reserved, sold, in service or set aside' }),
  orderId: maybe(text),
  soldAt: maybe(isoTime),
  open: maybe(said('what was announced for it and is not settled')),
  reason: maybe(said('why it is set aside')),
  suspended: maybe(flag),
  since: maybe(isoTime),
  lifecycle: maybe(said("the platform's own word for the state of its SIM")),
  doubt: maybe(said('why what the account says of it is not known')),
})

const endpointReport = stockCount.extend({
  endpoints: count,
  batches: list(batchStock.extend(pace)),
  tags: list(tagStock.extend(pace)),
  lifecycles: maybe(table(count)),
  ages: list(z.object({ fromDays: maybe(count), toDays: maybe(count), count })).meta({
    description: 'of those that are for sale; without days: not known since when',
  }),
  oldestSince: maybe(isoTime),
  ...pace,
})

/** The answers of the commands for it; several where a command has several. */
export const STOCK_ANSWERS = {
  esims: [z.object({ endpointId, iccid: text, forSale: flag, reason: maybe(text) })],
  stock: [stock],
  endpoints: [
    z.object({ account: maybe(account), endpoints: list(endpointView) }),
    z.object({ account: maybe(account), report: endpointReport }),
    z.object({ plan: planFields, report: reportFields.nullable() }),
  ],
} as const
