/**
 * What is kept of applies beside a state: who brought what about, when, from which commit and how it ended, and
 * what an apply left to workers. Types only.
 */
import type { KindName } from '../model.ts'

/** What is known of an apply when it begins. Nothing of it is secret. */
export interface ApplyAbout {
  /** Who asked for it: in a pipeline, the person that it names. */
  readonly by: string
  /** The machine on which it ran. */
  readonly host: string
  /** The commit of the catalog. */
  readonly commit?: string
  /** The catalog was not as that commit has it. */
  readonly isChanged?: true
  /** Hash of the catalog's content. */
  readonly catalog: string
  /** Changes of the plan by action. */
  readonly summary: Readonly<Record<string, number>>
  /** Calls that the plan takes when all answers are clear. */
  readonly calls: number
  /** Entries that stay other than the catalog wants, whatever is done, and that count for how it ends. */
  readonly blocked: number
}

/** Addresses by how they ended. */
export interface ApplyCounts {
  readonly done: number
  readonly failed: number
  readonly skipped: number
  readonly deferred: number
}

/** What an apply came to. */
export interface ApplyEnd {
  /** A name of the table of exit codes, or `superseded` where a newer plan took its place. */
  readonly outcome: string
  readonly counts: ApplyCounts
  /** Calls that were made. */
  readonly calls: number
}

/** An apply as the history has it. */
export interface AppliedPlan extends ApplyAbout {
  /** Numbers of one state grow. */
  readonly id: number
  /** ISO times. */
  readonly begunAt: string
  /** Absent while it goes on, and where its process died. */
  readonly endedAt?: string
  readonly end?: ApplyEnd
  /** Since when workers do the rest (ISO time). */
  readonly leftAt?: string
  /** The apply that took its place. */
  readonly supersededBy?: number
}

/** A creation that is left to workers. */
export interface LeftChange {
  readonly kind: KindName
  readonly key: string
  /** What it takes to do it, as whoever left it wrote it. */
  readonly content: string
}

/** Creations that share a call. */
export interface LeftOperation {
  readonly changes: readonly LeftChange[]
  /** Calls it takes when all answers are clear. */
  readonly calls: number
}

/** What an apply leaves to workers. */
export interface LeftWork {
  readonly operations: readonly LeftOperation[]
  /** What all of them need besides. */
  readonly frame: string
  /** The account's rate, by which the time left is told; undefined: without a limit. */
  readonly callsPerSecond: number | undefined
  /** What the process did itself that leaves them. */
  readonly counts: ApplyCounts
  readonly calls: number
}

/** A detached apply whose place a newer plan took. */
export interface Superseded {
  readonly id: number
  readonly done: number
  /** Endpoints that were not begun, and are dropped. */
  readonly left: number
}

/** What keeps applies beside a state that is open for writing: all of it under the state's lock. */
export interface ApplyLog {
  /** Notes that one begins. `isWhole`: its plan has all that is wanted, so that detached ones that go on end here. */
  begin(
    about: ApplyAbout,
    isWhole: boolean,
  ): Promise<{ readonly id: number; readonly superseded?: Superseded }>
  end(id: number, end: ApplyEnd): Promise<void>
  /** What can leave work to others has this. */
  readonly detached?: {
    /** The number of the one that goes on, if one does. */
    underWay(): Promise<number | undefined>
    /** Leaves the rest of an apply to workers, all of it or nothing. */
    leave(id: number, work: LeftWork): Promise<void>
  }
}
