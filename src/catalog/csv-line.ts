import { INVISIBLE } from '../units.ts'
import type { Problem } from './issue-log.ts'

/** How the lines of an ICCID file are made up. */
export interface Shape {
  /** A line break where the file is a plain list. */
  readonly separator: string
  /** Which field has the ICCID. */
  readonly index: number
  /** Whether the line that told so is one of names. */
  readonly header: boolean
}

/** A field with the place in its line at which it begins. */
export interface Field {
  readonly text: string
  readonly offset: number
}

const SEPARATORS = [',', ';', '\t'] as const

/** What a spreadsheet makes of an ICCID where the decimal sign is a comma. */
const COMMA_NUMBER = /^\s*"?[0-9],[0-9]+e\+?[0-9]+"?\s*$/i

/** The separator that a spreadsheet announces in a line of its own, `sep=;`. */
export function announcedSeparator(line: string): string | undefined {
  return /^\s*"?sep=([,;\t])"?[\s,;]*$/i.exec(line)?.[1]
}

/** From the first line: which column is named iccid, or that the file is a plain list. */
export function findShape(first: string, announced: string | undefined): Shape | Problem {
  const separators = announced === undefined ? SEPARATORS : [announced]
  for (const separator of separators) {
    const names = splitLine(first, separator)?.map(field => nameOf(field.text)) ?? []
    const index = names.indexOf('iccid')
    if (index === -1) continue
    const second = names.indexOf('iccid', index + 1)
    if (second !== -1) return twoColumns(index, second)
    return { separator, index, header: true }
  }
  const separator = separators.find(sign => first.includes(sign))
  if (separator === undefined || COMMA_NUMBER.test(first))
    return { separator: '\n', index: 0, header: false }
  const names = (splitLine(first, separator) ?? []).map(({ text }) => text.trim()).slice(0, 8)
  return {
    code: 'CSV_INVALID',
    message: `the first line names no column iccid, but ${names.join(', ')}`,
    hint: 'name the column iccid in the first line, or keep one ICCID a line and nothing else',
  }
}

const nameOf = (text: string): string =>
  text.replaceAll(new RegExp(INVISIBLE, 'g'), '').trim().toLowerCase()

const twoColumns = (first: number, second: number): Problem => ({
  code: 'CSV_INVALID',
  message: `columns ${first + 1} and ${second + 1} are both called iccid`,
  hint: 'give the column that is not meant another name',
})

/** The field with the ICCID, or what is wrong with the line. */
export function fieldOf(line: string, shape: Shape): Field | Problem {
  const { separator, index } = shape
  // The usual case: one ICCID a line.
  if (separator === '\n' && !line.includes('"')) return { text: line, offset: 0 }
  const fields = splitLine(line, separator)
  const field = fields?.[index]
  if (fields === undefined || field === undefined)
    return {
      code: 'CSV_INVALID',
      message:
        fields === undefined
          ? 'a quote of this line is not closed, or closed before the end of its field'
          : `this line has ${fields.length} of the columns: iccid is column ${index + 1}`,
      hint: 'every line needs the column iccid; a field cannot go over several lines',
    }
  if (field.text.trim() === '')
    return {
      code: 'CSV_INVALID',
      message: 'this row has no ICCID, but something in another column',
      hint: 'write its ICCID, or remove the row',
    }
  const whole = `${field.text},${fields[index + 1]?.text ?? ''}`
  return separator === ',' && COMMA_NUMBER.test(whole) ? { ...field, text: whole } : field
}

/** Fields of a line as RFC 4180 has them; `undefined` where a quote is not closed, or closed in the middle of a field. */
export function splitLine(line: string, separator: string): readonly Field[] | undefined {
  const fields: Field[] = []
  let at = 0
  for (;;) {
    if (line[at] === '"') {
      const end = endOfQuote(line, at + 1)
      if (end >= line.length) return undefined
      fields.push({ text: line.slice(at + 1, end).replaceAll('""', '"'), offset: at + 1 })
      at = end + 1
      if (at < line.length && line[at] !== separator) return undefined
    } else {
      const found = line.indexOf(separator, at)
      const end = found === -1 ? line.length : found
      fields.push({ text: line.slice(at, end), offset: at })
      at = end
    }
    if (at >= line.length) return fields
    at += 1
  }
}

/** Where the quote stands that closes a field; the length of the line where none does. */
function endOfQuote(line: string, start: number): number {
  let end = start
  while (end < line.length && (line[end] !== '"' || line[end + 1] === '"'))
    end += line[end] === '"' ? 2 : 1
  return end
}
