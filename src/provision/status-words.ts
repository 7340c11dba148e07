import { ENDPOINT_USES } from './endpoint-view.ts'

/** States of a SIM that may be asked for, as the platform writes them (contract 4.8). */
const LIFECYCLES = ['Ready To Activate', 'Pre-Active', 'Active', 'Suspended'] as const

/** A word for a status in one form: lower case, blanks and underscores as dashes. */
export const plainWord = (status: string): string => status.toLowerCase().replaceAll(/[\s_]+/g, '-')

/** Words that `statuses` of a choice may have, in the form in which they are compared. */
export const STATUS_WORDS: readonly string[] = [...ENDPOINT_USES, ...LIFECYCLES].map(plainWord)

/** Whether a word is a status that may be asked for. */
export const isStatusWord = (word: string): boolean => STATUS_WORDS.includes(plainWord(word))
