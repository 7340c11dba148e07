import { count } from '../counts.ts'
import type { StockPace } from '../provision/endpoint-report.ts'
import type { OrderView } from '../provision/order-view.ts'
import type { BatchStock, Stock, StockCount, TagStock } from '../provision/stock.ts'
import type { EndpointUsage, InstanceUsage } from '../provision/usage.ts'
import { formatBytes } from '../units.ts'
import { gated } from './gate.ts'
import { type Paint, plain, type Tone, toSecond } from './paint.ts'

const STATUS_TONE: Readonly<Record<string, Tone>> = {
  delivered: 'add',
  failed: 'error',
  cancelled: 'dim',
  active: 'add',
  waiting: 'change',
  exhausted: 'error',
  expired: 'dim',
  removed: 'dim',
  'removed elsewhere': 'warn',
  ended: 'dim',
  'not known': 'warn',
}
const toned = (paint: Paint, status: string): string => paint(STATUS_TONE[status] ?? 'warn', status)

/** Columns of equal width, the last one as it is. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** An order with its steps. */
export const renderOrder = (order: OrderView, paint: Paint = plain): readonly string[] =>
  gated(paint, marked => orderLines(order, marked))

function orderLines(order: OrderView, paint: Paint): readonly string[] {
  const where = [
    ...(order.endpointId === undefined ? [] : [`endpoint ${order.endpointId}`]),
    ...(order.iccid === undefined ? [] : [`ICCID ${order.iccid}`]),
    ...(order.suspended === true ? [paint('warn', 'suspended')] : []),
    ...(order.uniqueId === undefined ? [] : [`instance ${order.uniqueId}`]),
    ...(order.unsettled === undefined
      ? []
      : [paint('warn', `outcome of "${order.unsettled}" not known yet`)]),
    ...(order.owner === undefined ? [] : [`in work at ${order.owner}`]),
  ]
  return [
    `${order.orderId}  ${order.kind} of ${order.sku}: ${toned(paint, order.status)}${where.length === 0 ? '' : `, ${where.join(', ')}`}`,
    ...columns(
      order.steps.map(step => [
        `  ${toSecond(step.at)}`,
        step.step,
        step.outcome,
        [step.endpointId && `endpoint ${step.endpointId}`, step.detail, step.by && `by ${step.by}`]
          .filter(Boolean)
          .join(': '),
      ]),
    ),
    ...(order.failure === undefined ? [] : [paint('error', `  ${order.failure.message}`)]),
  ]
}

/** Orders, a line each, and their number. */
export const renderOrders = (
  orders: readonly OrderView[],
  paint: Paint = plain,
): readonly string[] => gated(paint, marked => ordersLines(orders, marked))

function ordersLines(orders: readonly OrderView[], paint: Paint): readonly string[] {
  const rows = orders.map(order => [
    toSecond(order.createdAt),
    order.orderId,
    order.kind,
    order.sku,
    order.endpointId ?? '-',
    order.status,
  ])
  return [...columns(rows), paint('dim', count(orders.length, 'order'))]
}

const BAR = 20

const size = (bytes: number | undefined): string =>
  bytes === undefined ? 'not reported' : formatBytes(bytes)

/** What is used of what was granted: data, and what is counted beside it. */
function grantedText(instance: InstanceUsage): string {
  const { usedBytes, grantedBytes, unlimitedData, dailyData, benefits = [] } = instance
  const data = unlimitedData
    ? 'data without an end'
    : `${size(usedBytes)} of ${size(grantedBytes)}${dailyData ? ' a day' : ''}`
  const counted = benefits.map(
    ({ name, granted, left }) =>
      `${name} ${left ?? 'not reported'} of ${granted ?? 'not reported'} left`,
  )
  return [data, ...counted].join(', ')
}

function bar(instance: InstanceUsage): string {
  const { grantedBytes, leftBytes } = instance
  if (grantedBytes === undefined || leftBytes === undefined || grantedBytes <= 0)
    return '·'.repeat(BAR)
  const used = Math.min(BAR, Math.max(0, Math.round((1 - leftBytes / grantedBytes) * BAR)))
  return '█'.repeat(used) + '░'.repeat(BAR - used)
}

