/**
 * What a fleet asks of an engine that keeps work and gives it to workers: few functions, so that another one can
 * take its place. What is true of an order stands in the ledger; the engine only says who does what next.
 */

/** Work that nobody waits for. */
export interface Work {
  /** The same ID is done once, whoever gives it out and however often. */
  readonly id: string
  /** What it is about, such as an order ID: never a secret. */
  readonly about: string
}

/** An engine that was opened: this process takes work as long as it is. */
export interface Dispatcher extends AsyncDisposable {
  give(work: Work): Promise<void>
  /** Forgets what ended before a time, and what was begun by workers that gave no sign of life since. */
  forget(before: Date): Promise<void>
}

export interface DispatcherOptions {
  /** The database of the ledger. */
  readonly address: string
  /** Work at once of this process. */
  readonly atOnce: number
  /** Does one piece of work; what it returns is kept until it is forgotten. */
  readonly work: (about: string) => Promise<string>
  readonly onError: (message: string) => void
}

/** Opens an engine: what a store has as `work`. Throws a `PlainError` where what it needs is not installed. */
export type OpenDispatcher = (options: DispatcherOptions) => Promise<Dispatcher>
