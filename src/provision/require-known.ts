import type { Finding } from '../finding.ts'
import { SftNotUnderstoodError } from '../sft/errors.ts'

/** What was looked for, undefined where it is known not to be there; throws an `SftError` where neither is known. */
export function requireKnown<Value>(finding: Finding<Value>): Value | undefined {
  if (finding.kind === 'not known') throw new SftNotUnderstoodError(200, finding.reason)
  return finding.kind === 'there' ? finding.value : undefined
}
