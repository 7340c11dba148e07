/**
 * What a fleet asks of an engine that keeps work and gives it to workers: few functions, so that another one can
 * take its place. What is true of an order stands in the ledger, of an apply in the state; the engine only says
 * who does what next.
 */

/** What there is to do; each kind waits in a line of its own, so that long work holds nobody up. */
export type WorkKind = 'orders' | 'applies' | 'usage' | 'stock'

/** Work that nobody waits for. */
export interface Work {
  /** The same ID is done once, whoever gives it out and however often. */
  readonly id: string
  readonly kind: WorkKind
  /** What it is about, such as an order ID: never a secret. */
  readonly about: string
}

/** How a process does the work of one kind. */
export interface Task {
  readonly kind: WorkKind
  /** Work at once of this process. */
  readonly atOnce: number
  /** Does one piece of work; what it returns is kept until it is forgotten. */
  readonly work: (about: string) => Promise<string>
}

/** How much work of a kind there is, of the whole fleet. */
export interface Depth {
  readonly kind: WorkKind
  /** `queued`: no worker has it yet. */
  readonly state: 'queued' | 'running'
  readonly count: number
}

/**
 * Does what only one process of the fleet may do at a time; undefined, and nothing done, where another one does it.
 * `lost` fires when the others were given it: this one ends at the next safe place.
 */
export type Alone = <Result>(
  name: WorkKind,
  work: (lost: AbortSignal) => Promise<Result>,
) => Promise<Result | undefined>

/** An engine that was opened: this process takes work until it leaves. */
export interface Dispatcher {
  give(work: Work): Promise<void>
  depth(): Promise<readonly Depth[]>
  alone: Alone
  /** Forgets what ended before a time, and what was begun by workers that gave no sign of life for long. */
  forget(before: Date): Promise<void>
  /** Takes no more work, and waits for what this process does, at most so long (ms). Once only. */
  leave(atMostMs: number): Promise<void>
}

export interface DispatcherOptions {
  /** The database that keeps the work: that of the ledger or the state. */
  readonly address: string
  /** The kinds of work that this process takes. */
  readonly tasks: readonly Task[]
  readonly onError: (message: string) => void
}

/** Opens an engine: what a store has as `work`. Throws a `PlainError` where what it needs is not installed. */
export type OpenDispatcher = (options: DispatcherOptions) => Promise<Dispatcher>
