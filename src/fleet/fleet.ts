/** What the workers of a fleet keep beside a state, and whoever watches them asks for. Types only. */
import type { Address, KindName } from '../model.ts'
import type { AppliedPlan, ApplyEnd, LeftOperation } from '../state/apply-log.ts'
import type { StateStore } from '../state/state.ts'

/** How far an apply is that workers carry out. */
export interface DetachedApply extends AppliedPlan {
  readonly leftAt: string
  readonly endpoints: {
    readonly total: number
    readonly done: number
    readonly failed: number
    /** Announced, and not answered for yet. */
    readonly running: number
    readonly queued: number
  }
  /** Calls that are left when all answers are clear. */
  readonly callsLeft: number
  /** The account's rate; absent: without a limit. */
  readonly callsPerSecond?: number
  /** The process that carries it out. */
  readonly worker?: string
  /** How often it was taken up since something of it was done last. */
  readonly attempts: number
  /** No worker tries any more. */
  readonly parked: boolean
  /** What ended the last attempt. */
  readonly problem?: string
  /** The first of those that failed. */
  readonly failures: readonly { readonly address: Address; readonly message: string }[]
}

/** A change that a worker could not bring about. */
export interface FailedChange {
  readonly kind: KindName
  readonly key: string
  readonly message: string
}

/** An apply that a worker took: the state is open for it, and its lock is this worker's. */
export interface TakenApply extends AsyncDisposable {
  readonly id: number
  /** What it records counts as done in the same transaction. */
  readonly store: StateStore
  readonly frame: string
  /** What is left. */
  left(): Promise<readonly LeftOperation[]>
  /** Fires when somebody else wants to write the state. */
  readonly wanted: AbortSignal
  failed(changes: readonly FailedChange[]): Promise<void>
  /** Adds to the calls that were made for it. */
  spent(calls: number): void
  /** Ends it where nothing is left: how it ended, or undefined. */
  end(): Promise<ApplyEnd | undefined>
}

/** A detached apply that is given to a worker. */
export interface GivenApply {
  readonly id: number
  /** Each time it is given it has another number. */
  readonly time: number
}

/** A worker that gave a sign of life just now. */
export interface LivingWorker {
  readonly worker: string
  /** ISO time. */
  readonly since: string
}

/** What a look at the shop that comes again and again came to the last time. */
export interface SweepResult {
  readonly sweep: string
  /** ISO time. */
  readonly at: string
  readonly seconds: number
  readonly result: string
}

/** What the workers of a state share. */
export interface Fleet extends AsyncDisposable {
  /** For messages. */
  readonly shown: string
  /** An apply that was left to workers, whether it ended or not: the last one, unless its number is given. */
  detached(id?: number): Promise<DetachedApply | undefined>
  /** Workers that are alive. */
  workers(): Promise<readonly LivingWorker[]>
  sweeps(): Promise<readonly SweepResult[]>
  /** Tells that this worker is alive; undefined: that it ends. */
  tellAlive(since: Date | undefined): Promise<void>
  /** Detached applies that nobody carries on, each given once and counted. */
  giveOut(): Promise<readonly GivenApply[]>
  /** Opens the state for a detached apply; undefined where it ended, or somebody else works on the state. */
  take(id: number): Promise<TakenApply | undefined>
  /** Notes what ended an attempt. */
  noteProblem(id: number, problem: string): Promise<void>
  noteSweep(result: SweepResult): Promise<void>
  /** Forgets the single changes of applies that ended before a time, and workers that were seen last before it. */
  forget(before: Date): Promise<void>
}

/** How a store opens what the workers of a state share; undefined for looking where nothing was ever written. */
export interface FleetKeeper {
  open(place: string): Promise<Fleet>
  look(place: string): Promise<Fleet | undefined>
}
