import { count } from '../counts.ts'
import type { AccountValues, SettingValues } from '../examine/account-values.ts'
import type { PlanField } from '../examine/plan-fields-seen.ts'
import type { SeenValue, Sighting } from '../examine/tally.ts'
import { gated } from './gate.ts'
import type { Paint } from './paint.ts'

/** What an account's objects use, for people: the fields of `account:` first. */
export const renderAccountValues = (values: AccountValues, paint: Paint): readonly string[] =>
  gated(paint, marked => linesOf(values, marked))

function linesOf({ settings, fields, notKnown }: AccountValues, paint: Paint): readonly string[] {
  return [
    paint('strong', 'For account: of the catalog'),
    ...settings.flatMap(setting => settingLines(setting, paint)),
    '',
    paint('strong', 'Fields of add-on plans, as they stand on the wire'),
    ...fields.flatMap(field => fieldLines(field, paint)),
    ...(notKnown === undefined ? [] : [paint('warn', `  not known: ${notKnown}`)]),
    '',
    'Nothing was written. What is not listed was not met, which is not to say that there is none.',
  ]
}

function settingLines(
  { setting, values, notKnown, catalog = [] }: SettingValues,
  paint: Paint,
): readonly string[] {
  const said = new Map(catalog.map(({ value, agreement }) => [value, agreement]))
  return [
    `  ${setting}`,
    ...values.map(value => {
      const agrees = said.get(value.value) === 'seen'
      return `    ${valueText(value)}${agrees ? paint('add', ' (as the catalog says)') : ''}`
    }),
    ...catalog.flatMap(({ value, agreement }) =>
      agreement === 'seen'
        ? []
        : [
            `    ${paint('warn', `the catalog says ${value}: ${agreement === 'not seen' ? 'nothing that was read has it' : 'not known whether the account has it'}`)}`,
          ],
    ),
    ...(notKnown === undefined ? [] : [`    ${paint('dim', `not known: ${notKnown}`)}`]),
  ]
}

function fieldLines({ field, values, more }: PlanField, paint: Paint): readonly string[] {
  return [
    `  ${field}`,
    ...values.flatMap(value => [
      `    ${valueText(value)}`,
      ...(value.write === undefined
        ? []
        : [
            `      ${paint('dim', `not known what it means; if that is it, account: ${value.write}`)}`,
          ]),
    ]),
    ...(more === undefined ? [] : [`    and ${count(more, 'further value')}`]),
  ]
}

const valueText = ({ value, name, meaning, seen }: SeenValue): string =>
  `${value}${name === undefined ? '' : ` "${name}"`}${meaning === undefined ? '' : ` = ${meaning}`}: seen in ${seen.map(seenText).join(', ')}`

function seenText({ where, count: times, examples }: Sighting): string {
  if (examples.length === 0) return `the ${where}`
  const named = examples.length < times ? `${examples.join(', ')}, …` : examples.join(', ')
  return `${times} ${times === 1 ? where.replace(/s$/, '') : where} (${named})`
}
