/** The history of a state's applies as rows of text, for moving it from one store to another. */
import type { MovedRow } from '../stores/moving.ts'
import type { AppliedPlan, ApplyAbout, ApplyEnd } from './apply-log.ts'

/** Where applies stand among the rows of a state. */
export const APPLIES_TABLE = 'applies'

const PAGE = 1000
/** Digits of a number as a key, so that keys have the order of numbers. */
const DIGITS = 12

/** Pages of the applies of a state, oldest first. */
export function* rowsOfHistory(applies: readonly AppliedPlan[]): Generator<readonly MovedRow[]> {
  for (let start = 0; start < applies.length; start += PAGE)
    yield applies.slice(start, start + PAGE).map(rowOf)
}

/** The applies among rows. */
export const historyIn = (rows: readonly MovedRow[]): readonly AppliedPlan[] =>
  rows.filter(({ table }) => table === APPLIES_TABLE).map(({ content }) => JSON.parse(content))

/** The same text in every store, whichever order it keeps fields in. */
const rowOf = (applied: AppliedPlan): MovedRow => {
  const { id, begunAt, endedAt, end, leftAt, supersededBy, ...about } = applied
  return {
    table: APPLIES_TABLE,
    key: String(id).padStart(DIGITS, '0'),
    content: JSON.stringify({
      id,
      begunAt,
      endedAt,
      end: end && endOf(end),
      leftAt,
      supersededBy,
      ...aboutOf(about),
    }),
  }
}

const aboutOf = (
  about: ApplyAbout,
): { [Key in keyof ApplyAbout]-?: ApplyAbout[Key] | undefined } => ({
  by: about.by,
  host: about.host,
  commit: about.commit,
  isChanged: about.isChanged,
  catalog: about.catalog,
  summary: about.summary,
  calls: about.calls,
  blocked: about.blocked,
})

const endOf = ({ outcome, counts, calls }: ApplyEnd): ApplyEnd => {
  const { done, failed, skipped, deferred } = counts
  return { outcome, counts: { done, failed, skipped, deferred }, calls }
}
