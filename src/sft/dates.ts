const DAY_FIRST =
  /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$/
const YEAR_FIRST =
  /^(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i

/** Which instant a date without a time means: when its day begins, or its end, as the end of a validity does. */
type DayEdge = 'start' | 'end'

/**
 * A platform date as ISO 8601 in UTC: `dd/mm/yyyy` or `yyyy-mm-dd`, with slashes, dashes or dots, with or
 * without a time, in the account's time zone where it names none; undefined for what is no such date. A date
 * that can only be meant month first is read so; which one an ambiguous date is, is settled before
 * (wire-form.ts). A local time that daylight saving skips is read as the same time before the change.
 * ASSUMED (contract 1.7, U23): the zone is the account's, UTC by default.
 */
export function parsePlatformDate(
  text: string,
  timeZone = 'UTC',
  edge: DayEdge = 'start',
): string | undefined {
  const parts = partsOf(text.trim())
  if (parts === undefined) return undefined
  const { year, month, day, time, zone } = parts
  const [hour, minute, second] = time ?? (edge === 'start' ? [0, 0, 0] : [23, 59, 59])
  const local = Date.UTC(year, month - 1, day, hour, minute, second)
  const check = new Date(local)
  const real =
    check.getUTCDate() === day &&
    check.getUTCMonth() === month - 1 &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!real) return undefined
  if (zone !== undefined) return new Date(local - zone * 60_000).toISOString()
  // The offset at the guess may be that of the other side of a change, so it is looked up twice.
  const guess = local - offsetAt(local, timeZone)
  return new Date(local - offsetAt(guess, timeZone)).toISOString()
}

interface DateParts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly time: readonly [number, number, number] | undefined
  /** Minutes ahead of UTC, where the date says. */
  readonly zone: number | undefined
}

function partsOf(text: string): DateParts | undefined {
  const yearFirst = YEAR_FIRST.exec(text)
  const match = yearFirst ?? DAY_FIRST.exec(text)
  if (match === null) return undefined
  const [one, two, three] = [match[1], match[3], match[4]].map(Number)
  if (one === undefined || two === undefined || three === undefined) return undefined
  const time: DateParts['time'] =
    match[5] === undefined
      ? undefined
      : [Number(match[5]), Number(match[6]), Number(match[7] ?? '0')]
  if (yearFirst !== null)
    return { year: one, month: two, day: three, time, zone: minutesOf(match[8]) }
  const isMonthFirst = two > 12 && one <= 12
  const [day, month] = isMonthFirst ? [two, one] : [one, two]
  return { year: three, month, day, time, zone: undefined }
}

function minutesOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined
  if (zone.toUpperCase() === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return zone.startsWith('-') ? -minutes : minutes
}

function offsetAt(time: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(time)
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find(candidate => candidate.type === type)?.value ?? '0')
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return shown - Math.floor(time / 1000) * 1000
}
