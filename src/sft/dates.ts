const PLATFORM_DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/

/**
 * A platform date, `dd/mm/yyyy` or `dd/mm/yyyy hh:mm:ss` in the account's time zone, as ISO 8601 in UTC;
 * undefined for none and for what is no such date. A local time that daylight saving skips is read as
 * the same time before the change. ASSUMED (contract 1.7, U23): the zone is the account's, UTC by default.
 */
export function parsePlatformDate(text: string, timeZone = 'UTC'): string | undefined {
  const match = PLATFORM_DATE.exec(text.trim())
  if (match === null) return undefined
  const [day, month, year, hour, minute, second] = match
    .slice(1)
    .map(part => Number(part ?? '0')) as [number, number, number, number, number, number]
  const local = Date.UTC(year, month - 1, day, hour, minute, second)
  const check = new Date(local)
  const real =
    check.getUTCDate() === day &&
    check.getUTCMonth() === month - 1 &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!real) return undefined
  // The offset at the guess may be that of the other side of a change, so it is looked up twice.
  const guess = local - offsetAt(local, timeZone)
  return new Date(local - offsetAt(guess, timeZone)).toISOString()
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
