/** What is asked of the process that evaluates expressions, and what it tells. */
import type { Fields } from './words.ts'

/** A rule as far as it is evaluated. */
export interface Expressions {
  readonly scope: string
  readonly when?: string
  readonly condition: string
  /** Text as it stands, and expressions. */
  readonly message: readonly (string | { readonly expression: string })[]
}

/** Rules, what they may name, and, where they are to be held against something, that. */
export interface Job {
  readonly types: Readonly<Record<string, Fields>>
  /** Variables with their types, by scope. */
  readonly scopes: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly rules: readonly Expressions[]
  readonly world?: {
    /** Variables that are the same for all subjects. */
    readonly shared: Readonly<Record<string, unknown>>
    /** Values of the variable that has the name of the scope, by scope. */
    readonly subjects: Readonly<Record<string, readonly object[]>>
  }
  /** For each rule. */
  readonly deadlineMs: number
}

/** Where an expression stands in a rule; parts of the message are counted. */
export type ExpressionPlace = 'when' | 'condition' | number

/** What cannot be understood of an expression, with its place in it. */
export interface ExpressionFault {
  readonly place: ExpressionPlace
  readonly message: string
  readonly start: number
  readonly end: number
}

/** What a rule came to. */
export type Verdict =
  /** It was read, and not held against anything; `reads` are the facts that its condition asks for. */
  | {
      readonly kind: 'read'
      readonly faults: readonly ExpressionFault[]
      readonly reads: readonly string[]
    }
  /** It was held against every subject: those that break it, and those of which nothing is known. */
  | {
      readonly kind: 'judged'
      readonly broken: readonly Broken[]
      readonly notKnown: readonly Doubt[]
    }
  /** Nothing is known of any subject. */
  | { readonly kind: 'lost'; readonly why: string }

/** A subject that breaks a rule, by its number, and what the message says of it. */
export interface Broken {
  readonly subject: number
  readonly message: string
}

/** A subject of which it is not known whether it breaks a rule. */
export interface Doubt {
  readonly subject: number
  readonly why: string
}
