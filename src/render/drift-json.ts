import {
  type DriftReport,
  driftOutcome,
  type EntryDrift,
  hasDrift,
} from '../drift/compare-drift.ts'
import type { JsonObject } from '../model.ts'
import { JSON_FORMAT, outcomeToJson } from './plan-json.ts'
import { type Subject, subjectToJson } from './subject.ts'

/** Drift as data for programs. `exitCode` is that of `drift --detailed-exitcode`. */
export function driftToJson(report: DriftReport, subject?: Subject): JsonObject {
  return {
    format: JSON_FORMAT,
    ...subjectToJson(subject),
    drift: hasDrift(report),
    ...outcomeToJson(driftOutcome(report)),
    compared: { ...report.compared },
    unmanaged: { ...report.unmanaged },
    entries: report.entries.map(entryToJson),
    notReported: report.notReported.map(item => ({ ...item })),
    ...(report.statuses && { statuses: { ...report.statuses } }),
  }
}

const entryToJson = (entry: EntryDrift): JsonObject => ({
  address: entry.address,
  kind: entry.kind,
  name: entry.name,
  id: entry.id,
  status: entry.status,
  fields: entry.fields.map(field => ({ ...field })),
  ...(entry.notes.length > 0 && { notes: entry.notes }),
  ...(entry.position && { position: { ...entry.position } }),
})
