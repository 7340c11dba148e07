import type { Ledger } from './ledger.ts'
import { openTables, rowsOf } from './tables.ts'

/** A ledger that lives as long as the process: for tests and demos. Nothing of it survives. */
export function memoryLedger(): Ledger {
  const tables = openTables()
  return {
    location: 'memory',
    async transact(keys, decide) {
      const { entries, result } = decide(rowsOf(tables.rows, keys))
      for (const entry of entries) tables.apply(entry)
      return result
    },
    orders: async filter => tables.orders(filter?.unfinished === true),
    esims: async () => tables.esims(),
    usages: async () => tables.usages(),
    async [Symbol.asyncDispose]() {},
  }
}
