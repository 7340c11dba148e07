import { oneLine } from './gate.ts'

/** Signs that make Markdown, HTML, a mention or a reference of text. */
const SIGNS = /[\\`*_[\]<>#|~!&$@]/g

/**
 * Text from outside as a part of a line of Markdown: it shows as it is written, and is no link, mention,
 * HTML, table cell or heading of its own.
 */
export const markdownText = (text: string): string =>
  oneLine(text)
    .replace(SIGNS, sign => (sign === '@' ? '@<!-- -->' : `\\${sign}`))
    .replace(/:\/\//g, ':\\/\\/')
    .replace(/\bwww\./gi, word => `${word.slice(0, -1)}\\.`)

/** Text from outside as a line within a fence of three backticks. */
export const fencedLine = (line: string): string => oneLine(line).replaceAll('```', "'''")
