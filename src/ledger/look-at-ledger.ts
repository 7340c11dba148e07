import { PlainError } from '../plain-error.ts'
import type { Decision, Ledger, LedgerKeys, LedgerRows } from '../provision/ledger.ts'
import { ledgerOver } from '../provision/memory-ledger.ts'
import { rowsOf } from '../provision/tables.ts'
import type { EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { inPlainWords, untilFree } from './in-plain-words.ts'
import { lookAtLedgerFile } from './ledger-file.ts'
import { requireKeysOf } from './ledger-standing.ts'
import { type Ask, questionsOf, rowsIn } from './questions.ts'
import { SELECT } from './sql.ts'

/** Opens the embedded ledger to read it; undefined where there is none. What would change it is refused. */
export async function lookAtFileLedger(
  location: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<Ledger | undefined> {
  const found = await lookAtLedgerFile(location, keys)
  if (found === undefined) return undefined
  if ('tables' in found)
    return readOnly({ ...ledgerOver(found.tables), location }, found.tables.rows)
  requireKeysOf(found)
  const { path, connection, cipher } = found
  const ask: Ask = async (sql, ...values) => {
    try {
      return await untilFree(path, () => connection.all(sql, ...values))
    } catch (error) {
      throw inPlainWords(path, error)
    }
  }
  const rows = rowsIn(path, connection, cipher)
  return readOnly(
    {
      location,
      ...questionsOf(path, ask, SELECT, cipher),
      async [Symbol.asyncDispose]() {
        connection.close()
      },
    },
    rows,
  )
}

function readOnly(ledger: Omit<Ledger, 'transact'>, rows: LedgerRows): Ledger {
  return {
    ...ledger,
    async transact<Result>(keys: LedgerKeys, decide: (rows: LedgerRows) => Decision<Result>) {
      const { entries, result } = await untilFree(ledger.location, () => decide(rowsOf(rows, keys)))
      if (entries.length === 0) return result
      throw new PlainError(`${ledger.location}: it is opened to be read, and this would change it`)
    },
  }
}
