import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type {
  AddonRow,
  AddonStatus,
  EsimRow,
  EsimStatus,
  LedgerEntry,
  LedgerKeys,
  LedgerProcess,
  LedgerRows,
  OrderKind,
  OrderRow,
  OrderStatus,
  UsageRow,
} from './ledger.ts'
import { isUnfinished } from './ledger.ts'

/** 1 is that of release 0.1.0: no lineage, and no digest in its file. */
export const LEDGER_VERSION = 2
export const UNSEALED_LEDGER_VERSION = 1

/** All rows by their keys, as a snapshot holds them. */
export interface LedgerSnapshot {
  readonly version: typeof LEDGER_VERSION | typeof UNSEALED_LEDGER_VERSION
  /** Made once for a ledger; each line of its journal has it too. */
  readonly lineage: string
  /** Number of the last entry that is in it. */
  readonly serial: number
  readonly orders: Readonly<Record<string, OrderRow>>
  readonly esims: Readonly<Record<string, EsimRow>>
  readonly addons: Readonly<Record<string, AddonRow>>
  readonly usage: Readonly<Record<string, UsageRow>>
  readonly processes: Readonly<Record<string, LedgerProcess>>
}

const TABLES = ['orders', 'esims', 'addons', 'usage', 'processes'] as const

const tableOf = (name: (typeof TABLES)[number]) =>
  z.looseObject({}, { error: `has no table '${name}'` })

const NO_LEDGER = 'is not a ledger: it has no version'

/** What stands above the rows. */
const HEAD = z.looseObject(
  {
    version: z.literal([LEDGER_VERSION, UNSEALED_LEDGER_VERSION], {
      error: ({ input }) =>
        input === undefined
          ? NO_LEDGER
          : `has version ${String(input)}, and this program reads version ${LEDGER_VERSION}`,
    }),
    orders: tableOf('orders'),
    esims: tableOf('esims'),
    addons: tableOf('addons'),
    usage: tableOf('usage'),
    processes: tableOf('processes'),
    serial: z.int({ error: 'has no serial' }),
    lineage: z.string({ error: 'has no lineage' }).min(1, { error: 'has no lineage' }).optional(),
  },
  { error: NO_LEDGER },
)

/** Judges a parsed snapshot; throws an error that says what is wrong. */
export function decodeSnapshot(value: unknown): LedgerSnapshot {
  const { data, error } = HEAD.safeParse(value)
  if (data === undefined) throw new Error(error.issues[0]?.message)
  const { version, lineage } = data
  if (version === LEDGER_VERSION && lineage === undefined) throw new Error('has no lineage')
  const rows = value as Omit<LedgerSnapshot, 'lineage'>
  const snapshot: LedgerSnapshot = { ...rows, lineage: lineage ?? randomUUID() }
  for (const table of TABLES)
    for (const [key, row] of Object.entries(snapshot[table])) {
      const problem = rowProblem(table, row)
      if (problem !== undefined) throw new Error(`${table}.${key} ${problem}`)
    }
  return snapshot
}

const ORDER_STATUSES: Readonly<Record<OrderStatus, true>> = {
  new: true,
  reserved: true,
  activated: true,
  delivered: true,
  failed: true,
  cancelled: true,
}
const ESIM_STATUSES: Readonly<Record<EsimStatus, true>> = {
  selected: true,
  activated: true,
  delivered: true,
  'set aside': true,
  released: true,
  'in service': true,
  'being made': true,
  made: true,
  'not made': true,
}
const ADDON_STATUSES: Readonly<Record<AddonStatus, true>> = {
  waiting: true,
  active: true,
  exhausted: true,
  expired: true,
  removed: true,
  'removed elsewhere': true,
  ended: true,
  'not known': true,
}
const ORDER_KINDS: Readonly<Record<OrderKind, true>> = { purchase: true, topUp: true }

/** The fields of each table that decide what is done, with the values that this version knows. */
const KNOWN: Readonly<
  Record<LedgerEntry['table'], Readonly<Record<string, Readonly<Record<string, true>>>>>
> = {
  orders: { status: ORDER_STATUSES, kind: ORDER_KINDS },
  esims: { status: ESIM_STATUSES },
  addons: { status: ADDON_STATUSES },
  usage: {},
  processes: {},
}

/** What makes a row one that nothing may be decided on; undefined: nothing. */
export function rowProblem(table: LedgerEntry['table'], row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null) return 'is no row'
  for (const [field, known] of Object.entries(KNOWN[table])) {
    const value: unknown = Reflect.get(row, field)
    if (typeof value !== 'string' || !Object.hasOwn(known, value))
      return `has the ${field} ${JSON.stringify(value)}, which this version does not know: it was changed by hand, or written by a newer sft-catalog`
  }
  return undefined
}

/** Release 0.1.0 took numbers as order IDs, which a snapshot has as text: both find the same order. */
const keyOf = (orderId: string): string => String(orderId)

function keep<Row>(rows: Map<string, Row>, key: string, row: Row, isIn: boolean): void {
  if (isIn) rows.set(key, row)
  else rows.delete(key)
}

