/**
 * The gate through which text goes out. Names, descriptions and reasons come from the platform, the
 * catalog, the state and lock files: none may move a cursor, colour a line, turn its direction or begin a
 * line of its own, whatever the format.
 */
import { randomBytes } from 'node:crypto'
import type { Paint, Tone } from './paint.ts'

/** Control (C0, C1), bidirectional, line-separating and byte-order characters, and halves of a character. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu

/** A text as a part of one line: line breaks become spaces, what else is unsafe becomes U+FFFD. */
export const oneLine = (text: string): string =>
  text.replace(/[\r\n]+/g, ' ').replace(UNSAFE, sign => (sign === '\t' ? sign : '\uFFFD'))

/** A text whose lines were made by its format: only line breaks and tabs stay of what is unsafe. */
export const manyLines = (text: string): string =>
  text.replace(UNSAFE, sign => (/[\t\r\n]/.test(sign) ? sign : '\uFFFD'))

/** A value as JSON that any terminal and editor shows as it is: what is unsafe stands as `\uXXXX`. */
export const jsonText = (value: unknown): string => escaped(JSON.stringify(value, undefined, 2))

/** The same on one line, for a part of a document that is written piece by piece. */
export const jsonLine = (value: unknown): string => escaped(JSON.stringify(value))

const escaped = (json: string): string =>
  json.replace(UNSAFE, sign =>
    sign === '\n' ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** No text from outside can have it: it is drawn anew by each process. */
const NONCE = randomBytes(12).toString('hex')
const END = '/'
const mark = (word: string): string => `\u0001${NONCE}${word}\u0002`
const MARKS = new RegExp(`\u0001${NONCE}([a-z/]+)\u0002`)

/** Marks where a tone begins and ends; `throughGate` puts its looks there. */
export const marked: Paint = (tone, text) => `${mark(tone)}${text}${mark(END)}`

/** A marked line as it may be shown. */
export function throughGate(line: string, paint: Paint): string {
  const tones: Tone[] = []
  let shown = ''
  for (const [index, piece] of line.split(MARKS).entries()) {
    if (index % 2 === 0) shown += painted(oneLine(piece), tones, paint)
    else if (piece === END) tones.pop()
    else tones.push(piece as Tone)
  }
  return shown
}

const painted = (text: string, tones: readonly Tone[], paint: Paint): string =>
  text === '' ? '' : tones.reduceRight((inner, tone) => paint(tone, inner), text)

/** What a renderer says, through the gate: every text renderer ends in it. */
export const gated = (
  paint: Paint,
  render: (paint: Paint) => readonly string[],
): readonly string[] => render(marked).map(line => throughGate(line, paint))

const URL_SECRET = /([a-z][a-z0-9+.-]*:\/\/)[^\s"'`<>]*@/gi

/** Takes user names and passwords out of URLs, also out of those that are none by a slip. */
export const withoutUrlSecrets = (text: string): string => text.replace(URL_SECRET, '$1[hidden]@')
