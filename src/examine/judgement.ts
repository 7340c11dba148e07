import { count, grouped } from '../counts.ts'
import type { Json, JsonObject } from '../model.ts'
import type { Probed } from '../sft/api.ts'
import { asText, valuesUnder } from '../sft/values.ts'
import type { Evidence, Seen } from './evidence.ts'

/** What to set where an assumption is contradicted. */
export type Setting =
  /** A part of SFT_WIRE. */
  | { readonly wire: JsonObject }
  /** Words for people: a variable, a field of the catalog. */
  | { readonly text: string }

/** What the evidence says of one assumption. */
export interface Judgement {
  /** `untested`: this account has nothing that tells. */
  readonly verdict: 'confirmed' | 'contradicted' | 'untested'
  readonly message: string
  readonly set?: Setting
}

/** Judges one assumption; pure. */
export type Judge = (evidence: Evidence) => Judgement

export const confirmed = (message: string): Judgement => ({ verdict: 'confirmed', message })
export const untested = (message: string): Judgement => ({ verdict: 'untested', message })
export const contradicted = (message: string, set?: Setting): Judgement => ({
  verdict: 'contradicted',
  message,
  ...(set && { set }),
})

/** The judgement where a read has failed: nothing follows. */
export const unread = (seen: Extract<Seen<unknown>, { readonly kind: 'failed' }>): Judgement =>
  untested(`it could not be read: ${seen.error.message}`)

/** The answer of a probe, if there is one. */
export const answerOf = (seen: Seen<Probed> | undefined): JsonObject | undefined =>
  seen?.kind === 'seen' && seen.value.kind === 'answered' ? seen.value.response : undefined

/** Texts under a key, at any depth, each once. */
export const textsUnder = (
  value: Json | undefined,
  ...keys: readonly string[]
): readonly string[] => [...new Set(valuesUnder(value, keys).flatMap(item => asText(item) ?? []))]

/** `all`, or `3 of 4`. */
export const share = (part: number, whole: number): string =>
  part === whole ? 'all' : `${grouped(part)} of ${grouped(whole)}`

/** Some of a list for people. */
export const some = (words: readonly string[]): string =>
  words.length > 5
    ? `${words.slice(0, 5).join(', ')} and ${grouped(words.length - 5)} more`
    : words.join(', ')

/** `1 plan`, `2 plans`. */
export const counted = (n: number, what: string): string => count(n, what)
