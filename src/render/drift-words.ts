/** What drift says, in words, whatever the form: text and page say the same. */
import { grouped } from '../counts.ts'
import type { EntryDrift, FieldDrift } from '../drift/drift-report.ts'
import type { Tone } from './paint.ts'

/** Who moved a field. */
export const DIRECTION: Readonly<Record<FieldDrift['direction'], string>> = {
  there: 'changed on the account',
  here: 'changed in the catalog, not applied yet',
  both: 'changed on both sides',
}
export const DIRECTION_TONE = {
  there: 'change',
  here: 'dim',
  both: 'warn',
} as const satisfies Readonly<Record<FieldDrift['direction'], Tone>>
export const DRIFT_SIGN: Readonly<Record<EntryDrift['status'], string>> = {
  changed: '~',
  gone: '-',
  relinked: '↔',
}

/** An entry, of a report or of its JSON. */
export interface DriftedEntry {
  readonly status: EntryDrift['status']
  readonly fields: readonly Pick<FieldDrift, 'direction'>[]
}

/** So many entries of one sort. */
export interface DriftCount {
  readonly tone: Tone
  readonly many: number
  /** Behind the number: `changed on the account`. */
  readonly words: string
}

/** Entries by what became of them, and so many things of the catalog that are not known; what is none is left out. */
export function driftCounts(
  entries: readonly DriftedEntry[],
  notKnown: number,
): readonly DriftCount[] {
  const moved = (direction: FieldDrift['direction']) =>
    entries.filter(
      ({ status, fields }) =>
        status === 'changed' && fields.some(field => field.direction === direction),
    ).length
  const became = (status: EntryDrift['status']) =>
    entries.filter(entry => entry.status === status).length
  const counts: readonly DriftCount[] = [
    { tone: 'change', many: moved('there'), words: 'changed on the account' },
    { tone: 'warn', many: moved('both'), words: 'changed on both sides' },
    { tone: 'remove', many: became('gone'), words: 'gone' },
    { tone: 'change', many: became('relinked'), words: 'linked to another endpoint' },
    {
      tone: 'warn',
      many: notKnown,
      words: `${notKnown === 1 ? 'thing' : 'things'} of the catalog not known`,
    },
    { tone: 'dim', many: moved('here'), words: 'changed in the catalog only' },
  ]
  return counts.filter(({ many }) => many > 0)
}

/** A count as a part of a sentence. */
export const driftCountText = ({ many, words }: DriftCount): string => `${grouped(many)} ${words}`
