import { isMet, type Row } from './figure.ts'

/** The rows of a figure as lines of a table. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(row => [
    row.what,
    `${numberOf(row.value)} ${row.unit}`,
    row.floor === undefined ? '' : `${numberOf(row.floor.value)} ${row.unit} (${row.floor.what})`,
    row.target.times ? `${numberOf(row.measure)} ×` : numberOf(row.measure),
    targetOf(row),
    isMet(row) ? 'met' : 'MISSED',
  ])
  const head = ['figure', 'here', 'floor', 'measure', 'target', '']
  const lines = [head, head.map(() => '---'), ...cells]
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n')
}

function targetOf({ target: { most, least, times } }: Row): string {
  const sign = times ? ' ×' : ''
  return most !== undefined ? `≤ ${most}${sign}` : `≥ ${least}${sign}`
}

const numberOf = (value: number): string =>
  value >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toPrecision(3)
