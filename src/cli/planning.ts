import type { ObserveEvent } from '../account/observe.ts'
import { count } from '../counts.ts'
import type { PlanOptions } from '../make-plan.ts'
import type { Address } from '../model.ts'
import { toSecond } from '../render/paint.ts'
import { parseAddress } from '../state/edit.ts'
import type { State } from '../state/state.ts'
import { StateEditError } from '../state/state-errors.ts'
import type { Context } from './context.ts'
import { on, texts, UsageError, type Values, whole } from './flags.ts'

/** Flags that shape a plan, the same for plan and apply. */
export const PLAN_FLAGS = {
  'no-inventory': on('do not read the SIM stock; the plan says what that leaves open'),
  prune: on('retire what left the catalog, and old revisions'),
  target: texts('ADDRESS', 'only this entry and what it needs (may be given several times)'),
  canary: whole('N', 'the first N endpoints of each batch before the rest'),
  force: on('go ahead where the plan changes more than the limits allow'),
} as const

/** How much of a plan is shown. */
export const VIEW_FLAGS = {
  full: on('every entry of the plan; else the first few of those to which the same happens'),
} as const

/** What is blocked counts for the exit code only where there is one that tells it. */
export const ALLOW_BLOCKED_RULE = {
  when: '--allow-blocked',
  needs: ['--detailed-exitcode'],
  why: 'without it what is blocked does not count for the exit code',
} as const

/** Forms of one answer. */
export const ONE_FORM_RULE = {
  when: '--markdown',
  not: ['--json', '--format'],
  why: 'stdout holds one of them',
} as const

/** What the flags say about planning. */
export function planOptions(flags: Values<typeof PLAN_FLAGS>): Omit<PlanOptions, 'pageSize'> {
  const canary = flags.canary
  return {
    inventory: !flags['no-inventory'],
    prune: flags.prune,
    targets: flags.target,
    force: flags.force,
    ...(canary !== undefined && { canary }),
  }
}

/** An address of the command line. Throws a `UsageError`. */
export function addressOf(text: string): Address {
  try {
    return parseAddress(text)
  } catch (error) {
    throw error instanceof StateEditError ? new UsageError(error.message) : error
  }
}

/** Shows what is read while it is read, where it takes long. */
export function showReading({ live }: Context): Disposable & {
  readonly onEvent: (event: ObserveEvent) => void
} {
  const read = new Map<string, number>()
  const doing = live.doing(() => {
    const parts = [...read].map(([what, n]) => count(n, what.replace(/s$/, ''), what))
    return `reading the account${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
  })
  return {
    onEvent: ({ what, count }) => void read.set(what, count),
    [Symbol.dispose]: () => doing[Symbol.dispose](),
  }
}

/** Shows which part of the account is read, where it takes long. */
export function tellReading({ live }: Context): Disposable & {
  readonly onRead: (what: string) => void
} {
  let part: string | undefined
  const doing = live.doing(() => (part === undefined ? undefined : `reading ${part}`))
  return {
    onRead: what => {
      part = what
    },
    [Symbol.dispose]: () => doing[Symbol.dispose](),
  }
}

/** Makes a plan while what is read for it is shown. */
export async function readPlan<Made>(
  context: Context,
  make: (onEvent: (event: ObserveEvent) => void) => Promise<Made>,
): Promise<Made> {
  using reading = showReading(context)
  return await make(reading.onEvent)
}

/** Says that earlier writes are not confirmed yet; apply settles them before it plans. */
export function sayPending(state: State, context: Context): void {
  const intents = Object.values(state.pending)
  if (intents.length === 0) return
  const oldest = intents.map(intent => intent.at).sort()[0]
  context.err(
    context.paintErr(
      'warn',
      `${count(intents.length, 'write')} of an earlier run (since ${toSecond(oldest ?? '')}) ${intents.length === 1 ? 'is' : 'are'} not confirmed: apply looks for them first`,
    ),
  )
}
