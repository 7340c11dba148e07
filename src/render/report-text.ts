import type { ApplyReport, Result } from '../apply/report.ts'
import type { JsonObject } from '../model.ts'
import { count, duration, type Paint, plain } from './paint.ts'
import { JSON_FORMAT } from './plan-json.ts'

const SHOWN = 20

/** How an apply ended, for people: what failed and why first, the counts last. */
export function renderReport(report: ApplyReport, paint: Paint = plain): readonly string[] {
  const lines: string[] = []
  const section = (status: Result['status'], title: string, line: (result: Result) => string) => {
    const results = report.results.filter(result => result.status === status)
    if (results.length === 0) return
    lines.push(title)
    for (const result of results.slice(0, SHOWN)) lines.push(`  ${line(result)}`)
    if (results.length > SHOWN)
      lines.push(`  … and ${results.length - SHOWN} more (--json lists all)`)
  }
  const told = (result: Result) => ('message' in result ? result.message : '')
  section('failed', paint('error', 'Failed'), result => `${result.address}: ${told(result)}`)
  section(
    'skipped',
    paint('warn', 'Skipped'),
    result =>
      `${result.address}: it needs ${'because' in result ? result.because : ''}, which was not done`,
  )
  section(
    'deferred',
    paint('warn', 'Deferred to the next run'),
    result => `${result.address}: ${told(result)}`,
  )
  const { done, failed, skipped, deferred } = report.counts
  lines.push(
    `${paint(failed > 0 ? 'error' : 'add', failed + skipped + deferred === 0 ? 'Done' : 'Ended')}: ${done} done, ${failed} failed, ${skipped} skipped, ${deferred} deferred; ${count(report.calls, 'call')} in ${duration(report.seconds)}`,
  )
  return lines
}

/** How an apply ended, as data. */
export function reportToJson(report: ApplyReport): JsonObject {
  return {
    format: JSON_FORMAT,
    counts: { ...report.counts },
    calls: report.calls,
    seconds: Math.round(report.seconds * 1000) / 1000,
    stopped: report.stopped,
    results: report.results.map(result => ({ ...result })),
  }
}
