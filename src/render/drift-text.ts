import { count, grouped } from '../counts.ts'
import {
  type DriftReport,
  type EntryDrift,
  type FieldDrift,
  hasDrift,
} from '../drift/drift-report.ts'
import type { Json } from '../model.ts'
import { kindOf, kinds } from '../resources/kinds.ts'
import { membersOf, showJson } from './change-words.ts'
import {
  DIRECTION,
  DIRECTION_TONE,
  DRIFT_SIGN,
  driftCounts,
  driftCountText,
} from './drift-words.ts'
import { gated } from './gate.ts'
import { type Paint, plain } from './paint.ts'

/** Lines of one list that a terminal can hold; the rest is counted. */
const SHOWN = 12
/** Of a kind with entries that stand for many, so many are named. */
const OF_MANY = 20

/** Drift for people; the last line has the counts. */
export const renderDrift = (report: DriftReport, paint: Paint = plain): readonly string[] =>
  gated(paint, marked => driftLines(report, marked))

function driftLines(report: DriftReport, paint: Paint): readonly string[] {
  const lines: string[] = []
  for (const kind of kinds()) {
    const entries = report.entries.filter(entry => entry.kind === kind.kind)
    if (entries.length === 0) continue
    const title = kind.plural
    lines.push(paint('strong', title.charAt(0).toUpperCase() + title.slice(1)))
    const shown = kind.grouping === undefined ? entries : entries.slice(0, OF_MANY)
    for (const entry of shown) lines.push(...entryLines(entry, report, paint))
    if (entries.length > shown.length)
      lines.push(`  … and ${grouped(entries.length - shown.length)} more (--json lists all)`)
    lines.push('')
  }
  for (const { kind, field, count: n } of report.notReported)
    lines.push(
      paint(
        'dim',
        `not reported: ${field} of ${count(n, kindOf(kind).title, kindOf(kind).plural)}`,
      ),
    )
  if (report.statuses !== undefined) {
    const parts = Object.entries(report.statuses).map(([status, n]) => `${grouped(n)} ${status}`)
    if (parts.length > 0) lines.push(`Endpoints by the status of their SIM: ${parts.join(', ')}`)
  }
  const unmanaged = kinds().flatMap(({ kind, title, plural }) => {
    const n = report.unmanaged[kind] ?? 0
    return n > 0 ? [count(n, title, plural)] : []
  })
  if (unmanaged.length > 0)
    lines.push(
      paint('dim', `not managed: ${unmanaged.join(', ')}; "sft-catalog adopt" takes them over`),
    )
  lines.push(summary(report, paint))
  return lines
}

function summary(report: DriftReport, paint: Paint): string {
  const compared = kinds()
    .filter(({ identity }) => identity !== 'iccid' || report.statuses !== undefined)
    .map(({ kind, title, plural }) => count(report.compared[kind] ?? 0, title, plural))
  const parts = driftCounts(report.entries, report.unresolved.length).map(driftCountText)
  const drifted = hasDrift(report)
  return `${paint(drifted ? 'warn' : 'add', drifted ? 'Drift' : 'No drift')}: ${compared.join(', ')} compared${parts.length > 0 ? `; ${parts.join(', ')}` : ''}`
}

function entryLines(entry: EntryDrift, report: DriftReport, paint: Paint): readonly string[] {
  const tone = entry.status === 'gone' ? 'remove' : 'change'
  const lines = [
    `  ${paint(tone, `${DRIFT_SIGN[entry.status]} ${entry.address}`)}  "${entry.name}"${paint('dim', ` (${entry.id})`)}${entry.status === 'gone' ? '  gone' : ''}`,
  ]
  for (const field of entry.fields) lines.push(...fieldLines(entry, field, report, paint))
  for (const note of entry.notes) lines.push(`      ${paint('dim', note)}`)
  return lines
}

function fieldLines(
  entry: EntryDrift,
  field: FieldDrift,
  report: DriftReport,
  paint: Paint,
): readonly string[] {
  const show = kindOf(entry.kind).fields[field.field]?.show ?? showJson
  const head = `      ${field.field} ${paint(DIRECTION_TONE[field.direction], `(${DIRECTION[field.direction]})`)}`
  const notes = field.notes.map(note => `        ${paint('dim', note)}`)
  const { applied, account, wanted } = field
  if (isList(applied) && (isList(account) || isList(wanted))) {
    const side = (title: string, after: readonly Json[] | undefined) =>
      after === undefined ? [] : listLines(title, applied, after, report, paint)
    return [
      head,
      ...(field.direction === 'here'
        ? []
        : side('on the account', isList(account) ? account : undefined)),
      ...(field.direction === 'there'
        ? []
        : side('in the catalog', isList(wanted) ? wanted : undefined)),
      ...notes,
    ]
  }
  const text = (value: Json | undefined) => (value === undefined ? 'unset' : show(value))
  const after = field.direction === 'here' ? wanted : account
  const lines = [`${head}  ${paint('remove', text(applied))} → ${paint('add', text(after))}`]
  if (field.direction === 'both')
    lines.push(`        ${paint('dim', `in the catalog ${text(wanted)}`)}`)
  return [...lines, ...notes]
}

function listLines(
  title: string,
  before: readonly Json[],
  after: readonly Json[],
  report: DriftReport,
  paint: Paint,
): readonly string[] {
  const lines = membersOf(before, after, report.labels).map(({ joins, name }) =>
    joins ? paint('add', `+ ${name}`) : paint('remove', `- ${name}`),
  )
  if (lines.length === 0) return []
  const shown = lines.slice(0, SHOWN).map(line => `        ${title} ${line}`)
  return lines.length > SHOWN
    ? [...shown, `        … and ${grouped(lines.length - SHOWN)} more`]
    : shown
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
