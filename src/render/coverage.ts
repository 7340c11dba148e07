import { count, grouped } from '../counts.ts'
import type { Coverage, ZoneCoverage } from '../resources/zone-coverage.ts'
import { gated } from './gate.ts'
import { markdownText } from './markdown.ts'
import type { JsonAnswer } from './outputs.ts'
import { type Paint, plain } from './paint.ts'
import { type Subject, subjectLines, subjectToJson } from './subject.ts'

const SHOWN = 10
/** Countries in no zone that are named in a terminal. */
const MOST_UNSOLD = 20

const few = (items: readonly string[]): string =>
  items.length > SHOWN
    ? `${items.slice(0, SHOWN).join('; ')}; … and ${grouped(items.length - SHOWN)} more`
    : items.join('; ')

type Summed = Pick<ZoneCoverage, 'lost' | 'available' | 'nearEmpty'>

/** What is said where no zone needs a look. */
export const nothingToSee = ({ whole }: Pick<Coverage, 'whole'>): string =>
  whole
    ? 'Every zone has what it should.'
    : 'Of what the account told, every zone has what it should.'

/** Whether a zone needs a look. */
export const isRemarkable = ({ lost, available, nearEmpty }: Summed): boolean =>
  lost.length > 0 || available.length > 0 || nearEmpty

const sizeOf = (zone: ZoneCoverage): string =>
  zone.networks === undefined ? 'not created yet' : count(zone.networks, 'network')

/** What coverage comes to, in a sentence. */
export const coverageSummary = ({
  whole,
  zones,
  unsold,
}: {
  readonly whole: boolean
  readonly zones: readonly Summed[]
  readonly unsold: readonly unknown[]
}): string =>
  `Coverage: ${count(zones.length, 'zone')}, ${zones.filter(zone => zone.lost.length > 0).length} lost networks, ${zones.filter(zone => zone.available.length > 0).length} may gain some, ${zones.filter(zone => zone.nearEmpty).length} close to empty; ${count(unsold.length, 'country', 'countries')} in no zone${whole ? '' : '; more is not known, since the account told a part of its lists'}`

/** Coverage for people: zones that need a look, countries not sold, and the counts last. */
export const renderCoverage = (coverage: Coverage, paint: Paint = plain): readonly string[] =>
  gated(paint, marked => coverageLines(coverage, marked))

function coverageLines(coverage: Coverage, paint: Paint): readonly string[] {
  const lines: string[] = []
  for (const zone of coverage.zones.filter(isRemarkable)) {
    lines.push(
      `${paint('strong', zone.address)}  "${zone.name}"  ${zone.nearEmpty ? paint('error', `${sizeOf(zone)}, close to empty`) : sizeOf(zone)}`,
    )
    if (zone.lost.length > 0) lines.push(`  ${paint('remove', `lost: ${few(zone.lost)}`)}`)
    if (zone.available.length > 0)
      lines.push(`  ${paint('add', `available, "apply" adds them: ${few(zone.available)}`)}`)
  }
  if (coverage.unsold.length > 0)
    lines.push(`${paint('strong', 'Covered and in no zone')}  ${unsoldText(coverage.unsold)}`)
  if (coverage.homeless.length > 0)
    lines.push(`${paint('warn', 'Networks of no known country')}  ${few(coverage.homeless)}`)
  lines.push(coverageSummary(coverage))
  return lines
}

/** The countries where most is to be had, and how many more there are. */
function unsoldText(unsold: Coverage['unsold']): string {
  const first = unsold.toSorted((a, b) => b.networks - a.networks).slice(0, MOST_UNSOLD)
  const named = first.map(({ country, name, networks }) => `${name} (${country}, ${networks})`)
  const more = unsold.length - first.length
  return more === 0
    ? named.join(', ')
    : `${named.join(', ')} and ${grouped(more)} more (--markdown and --json have all)`
}

/** Coverage as Markdown, for an issue or a wiki. */
export function coverageMarkdown(coverage: Coverage, subject?: Subject): string {
  const rows = coverage.zones
    .filter(isRemarkable)
    .map(
      zone =>
        `| \`${zone.address}\` | ${zone.networks ?? '–'} | ${markdownText(few(zone.lost)) || '–'} | ${markdownText(few(zone.available)) || '–'} |`,
    )
  const table =
    rows.length === 0
      ? [nothingToSee(coverage)]
      : ['| zone | networks | lost | available |', '|---|---|---|---|', ...rows]
  const unsold = coverage.unsold.map(
    ({ country, name, networks }) =>
      `| ${markdownText(name)} (${markdownText(country)}) | ${networks} |`,
  )
  const countries =
    unsold.length === 0
      ? []
      : [
          '',
          '<details><summary>Covered and in no zone</summary>',
          '',
          '| country | networks |',
          '|---|---|',
          ...unsold,
          '',
          '</details>',
        ]
  const about = subjectLines(subject)
    .map(markdownText)
    .flatMap(line => [line, ''])
  return [
    '## Coverage',
    '',
    ...about,
    coverageSummary(coverage),
    '',
    ...table,
    ...countries,
    '',
  ].join('\n')
}

/** Coverage as data: what `coverage` answers, unless it lists networks. */
export type CoverageJson = Extract<JsonAnswer<'coverage'>, { readonly zones: unknown }>

/** Coverage as data for programs. */
export const coverageToJson = (coverage: Coverage, subject?: Subject): CoverageJson => ({
  ...subjectToJson(subject),
  whole: coverage.whole,
  zones: coverage.zones.map(zone => ({ ...zone })),
  unsold: coverage.unsold.map(country => ({ ...country })),
  homeless: coverage.homeless,
})
