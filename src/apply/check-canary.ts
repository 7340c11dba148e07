import { isDeepStrictEqual } from 'node:util'
import type { Kind } from '../resources/kind.ts'
import { kindOf } from '../resources/kinds.ts'
import { SftError } from '../sft/errors.ts'
import { recordOf } from '../state/records.ts'
import { failed } from './endings.ts'
import type { Result } from './report.ts'
import type { ApplyRun } from './run.ts'

/** Reads canary objects back: one that is not what was written counts as failed, and stops the rest. */
export function checkCanary(run: ApplyRun, results: readonly Result[]): Promise<readonly Result[]> {
  return Promise.all(results.map(result => check(run, result)))
}

async function check(run: ApplyRun, result: Result): Promise<Result> {
  const record = recordOf(run.store.state, result.address)
  if (result.status !== 'done' || result.id === undefined || record === undefined) return result
  const kind: Kind = kindOf(result.kind)
  try {
    const key = result.address.slice(result.kind.length + 1)
    const read = await kind.read(run.sft.read, result.id, key)
    if (read.kind !== 'there')
      return failed(result, `${kind.title} ${result.id} does not read back`)
    const has = read.value
    const other = Object.keys(has).filter(
      field => !isDeepStrictEqual(has[field], record.spec[field]),
    )
    if (other.length === 0) return result
    const told = other.map(field => `${field} ${JSON.stringify(has[field])}`).join(', ')
    return failed(result, `${kind.title} ${result.id} reads back with ${told}`)
  } catch (error) {
    if (!(error instanceof SftError)) throw error
    return failed(result, `${kind.title} ${result.id} could not be read back: ${error.message}`)
  }
}
