import type { Ledger, LedgerEntry } from '../../src/provision/index.ts'

/** A ledger as a process of another machine writes it: nobody here can see whether its owners live. */
export function fromElsewhere(ledger: Ledger): Ledger {
  const away = (entry: LedgerEntry): LedgerEntry => {
    if (entry.table === 'orders' && entry.row.owner !== undefined)
      return { table: 'orders', row: { ...entry.row, owner: { ...entry.row.owner, host: 'far' } } }
    if (entry.table === 'esims' && entry.row.owner !== undefined)
      return { table: 'esims', row: { ...entry.row, owner: { ...entry.row.owner, host: 'far' } } }
    return entry
  }
  return {
    ...ledger,
    transact: (keys, decide) =>
      ledger.transact(keys, rows => {
        const { entries, result } = decide(rows)
        return { result, entries: entries.map(away) }
      }),
  }
}