/** The tables in memory, for stores that keep them there. */
export interface LedgerTables {
  readonly rows: LedgerRows
  apply(entry: LedgerEntry): void
  orders(unfinished: boolean): readonly OrderRow[]
  esims(): readonly EsimRow[]
  usages(): readonly UsageRow[]
  snapshot(place: Pick<LedgerSnapshot, 'version' | 'lineage' | 'serial'>): LedgerSnapshot
}

/** Tables with the rows of a snapshot, or none. */
export function openTables(snapshot?: LedgerSnapshot): LedgerTables {
  const orders = new Map<string, OrderRow>()
  const unfinished = new Map<string, OrderRow>()
  const esims = new Map<string, EsimRow>()
  const addons = new Map<string, Map<string, AddonRow>>()
  const usage = new Map<string, UsageRow>()
  const processes = new Map<string, LedgerProcess>()
  /** Rows on which somebody works. */
  const owned = new Map<string, OrderRow | EsimRow>()

  const apply = (entry: LedgerEntry): void => {
    switch (entry.table) {
      case 'orders':
        keep(orders, keyOf(entry.row.orderId), entry.row, true)
        keep(unfinished, keyOf(entry.row.orderId), entry.row, isUnfinished(entry.row))
        keep(owned, `order ${keyOf(entry.row.orderId)}`, entry.row, entry.row.owner !== undefined)
        return
      case 'esims':
        keep(esims, entry.row.endpointId, entry.row, true)
        keep(owned, `esim ${entry.row.endpointId}`, entry.row, entry.row.owner !== undefined)
        return
      case 'addons': {
        const there = addons.get(entry.row.endpointId) ?? new Map<string, AddonRow>()
        addons.set(entry.row.endpointId, there.set(entry.row.uniqueId, entry.row))
        return
      }
      case 'usage':
        usage.set(entry.row.endpointId, entry.row)
        return
      case 'processes':
        processes.set(entry.row.id, entry.row)
        return
    }
  }
  for (const row of Object.values(snapshot?.orders ?? {})) apply({ table: 'orders', row })
  for (const row of Object.values(snapshot?.esims ?? {})) apply({ table: 'esims', row })
  for (const row of Object.values(snapshot?.addons ?? {})) apply({ table: 'addons', row })
  for (const row of Object.values(snapshot?.usage ?? {})) apply({ table: 'usage', row })
  for (const row of Object.values(snapshot?.processes ?? {})) apply({ table: 'processes', row })

  return {
    rows: {
      order: orderId => orders.get(keyOf(orderId)),
      esim: endpointId => esims.get(endpointId),
      addons: endpointId => [...(addons.get(endpointId)?.values() ?? [])],
      usage: endpointId => usage.get(endpointId),
      process: id => processes.get(id),
    },
    apply,
    orders: onlyUnfinished =>
      [...(onlyUnfinished ? unfinished : orders).values()].sort((one, other) =>
        one.createdAt < other.createdAt ? -1 : Number(one.createdAt > other.createdAt),
      ),
    esims: () => [...esims.values()],
    usages: () => [...usage.values()],
    snapshot: ({ version, lineage, serial }) => ({
      version,
      lineage,
      serial,
      orders: Object.fromEntries(orders),
      esims: Object.fromEntries(esims),
      addons: Object.fromEntries(
        [...addons.values()].flatMap(there =>
          [...there.values()].map(row => [`${row.endpointId}/${row.uniqueId}`, row]),
        ),
      ),
      usage: Object.fromEntries(usage),
      processes: Object.fromEntries(processesInUse(processes, owned)),
    }),
  }
}

/** The rows of a snapshot, one by one; usage before the eSIMs that it is of. */
export function* entriesOf(snapshot: LedgerSnapshot): Generator<LedgerEntry> {
  for (const row of Object.values(snapshot.usage)) yield { table: 'usage', row }
  for (const row of Object.values(snapshot.orders)) yield { table: 'orders', row }
  for (const row of Object.values(snapshot.esims)) yield { table: 'esims', row }
  for (const row of Object.values(snapshot.addons)) yield { table: 'addons', row }
  for (const row of Object.values(snapshot.processes)) yield { table: 'processes', row }
}

/** The rows of the keys and no others, so that no decision works only where all rows are at hand. */
export function rowsOf(rows: LedgerRows, keys: LedgerKeys): LedgerRows {
  const check = (id: string, among: readonly string[] | undefined): string => {
    if (among?.includes(id)) return id
    throw new Error(`the decision reads the rows of ${id}, which is not among its keys`)
  }
  return {
    order: orderId => rows.order(check(orderId, keys.orderIds)),
    esim: endpointId => rows.esim(check(endpointId, keys.endpointIds)),
    addons: endpointId => rows.addons(check(endpointId, keys.endpointIds)),
    usage: endpointId => rows.usage(check(endpointId, keys.endpointIds)),
    process: rows.process,
  }
}

/** Only those that a row still names; the others have nothing to be found alive for. */
function processesInUse(
  processes: ReadonlyMap<string, LedgerProcess>,
  owned: ReadonlyMap<string, OrderRow | EsimRow>,
): readonly (readonly [string, LedgerProcess])[] {
  const owners = new Set([...owned.values()].map(row => row.owner?.id))
  return [...processes].filter(([id]) => owners.has(id))
}
