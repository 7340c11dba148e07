import { type Absent, isMeasured, isMet, type Row, type Target } from './figure.ts'

/** The rows of a figure as lines of a table. */
export function tableOf(rows: readonly (Row | Absent)[]): string {
  const cells = rows.map(row =>
    isMeasured(row) ? cellsOf(row) : [row.what, `not measured: ${row.absent}`, '', '', '', ''],
  )
  const head = ['figure', 'here', 'floor', 'measure', 'target', '']
  const lines = [head, head.map(() => '---'), ...cells]
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n')
}

function cellsOf(row: Row): readonly string[] {
  const { what, unit, value, floor, measure, target, note } = row
  return [
    note === undefined ? what : `${what} (${note})`,
    `${numberOf(value)} ${unit}`,
    floor === undefined ? '' : `${numberOf(floor.value)} ${unit} (${floor.what})`,
    target?.times === true || floor !== undefined
      ? `${numberOf(measure)} ×`
      : target === undefined
        ? ''
        : numberOf(measure),
    target === undefined ? '' : targetOf(target),
    target === undefined ? '' : isMet(row) ? 'met' : 'MISSED',
  ]
}

function targetOf({ most, least, times }: Target): string {
  const sign = times ? ' ×' : ''
  return most !== undefined ? `≤ ${most}${sign}` : `≥ ${least}${sign}`
}

const numberOf = (value: number): string =>
  value >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toPrecision(3)
