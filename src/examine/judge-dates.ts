import { parsePlatformDate } from '../sft/dates.ts'
import type { Evidence } from './evidence.ts'
import {
  answerOf,
  confirmed,
  contradicted,
  type Judge,
  some,
  textsUnder,
  untested,
} from './judgement.ts'

const NUMBERS = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b(.*)$/
const ISO = /^\d{4}-\d{2}-\d{2}/
const DAY_MS = 86_400_000
const QUARTER_MS = 900_000

type Form = 'day-first' | 'month-first'

/** The time that a date in the port's form means in UTC; undefined where it is not told or not read. */
export function timeOf(date: string | undefined): number | undefined {
  const iso = date === undefined ? undefined : parsePlatformDate(date)
  return iso === undefined ? undefined : Date.parse(iso)
}

/** Dates, by the times that answers carry and by those of add-ons. */
export const DATE_JUDGES = {
  'date-form': evidence => {
    const texts = datesOf(evidence)
    const odd = texts.filter(text => !ISO.test(text) && !NUMBERS.test(text))
    if (odd.length > 0)
      return contradicted(`there are dates such as "${odd[0]}", which are not read`)
    const told = new Set<Form>([
      ...texts.flatMap(text => plainForm(text) ?? []),
      ...evidence.stamps.flatMap(({ text, at }) => formByClock(text, at) ?? []),
    ])
    if (told.size > 1)
      return contradicted(`dates have the day first and the month first: ${some(texts)}`)
    const [form] = told
    if (form === undefined)
      return texts.some(text => ISO.test(text))
        ? confirmed('dates are ISO')
        : untested('no date was seen that tells')
    const configured: Form = evidence.form.monthFirst ? 'month-first' : 'day-first'
    return form === configured
      ? confirmed(`${form}, as in ${exampleOf(texts, form)}`)
      : contradicted(`${form}, as in ${exampleOf(texts, form)}`, { wire: { 'date-form': form } })
  },
  'date-zone': ({ stamps, form, timeZone }) => {
    for (const { text, at } of stamps) {
      const iso = parsePlatformDate(form.monthFirst ? swapped(text) : text, timeZone)
      if (iso === undefined || !/\d:\d\d/.test(text)) continue
      const ahead = Math.round((Date.parse(iso) - at) / QUARTER_MS) * QUARTER_MS
      if (Math.abs(ahead) > DAY_MS) continue
      const hours = Math.abs(ahead) / 3_600_000
      return ahead === 0
        ? confirmed(`the platform's clock shows the time of ${timeZone}`)
        : contradicted(
            `the platform's clock is ${hours} h ${ahead > 0 ? 'ahead of' : 'behind'} ${timeZone}`,
            { text: "SFT_TIME_ZONE, the zone of the account's dates" },
          )
    }
    return untested('no answer tells a time that can be read')
  },
} as const satisfies Readonly<Record<string, Judge>>

/** Dates as they came. */
function datesOf({ endpoints, stamps }: Evidence): readonly string[] {
  const keys = ['planStartDate', 'planExpiryDate', 'startDate', 'expiryDate']
  const own = endpoints.flatMap(({ rawProfile }) => textsUnder(answerOf(rawProfile), ...keys))
  return [...new Set([...own, ...stamps.map(stamp => stamp.text)])]
}

/** The form of a date that can only be one. */
function plainForm(text: string): Form | undefined {
  const [, first, second] = NUMBERS.exec(text) ?? []
  if (Number(first) > 12) return 'day-first'
  return Number(second) > 12 ? 'month-first' : undefined
}

/** The form in which a time is that of our own clock, give or take a time zone. */
function formByClock(text: string, at: number): Form | undefined {
  const isNow = (candidate: string) => {
    const time = timeOf(candidate)
    return time !== undefined && Math.abs(time - at) < 1.2 * DAY_MS
  }
  const day = isNow(text)
  const month = isNow(swapped(text))
  if (day === month) return undefined
  return day ? 'day-first' : 'month-first'
}

const swapped = (text: string): string => text.replace(NUMBERS, '$2/$1/$3$4')

const exampleOf = (texts: readonly string[], form: Form): string =>
  texts.find(text => plainForm(text) === form) ?? texts.find(text => NUMBERS.test(text)) ?? ''
