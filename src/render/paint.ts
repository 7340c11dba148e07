import { count } from '../counts.ts'

/** What a piece of text means; the edge decides how it looks. */
export type Tone = 'add' | 'remove' | 'change' | 'warn' | 'error' | 'dim' | 'strong'

/** Gives text its looks. The core is handed `plain` and never sees a terminal code. */
export type Paint = (tone: Tone, text: string) => string

/** No looks at all: for pipes, files and tests. */
export const plain: Paint = (_tone, text) => text

/** A point in time for people, who need no part of a second. */
export const toSecond = (time: string): string => time.replace(/\.\d+Z$/, 'Z')

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 1) return 'under a second'
  if (seconds < 90) return count(Math.round(seconds), 'second')
  const minutes = seconds / 60
  if (minutes < 90) return count(Math.round(minutes), 'minute')
  return `${(minutes / 60).toFixed(1)} hours`
}
