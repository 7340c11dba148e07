/** Rules of a team as they stand in its files. */
import type { Position } from '../model.ts'
import type { MessagePart } from './template.ts'

/** One rule. What it says holds where `condition` is true, of all that `on` names and of which `when` is true. */
export interface PolicyRule {
  readonly key: string
  readonly position: Position
  readonly description: string
  /** What it is about: an entry of a kind by its variable (`addonPlan`), `catalog`, `plan`, or each `change`. */
  readonly on: string
  readonly when?: string
  readonly condition: string
  readonly message: readonly MessagePart[]
  readonly severity: 'error' | 'warning'
  /** Facts that the condition asks for, in their order: the first that an entry says is where it is shown. */
  readonly reads: readonly string[]
}
