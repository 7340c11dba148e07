import { csvCell, csvLine } from '../csv-text.ts'
import type { Json } from '../model.ts'
import type { ExportedAddon, ExportedOrder } from '../provision/exported-order.ts'

/** A row of a table: by column what it has. */
type Row = Readonly<Record<string, Json | undefined>>

interface OrderTable {
  readonly columns: readonly string[]
  readonly rows: (order: ExportedOrder) => readonly Row[]
}

const ORDER_COLUMNS = [
  'orderId',
  'reference',
  'status',
  'endpointId',
  'iccid',
  'msisdn',
  'esimStatus',
  'suspended',
  'kind',
  'sku',
  'plan',
  'planId',
  'uniqueId',
  'batch',
  'tags',
  'createdAt',
  'updatedAt',
  'activationCode',
  'missing',
] as const satisfies readonly (keyof ExportedOrder)[]

const ADDON_COLUMNS = [
  'uniqueId',
  'endpointId',
  'orderId',
  'planId',
  'planName',
  'plan',
  'sku',
  'status',
  'purchasedAt',
  'startsAt',
  'expiresAt',
] as const satisfies readonly (keyof ExportedAddon)[]

const USAGE_COLUMNS = [
  'endpointId',
  'uniqueId',
  'sku',
  'status',
  'grantedBytes',
  'leftBytes',
  'usedBytes',
  'unlimitedData',
  'dailyData',
  'benefits',
  'startsAt',
  'expiresAt',
  'unlimitedValidity',
  'counters',
  'refreshedAt',
  'doubt',
] as const

/** The tables of the guide api-data-flow-provisioning, made of orders. */
export const ORDER_TABLES = {
  orders: {
    columns: ORDER_COLUMNS,
    rows: order => [
      {
        ...order,
        addons: undefined,
        missing: order.missing
          .map(({ identifier, step, look }) => `${identifier} (${step}: ${look})`)
          .join('; '),
      },
    ],
  },
  addons: {
    columns: ['iccid', 'batch', ...ADDON_COLUMNS],
    rows: ({ iccid, batch, addons }) =>
      addons.map(({ usage: _usage, ...addon }) => ({ iccid, batch, ...addon })),
  },
  usage: {
    columns: USAGE_COLUMNS,
    rows: ({ addons }) =>
      addons.map(({ usage, ...addon }) => {
        const { counters, benefits, ...rest } = usage ?? {}
        return {
          ...chosen(addon, USAGE_COLUMNS),
          ...rest,
          ...(benefits && { benefits: benefits.map(benefit => ({ ...benefit })) }),
          ...(counters && { counters: [...counters] }),
        }
      }),
  },
} as const satisfies Readonly<Record<string, OrderTable>>

/** The fields of a row that are columns. */
const chosen = (row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name)))

export type OrderTableName = keyof typeof ORDER_TABLES

/** Its columns; activation codes stand in one only where they were asked for. */
const columnsOf = (table: OrderTableName, codes: boolean): readonly string[] =>
  ORDER_TABLES[table].columns.filter(column => codes || column !== 'activationCode')

/** The first line of a table as CSV. */
export const orderTableHead = (table: OrderTableName, codes: boolean): string =>
  csvLine(columnsOf(table, codes))

/** Lines of a table as CSV. */
export function orderTableLines(
  table: OrderTableName,
  orders: readonly ExportedOrder[],
  codes: boolean,
): string {
  const columns = columnsOf(table, codes)
  return rowsOf(table, orders)
    .map(row => csvLine(columns.map(column => csvCell(row[column] ?? null))))
    .join('')
}

/** Rows of a table as data; without a table, orders with their add-ons within. */
export function orderRows(
  table: OrderTableName | undefined,
  orders: readonly ExportedOrder[],
): readonly (Row | ExportedOrder)[] {
  return table === undefined ? orders : rowsOf(table, orders)
}

const rowsOf = (table: OrderTableName, orders: readonly ExportedOrder[]): readonly Row[] => {
  const { rows }: OrderTable = ORDER_TABLES[table]
  return orders.flatMap(rows)
}
