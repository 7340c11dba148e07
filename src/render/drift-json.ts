import { type DriftReport, type EntryDrift, hasDrift } from '../drift/drift-report.ts'
import type { Issue } from '../issues.ts'
import type { JsonAnswer } from './outputs.ts'
import { issueToJson } from './plan-json.ts'
import { type Subject, subjectToJson } from './subject.ts'

/** What `drift` answers unless it takes something over. */
export type DriftJson = Extract<JsonAnswer<'drift'>, { readonly drift: boolean }>

/** Drift as data for programs. */
export function driftToJson(report: DriftReport, subject?: Subject): DriftJson {
  return {
    ...subjectToJson(subject),
    drift: hasDrift(report),
    compared: { ...report.compared },
    unmanaged: { ...report.unmanaged },
    entries: report.entries.map(entryToJson),
    notReported: report.notReported.map(item => ({ ...item })),
    ...(report.statuses && { statuses: { ...report.statuses } }),
  }
}

/** What a page of drift says besides its JSON. */
export const driftFacts = (report: DriftReport, issues: readonly Issue[], subject?: Subject) => ({
  drift: driftToJson(report, subject),
  issues: issues.map(issueToJson),
  labels: report.labels,
  notKnown: report.unresolved.length,
})

const entryToJson = (entry: EntryDrift) => ({
  address: entry.address,
  kind: entry.kind,
  name: entry.name,
  id: entry.id,
  status: entry.status,
  fields: entry.fields.map(field => ({ ...field })),
  ...(entry.notes.length > 0 && { notes: entry.notes }),
  ...(entry.position && { position: { ...entry.position } }),
})
