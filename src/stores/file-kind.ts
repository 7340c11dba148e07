import { open } from 'node:fs/promises'
import { isMissing } from '../durable/files.ts'
import { plainly } from '../plain-error.ts'
import type { MovedPart } from './moving.ts'

/** So much of a file tells what it is. */
const HEAD_BYTES = 16_384
const DATABASE = 'SQLite format 3\0'
/** The first of these fields tells a state, or the mark of one, from a ledger of an old form. */
const FIRST_FIELD = /"(rateZones|mark|orders)":/

/** What a file seems to hold, by how it begins; undefined: there is none, or it is neither. */
export async function fileKind(path: string): Promise<MovedPart | undefined> {
  const head = await headOf(path)
  if (head.startsWith(DATABASE)) return 'ledger'
  const field = FIRST_FIELD.exec(head)?.[1]
  if (field === undefined) return undefined
  return field === 'orders' ? 'ledger' : 'state'
}

async function headOf(path: string): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
      return buffer.toString('latin1', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissing(error)) return ''
    throw plainly(error, path)
  }
}
