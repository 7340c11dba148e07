import { grouped } from '../../counts.ts'
import { IDENTIFIERS, type IdentifierName, missingIdentifier } from '../../identifiers.ts'
import { exportOrders } from '../../provision/export-orders.ts'
import { viewLedger } from '../../provision/read-ledger.ts'
import { jsonLine } from '../../render/gate.ts'
import {
  ORDER_TABLES,
  type OrderTableName,
  orderRows,
  orderTableHead,
  orderTableLines,
} from '../../render/order-tables.ts'
import { ledgerLocation } from '../../settings.ts'
import { exportMapping, mappingCsv, mappingTables, tableOf } from '../../state/mapping.ts'
import type { MappingRow } from '../../state/state.ts'
import { withoutSecrets } from '../../stores/addresses.ts'
import { readState } from '../../stores/states.ts'
import { stateOf } from '../account.ts'
import { defineCommand, STATE_FLAG } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { on, text, UsageError, type Values, whole } from '../flags.ts'
import { anyOf } from '../words.ts'

const ORDER_TABLE_NAMES = Object.keys(ORDER_TABLES) as readonly OrderTableName[]

const FLAGS = {
  ...STATE_FLAG,
  format: text('HOW', 'json (default) or csv'),
  table: text(
    'NAME',
    `${anyOf(mappingTables())}; with --orders ${anyOf(ORDER_TABLE_NAMES)}; csv needs it`,
  ),
  orders: on('the orders of the ledger with their eSIMs, add-ons and usage'),
  ledger: text('FILE', 'order ledger (SFT_LEDGER; default orders.json)'),
  after: text('ORDER', 'begin after this order, as the page before said'),
  limit: whole('N', 'so many orders at most'),
  'activation-codes': on('activation codes too, which are secrets'),
} as const

type Flags = Values<typeof FLAGS>

const OF_ORDERS = 'it is about the orders of the ledger'

/** The platform guides' mapping tables, for portals that do not use the library. */
export const exportCommand = defineCommand({
  name: 'export',
  summary: 'print mapping tables: endpoints, rate zones, add-on plans; with --orders what was sold',
  usage: '[--orders] [flags]',
  flags: FLAGS,
  rules: [
    { when: '--format csv', needs: ['--table'], why: 'csv holds one table' },
    { when: '--ledger', needs: ['--orders'], why: OF_ORDERS },
    { when: '--after', needs: ['--orders'], why: OF_ORDERS },
    { when: '--limit', needs: ['--orders'], why: OF_ORDERS },
    { when: '--activation-codes', needs: ['--orders'], why: OF_ORDERS },
  ],
  run: async ({ flags }, context) => {
    const format = flags.format ?? 'json'
    if (format !== 'json' && format !== 'csv') throw new UsageError('--format is json or csv')
    if (flags.orders) await writeOrders(flags, format, context)
    else await writeMapping(flags, format, context)
    return EXIT.ok
  },
})

type Format = 'json' | 'csv'

async function writeMapping(flags: Flags, format: Format, context: Context): Promise<void> {
  const tables = mappingTables()
  const table = chosen(flags, tables)
  const mapping = exportMapping(await readState(stateOf(flags, context)))
  for (const name of table === undefined ? tables : [table])
    sayMissing(name, tableOf(mapping, name), context)
  if (format === 'csv' && table !== undefined)
    context.document(mappingCsv(tableOf(mapping, table)).trimEnd())
  else context.json(table === undefined ? mapping : tableOf(mapping, table))
}

function chosen<Name extends string>(
  { table }: Pick<Flags, 'table'>,
  tables: readonly Name[],
): Name | undefined {
  const found = tables.find(name => name === table)
  if (table !== undefined && found === undefined)
    throw new UsageError(`--table is one of ${tables.join(', ')}`)
  return found
}

/** An identifier that a row should have: the column is there and nothing stands in it. */
function sayMissing(table: string, rows: readonly MappingRow[], context: Context): void {
  for (const name of Object.keys(IDENTIFIERS) as readonly IdentifierName[]) {
    const lacking = rows.filter(row => row[name] === '')
    const [first] = lacking
    if (first === undefined) continue
    const { step, look } = missingIdentifier(name, { KEY: String(first['key'] ?? 'KEY') })
    context.err(
      context.paintErr(
        'warn',
        `warning: ${grouped(lacking.length)} of ${table} without ${name}, which ${step} yields: "${look}" looks for it`,
      ),
    )
  }
}

/** Writes page by page, so that a million orders need no more memory than a thousand. */
async function writeOrders(flags: Flags, format: Format, context: Context): Promise<void> {
  const table = chosen(flags, ORDER_TABLE_NAMES)
  const codes = flags['activation-codes']
  const state = await readState(stateOf(flags, context))
  const path = ledgerLocation(context.env, flags.ledger)
  await using ledger = await viewLedger(path, () =>
    context.err(
      context.paintErr('warn', `warning: there is no ledger at ${withoutSecrets(path)} yet`),
    ),
  )
  const pages = exportOrders(ledger, {
    state,
    activationCodes: codes,
    ...(flags.after !== undefined && { after: flags.after }),
    ...(flags.limit !== undefined && { limit: flags.limit }),
  })
  const csv = format === 'csv' ? table : undefined
  let begun = false
  const begin = () => {
    if (!begun) context.document(csv === undefined ? '{"orders":[' : head(csv, codes))
    begun = true
  }
  let next: string | undefined
  let between = ''
  for await (const page of pages) {
    begin()
    next = page.next
    if (csv !== undefined) document(orderTableLines(csv, page.orders, codes))
    else
      document(
        orderRows(table, page.orders)
          .map(row => {
            const line = `${between}${jsonLine(row)}`
            between = ','
            return line
          })
          .join('\n'),
      )
    await context.drained()
  }
  begin()
  if (csv === undefined) context.document(next === undefined ? ']}' : `],"next":${jsonLine(next)}}`)
  if (next !== undefined) context.err(context.paintErr('dim', `there is more: --after ${next}`))

  function document(text: string): void {
    // It adds the last line break; that of CSV is two signs, of which one stays.
    if (text !== '') context.document(text.replace(/\n$/, ''))
  }
}

const head = (table: OrderTableName, codes: boolean): string =>
  orderTableHead(table, codes).replace(/\n$/, '')
