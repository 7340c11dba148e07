import { grouped } from '../counts.ts'

/** Words of which one is meant, for people: `a, b or c`. */
export const anyOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** How many of a list are named. */
const NAMED = 3

/** The first of a list, and how many more there are: `a, b, c and 9 more`. */
export const someOf = (words: readonly string[]): string =>
  words.length > NAMED
    ? `${words.slice(0, NAMED).join(', ')} and ${grouped(words.length - NAMED)} more`
    : words.join(', ')
