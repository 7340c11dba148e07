import { stripVTControlCharacters } from 'node:util'

/** Where text goes, as far as its width is known. */
export interface Wide {
  readonly isTTY?: boolean
  /** Characters in a row, of a terminal that knows it. */
  readonly columns?: number
}

/** In a terminal that is narrower nothing is gained. */
const LEAST = 20

/** A word; a command that somebody may copy is one, so that it stays in one piece. */
const WORD = /(\s*)((?:`[^`]*`|"sft-catalog [^"]*"|\S)+)/g

/**
 * A line as rows of a terminal: broken between words, each row below where the text of the first began. As it
 * is where no person looks at it in a width that is known: programs and logs get a line a thing.
 */
export function inRows(line: string, { isTTY, columns = 0 }: Wide): string {
  return isTTY === true && columns >= LEAST ? rowsOf(line, columns).join('\n') : line
}

/** A line in rows of at most so many characters, but for words that are longer. */
export function rowsOf(line: string, columns: number): readonly string[] {
  if (width(line) <= columns) return [line]
  const indent = indentOf(stripVTControlCharacters(line), columns)
  const rows: string[] = []
  let row = ''
  for (const [, gap = '', word = ''] of line.matchAll(WORD)) {
    const next = `${row}${gap}${word}`
    if (width(next) <= columns || row.trim() === '') row = next
    else {
      rows.push(row)
      row = `${' '.repeat(indent)}${word}`
    }
  }
  // A question ends in a blank, before what is typed.
  const [end = ''] = /\s*$/.exec(line) ?? []
  return [...rows, `${row}${end}`]
}

const width = (text: string): number => [...stripVTControlCharacters(text)].length

/** Below the second column of what has columns, else a little further in than the line. */
function indentOf(line: string, columns: number): number {
  const [first = ''] = /^ *\S+(?: \S+)* {2,}(?=\S)/.exec(line) ?? []
  const [begin = ''] = /^ */.exec(line) ?? []
  return first !== '' && first.length <= columns / 2 ? first.length : begin.length + 2
}
