import type { Alone, Task, Work } from './dispatcher.ts'

/** What a worker tells of what it does. */
export type WorkerEvent =
  | { readonly type: 'given out'; readonly orderId: string; readonly attempt: number }
  | { readonly type: 'finished'; readonly orderId: string; readonly status: string }
  | {
      readonly type: 'not finished'
      readonly orderId: string
      readonly message: string
      /** Of the error. */
      readonly code: string
    }
  | { readonly type: 'apply taken'; readonly id: number }
  | { readonly type: 'apply ended'; readonly id: number; readonly outcome: string }
  | { readonly type: 'apply stopped'; readonly id: number; readonly why: string }
  | { readonly type: 'swept'; readonly sweep: string; readonly result: string }
  | { readonly type: 'trouble'; readonly message: string }

/** What work is done with. */
export interface AtWork {
  readonly tell: (event: WorkerEvent) => void
  /** The worker takes nothing new: work that takes long ends at the next safe place, and others go on with it. */
  readonly stopping: AbortSignal
  /** Nothing more is waited for: all work ends at the next safe place. */
  readonly closing: AbortSignal
  readonly alone: Alone
}

/** One of the things that a worker is there for: it looks for work, and does what is given to it. */
export interface Duty extends Omit<Task, 'work'> {
  /** Work that is there to be given to one of the workers of the fleet. */
  look(at: AtWork): Promise<readonly Work[]>
  work(about: string, at: AtWork): Promise<string>
}
