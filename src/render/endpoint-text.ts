import { count, grouped } from '../counts.ts'
import type { AgeCount, EndpointReport } from '../provision/endpoint-report.ts'
import type { EndpointView } from '../provision/endpoint-view.ts'
import { gated } from './gate.ts'
import { columns, stockTable } from './ledger-text.ts'
import { type Paint, plain, type Tone, toSecond } from './paint.ts'
import { type Subject, subjectLines } from './subject.ts'

const TONE: Readonly<Record<EndpointView['use'], Tone>> = {
  unused: 'add',
  reserved: 'change',
  sold: 'dim',
  'in service': 'change',
  'set aside': 'warn',
}

/** Endpoints, a line each, and their number. */
export const renderEndpoints = (
  views: readonly EndpointView[],
  paint: Paint = plain,
  subject?: Subject,
): readonly string[] =>
  gated(paint, marked => [
    ...subjectLines(subject),
    ...columns(views.map(view => rowOf(view, marked))),
    marked('dim', `${grouped(views.length)} in all`),
  ])

function rowOf(view: EndpointView, paint: Paint): readonly string[] {
  const { iccid, endpointId, batch, tags, use, lifecycle, since, orderId, open, doubt } = view
  const more = [
    orderId === undefined ? undefined : `order ${orderId}`,
    open === undefined ? undefined : paint('warn', `${open} not settled`),
    view.reason === undefined ? undefined : paint('warn', view.reason),
    doubt === undefined ? undefined : paint('warn', doubt),
  ]
  return [
    iccid,
    endpointId,
    batch,
    tags.join(',') || '-',
    lifecycle ?? '-',
    since?.slice(0, 10) ?? '-',
    [paint(TONE[use], use), ...more].filter(Boolean).join('; '),
  ]
}

/** A report for people: batch, tag, status, age, and how long the stock lasts. */
export const renderEndpointReport = (
  report: EndpointReport,
  paint: Paint = plain,
  subject?: Subject,
): readonly string[] => gated(paint, () => [...subjectLines(subject), ...reportLines(report)])

/** How long an age is: `30 to 90 days`. */
export function ageText({ fromDays, toDays }: Omit<AgeCount, 'count'>): string {
  if (fromDays === undefined) return 'not known since when'
  return toDays === undefined ? `${fromDays} days or more` : `${fromDays} to ${toDays} days`
}

/** How long a stock lasts, as a sentence without its full stop. */
export const paceText = ({
  soldPerDay,
  daysLeft,
  sellable,
}: Pick<EndpointReport, 'soldPerDay' | 'daysLeft' | 'sellable'>): string =>
  daysLeft === undefined
    ? 'nothing was sold lately'
    : `${soldPerDay.toFixed(1)} sold a day; at that pace the ${count(sellable, 'unused one')} last ${count(Math.floor(daysLeft), 'day')}`

function reportLines(report: EndpointReport): readonly string[] {
  const { lifecycles, ages, oldestSince } = report
  const onAccount = Object.entries(lifecycles ?? {}).map(([word, many]) => `${many} ${word}`)
  const aged = ages.map(age =>
    age.fromDays === undefined
      ? `${age.count} ${ageText(age)}`
      : `${age.count} for ${ageText(age)}`,
  )
  return [
    ...stockTable(report),
    ...(onAccount.length === 0 ? [] : [`on the account: ${onAccount.join(', ')}`]),
    ...(aged.length === 0 ? [] : [`unused, in the state: ${aged.join(', ')}`]),
    ...(oldestSince === undefined
      ? []
      : [`the oldest is in the state since ${toSecond(oldestSince)}`]),
    paceText(report),
  ]
}
