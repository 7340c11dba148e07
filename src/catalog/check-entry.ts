/** Rules that entries of several kinds have. */
import { isJsonObject, textOf } from '../json.ts'
import { normaliseName } from '../names.ts'
import { REVISION_SUFFIX } from '../resources/revision.ts'
import { type Draft, reportAt } from './drafts.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import { findOwnedFields, type OwnedFields } from './owned-fields.ts'

/** The name of what is found by it again. */
export function checkName(draft: Draft, log: IssueLog): void {
  const written = textOf(draft.raw['name'])
  const name = written === undefined ? undefined : normaliseName(written)
  if (name === '-')
    reportAt(log, draft, ['name'], {
      code: 'RESERVED_NAME',
      message: 'the platform writes "-" for no name at all',
      hint: 'give it a name that people know it by',
    })
  if (name === undefined || !REVISION_SUFFIX.test(name)) return
  reportAt(log, draft, ['name'], {
    code: 'RESERVED_NAME',
    message: `names that end like ${JSON.stringify(name.replace(REVISION_SUFFIX, ' (r2)'))} are kept for revisions`,
    hint: 'leave the ending out: a replacement adds it',
  })
}

/** That `sft:` leaves alone what this program sends. */
export function checkSft(draft: Draft, owned: OwnedFields, log: IssueLog): void {
  const sft = draft.raw['sft']
  if (!isJsonObject(sft)) return
  for (const { path, reason } of findOwnedFields(sft, owned)) {
    const problem: Problem = {
      code: 'SFT_OVERRIDES',
      message: reason,
      hint: 'remove it from sft:, which is for what the language does not have',
    }
    reportAt(log, draft, ['sft', ...path], problem, 'key')
  }
}
