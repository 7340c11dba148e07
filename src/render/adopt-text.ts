import { count, grouped } from '../counts.ts'
import type { KindName } from '../model.ts'
import { kinds } from '../resources/kinds.ts'
import { gated } from './gate.ts'
import type { JsonAnswer } from './outputs.ts'
import { type Paint, plain } from './paint.ts'
import { type Subject, subjectToJson } from './subject.ts'

/** What taking over an account comes to, as far as it is shown. */
export interface AdoptionView {
  readonly files: readonly { readonly path: string; readonly text: string }[]
  readonly entries: readonly { readonly kind: KindName; readonly key: string }[]
  readonly rejoined: readonly string[]
  readonly left: readonly {
    readonly kind: KindName
    readonly what: string
    readonly why: string
  }[]
  readonly notes: readonly string[]
  readonly remaining: readonly string[]
}

/** Lines of one list; the rest is counted. */
const SHOWN = 20

/** What is left out and what to know first, the counts last. `written` tells whether it has happened. */
export const renderAdoption = (
  adoption: AdoptionView,
  written: boolean,
  paint: Paint = plain,
): readonly string[] => gated(paint, marked => adoptionLines(adoption, written, marked))

function adoptionLines(adoption: AdoptionView, written: boolean, paint: Paint): readonly string[] {
  const lines: string[] = []
  const list = (title: string, items: readonly string[]) => {
    if (items.length === 0) return
    lines.push(title, ...items.slice(0, SHOWN).map(item => `  ${item}`))
    if (items.length > SHOWN)
      lines.push(`  … and ${grouped(items.length - SHOWN)} more (--json lists all)`)
  }
  list(
    paint('warn', 'Left out'),
    adoption.left.map(({ what, why }) => `${what}: ${why}`),
  )
  list('Already in the catalog, new to the state', adoption.rejoined)
  list(paint('warn', 'The next plan will still show'), adoption.remaining)
  for (const note of adoption.notes) lines.push(`${paint('dim', 'note:')} ${note}`)
  list(
    written ? 'Files written, in the catalog folder' : 'Files to write, in the catalog folder',
    adoption.files.map(({ path }) => path),
  )
  const counts = kinds().map(({ kind, title, plural }) => {
    const n = adoption.entries.filter(entry => entry.kind === kind).length
    return count(n, title, plural)
  })
  lines.push(
    adoption.entries.length === 0
      ? 'Nothing to adopt'
      : `${written ? 'Adopted' : 'To adopt'}: ${counts.join(', ')}; ${grouped(adoption.left.length)} left out`,
  )
  return lines
}

/** The same as data. */
export function adoptionToJson(
  adoption: AdoptionView,
  written: boolean,
  subject?: Subject,
): JsonAnswer<'adopt'> {
  return {
    ...subjectToJson(subject),
    written,
    files: adoption.files.map(({ path, text }) => ({ path, text })),
    adopted: adoption.entries.map(({ kind, key }) => `${kind}/${key}`),
    rejoined: adoption.rejoined,
    left: adoption.left.map(({ kind, what, why }) => ({ kind, what, why })),
    notes: adoption.notes,
    remaining: adoption.remaining,
  }
}