function validityOf({ expiresAt, status, unlimitedValidity }: InstanceUsage): string {
  if (expiresAt !== undefined) return `until ${toSecond(expiresAt)}`
  if (unlimitedValidity) return 'no end'
  return status === 'waiting' ? 'not started' : 'end not known'
}

/** Which instance it is, whose, and until when. */
const instanceText = (instance: InstanceUsage): string =>
  [
    `instance ${instance.uniqueId}`,
    instance.origin === 'order' ? `order ${instance.orderId ?? 'not known'}` : instance.origin,
    validityOf(instance),
  ].join(', ')

/** The add-on instances of an endpoint, each with a bar of what is used. */
export const renderUsage = (usage: EndpointUsage, paint: Paint = plain): readonly string[] =>
  gated(paint, marked => usageLines(usage, marked))

function usageLines(usage: EndpointUsage, paint: Paint): readonly string[] {
  const rows = columns(
    usage.instances.map(instance => [
      `  ${instance.planName ?? instance.planId ?? '-'}`,
      bar(instance),
      grantedText(instance),
      toned(paint, instance.status),
    ]),
  )
  return [
    `endpoint ${usage.endpointId}: ${count(usage.instances.length, 'add-on instance')}, read ${toSecond(usage.refreshedAt)}`,
    ...usage.instances.flatMap((instance, at) => [
      rows[at] ?? '',
      paint('dim', `    ${instanceText(instance)}`),
    ]),
    ...(usage.counters ?? []).map(
      counter =>
        `  counter, as the platform writes it: ${Object.entries(counter)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`,
    ),
    ...(usage.doubt === undefined
      ? []
      : [paint('warn', `not known in full, kept as it was: ${usage.doubt}`)]),
  ]
}

/** Stock by batch and tag, and how long it lasts. */
export const renderStock = (stock: Stock, paint: Paint = plain): readonly string[] =>
  gated(paint, marked => stockLines(stock, marked))

/** What stock is counted as, in the order in which it is told. */
export const STOCK_KINDS = [
  'sellable',
  'reserved',
  'sold',
  'inService',
  'setAside',
] as const satisfies readonly (keyof StockCount)[]
export const STOCK_HEADS: Readonly<Record<(typeof STOCK_KINDS)[number], string>> = {
  sellable: 'sellable',
  reserved: 'reserved',
  sold: 'sold',
  inService: 'in service',
  setAside: 'set aside',
}

type Lasting = StockCount & Partial<StockPace>

/** Counts by batch and tag, as a table; with their pace, where it is known by batch. */
export function stockTable(
  stock: Lasting & {
    readonly batches: readonly (BatchStock & Partial<StockPace>)[]
    readonly tags: readonly (TagStock & Partial<StockPace>)[]
  },
): readonly string[] {
  const isPaced = stock.batches.some(({ soldPerDay }) => soldPerDay !== undefined)
  const paceOf = ({ soldPerDay = 0, daysLeft }: Lasting) =>
    isPaced
      ? [soldPerDay.toFixed(1), daysLeft === undefined ? '-' : String(Math.floor(daysLeft))]
      : []
  const counts = (of: Lasting) => [...STOCK_KINDS.map(kind => String(of[kind])), ...paceOf(of)]
  const rows = [
    [
      '',
      ...STOCK_KINDS.map(kind => STOCK_HEADS[kind]),
      ...(isPaced ? ['sold a day', 'days left'] : []),
    ],
    ...stock.batches.map(batch => [`batch ${batch.batch}`, ...counts(batch)]),
    ...stock.tags.map(tag => [`tag ${tag.tag}`, ...counts(tag)]),
    ['all', ...counts(stock)],
  ]
  return columns(rows)
}

function stockLines(stock: Stock, paint: Paint): readonly string[] {
  const lasts =
    stock.daysLeft === undefined
      ? 'nothing was sold lately'
      : `${stock.soldPerDay.toFixed(1)} sold a day; at that rate the stock lasts ${count(Math.floor(stock.daysLeft), 'day')}`
  return [
    ...stockTable(stock),
    ...stock.setAsideEsims.map(esim =>
      paint('warn', `set aside: ${esim.iccid} (endpoint ${esim.endpointId}): ${esim.reason}`),
    ),
    lasts,
  ]
}
