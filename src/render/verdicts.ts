import { count } from '../counts.ts'
import type { Examination, Verdict } from '../examine/examine.ts'
import { gated } from './gate.ts'
import type { Paint, Tone } from './paint.ts'

interface Part {
  readonly verdict: Verdict['verdict']
  readonly title: string
  readonly tone: Tone
  readonly counted: string
}

const PARTS: readonly Part[] = [
  { verdict: 'confirmed', title: 'As assumed', tone: 'add', counted: 'as assumed' },
  {
    verdict: 'untested',
    title: 'Nothing on this account tells, today',
    tone: 'dim',
    counted: 'that nothing on this account tells today',
  },
  {
    verdict: 'unseen',
    title: 'No read can tell',
    tone: 'dim',
    counted: 'that no read can tell',
  },
  {
    verdict: 'contradicted',
    title: 'Otherwise on this account',
    tone: 'error',
    counted: 'otherwise',
  },
]

/** An examination for people: what is otherwise comes last, where it is read. */
export const renderExamination = (
  examination: Examination,
  accepted: readonly string[],
  paint: Paint,
): readonly string[] => gated(paint, marked => examinationLines(examination, accepted, marked))

function examinationLines(
  examination: Examination,
  accepted: readonly string[],
  paint: Paint,
): readonly string[] {
  const { verdicts, failures, wire } = examination
  const lines: string[] = []
  const width = Math.max(...verdicts.map(({ id }) => id.length))
  for (const { verdict, title, tone } of PARTS) {
    const part = verdicts.filter(one => one.verdict === verdict)
    if (part.length === 0) continue
    lines.push(paint('strong', title))
    for (const one of part)
      lines.push(
        `  ${paint(tone, one.id.padEnd(width))}  ${one.message}`,
        ...(verdict === 'contradicted' ? advice(one, accepted, paint) : []).map(
          line => `  ${' '.repeat(width)}  ${line}`,
        ),
      )
    lines.push('')
  }
  if (failures.length > 0)
    lines.push(
      paint('strong', 'Could not be read'),
      ...failures.map(message => `  ${paint('error', message)}`),
      '',
    )
  if (Object.keys(wire).length > 0)
    lines.push(`Set, for all of it: SFT_WIRE='${JSON.stringify(wire)}'`, '')
  const sums = PARTS.flatMap(({ verdict, counted }) => {
    const number = verdicts.filter(one => one.verdict === verdict).length
    return number === 0 ? [] : [`${number} ${counted}`]
  })
  lines.push(
    `${count(verdicts.length, 'assumption')}: ${sums.join(', ')}. Nothing was written. docs/wire.md explains each.`,
  )
  return lines
}

function advice(one: Verdict, accepted: readonly string[], paint: Paint): readonly string[] {
  const { set } = one
  const how =
    set === undefined
      ? 'nothing to set'
      : 'wire' in set
        ? `set SFT_WIRE='${JSON.stringify(set.wire)}'`
        : `set ${set.text}`
  const known = accepted.includes(one.id) ? ['accepted, as SFT_WIRE says'] : [how]
  return [...known, paint('dim', `until then: ${one.otherwise}`)]
}
