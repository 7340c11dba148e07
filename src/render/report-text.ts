import type { ApplyReport, Result } from '../apply/report.ts'
import { count, grouped } from '../counts.ts'
import { kinds } from '../resources/kinds.ts'
import { JSON_FORMATS } from './formats.ts'
import { gated } from './gate.ts'
import type { JsonAnswer } from './outputs.ts'
import { duration, type Paint, plain } from './paint.ts'
import { type Subject, subjectLines } from './subject.ts'

/** Reasons of one section, and addresses of one reason, that a terminal can hold. */
const SHOWN = 20
const ADDRESSES = 3

/** How an apply ended, for people: what failed and why first, the counts last. */
export const renderReport = (
  report: ApplyReport,
  paint: Paint = plain,
  subject?: Subject,
): readonly string[] => gated(paint, marked => reportLines(report, marked, subject))

function reportLines(report: ApplyReport, paint: Paint, subject?: Subject): readonly string[] {
  const { done, failed, skipped, deferred } = report.counts
  const blocked = report.blocked.length
  return [
    ...subjectLines(subject),
    ...section(report, 'failed', paint('error', 'Failed')),
    ...section(report, 'skipped', paint('warn', 'Skipped')),
    ...deferredLines(report, paint),
    `${paint(failed > 0 ? 'error' : 'add', failed + skipped + deferred + blocked === 0 ? 'Done' : 'Ended')}: ${grouped(done)} done, ${grouped(failed)} failed, ${grouped(skipped)} skipped, ${grouped(deferred)} deferred${blocked > 0 ? `, ${grouped(blocked)} blocked` : ''}; ${count(report.calls, 'call')} in ${duration(report.seconds)}`,
  ]
}

const reasonOf = (result: Result): string =>
  result.status === 'skipped'
    ? `it needs ${result.because}, which was not done`
    : 'message' in result
      ? result.message
      : ''

/** What the next run does: one line a kind, since all of it waits for the same. */
function deferredLines(report: ApplyReport, paint: Paint): readonly string[] {
  const lines = kinds().flatMap(({ kind, title, plural }) => {
    const results = report.results.filter(one => one.status === 'deferred' && one.kind === kind)
    if (results.length === 0) return []
    const named = results.slice(0, ADDRESSES).map(({ address }) => address)
    const more = results.length > named.length ? ', …' : ''
    const reasons = new Set(results.map(reasonOf))
    // What needs something deferred is deferred for its reason.
    const [reason = ''] = [...reasons].filter(one => !one.startsWith('it needs '))
    return `  ${count(results.length, title, plural)} (${named.join(', ')}${more})${reason === '' ? '' : `: ${reason}`}`
  })
  return lines.length === 0 ? [] : [paint('warn', 'Deferred to the next run'), ...lines]
}

/** Results of one status, those of one reason together. */
function section(report: ApplyReport, status: Result['status'], title: string): readonly string[] {
  const byReason = new Map<string, Result[]>()
  for (const result of report.results) {
    if (result.status !== status) continue
    const same = byReason.get(reasonOf(result))
    if (same === undefined) byReason.set(reasonOf(result), [result])
    else same.push(result)
  }
  if (byReason.size === 0) return []
  const lines = [...byReason].slice(0, SHOWN).map(([reason, results]) => {
    const named = results.slice(0, ADDRESSES).map(result => result.address)
    const more = results.length - named.length
    return `  ${named.join(', ')}${more > 0 ? ` and ${count(more, 'more', 'more')}` : ''}: ${reason}`
  })
  const rest = byReason.size - SHOWN
  return [
    title,
    ...lines,
    ...(rest > 0 ? [`  … and ${count(rest, 'more reason')} (--json lists all)`] : []),
  ]
}

/** A report as `apply --json` has it. */
export type ReportJson = NonNullable<
  Extract<JsonAnswer<'apply'>, { readonly report: unknown }>['report']
>

/** How an apply ended, as data. */
export function reportToJson(report: ApplyReport): ReportJson {
  return {
    format: JSON_FORMATS.apply,
    counts: { ...report.counts },
    calls: report.calls,
    seconds: Math.round(report.seconds * 1000) / 1000,
    stopped: report.stopped,
    blocked: report.blocked,
    results: report.results.map(result => ({ ...result })),
  }
}
