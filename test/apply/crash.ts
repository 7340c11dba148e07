import type { Sft, SftReader, SftWriter } from '../../src/sft/api.ts'
import type { StateStore } from '../../src/state/state.ts'

/** When a process dies: at its n-th step, or around the n-th call of one operation. */
export type Death =
  | { readonly atStep: number }
  | { readonly on: string; readonly when: 'before' | 'sent' | 'answered' }

/** What a process has in its hands, and the moment in which it stops dead. */
export interface Mortal {
  readonly sft: Sft
  readonly store: StateStore
  /** Resolves when it is dead. Nothing of it goes on after that. */
  readonly death: Promise<void>
  /** Steps taken so far. */
  readonly steps: () => number
}

const METHODS: Readonly<Record<string, keyof SftWriter>> = {
  CreateRateZone: 'createRateZone',
  ModifyRateZone: 'modifyRateZone',
  CreatePlan: 'createPlan',
  ModifyPlan: 'modifyPlan',
  CreateEndPoint: 'createEndpoint',
  CreateBulkEndPoint: 'createEndpoints',
  ModifyEndPoint: 'patchEndpoint',
  ChangePlan: 'changePlan',
  DeLinkSim: 'deLinkSim',
  DeleteEndPoint: 'deleteEndpoint',
}

const never = <Value>(): Promise<Value> => new Promise(() => {})

/**
 * A process that dies in the middle, within this one: from its death on, whatever it waits for never
 * comes. Each write and each append has three moments: before it, on its way, and done but not yet told.
 * What was on its way arrives.
 */
export function mortal(sft: Sft, store: StateStore, how: Death): Mortal {
  let steps = 0
  let dead = false
  let die = () => {}
  const death = new Promise<void>(resolve => {
    die = () => {
      dead = true
      resolve()
    }
  })
  const moment = (name: string, when: 'before' | 'sent' | 'answered'): boolean => {
    steps += 1
    if ('atStep' in how ? steps === how.atStep : name === how.on && when === how.when) die()
    return dead
  }
  async function step<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    if (dead || moment(name, 'before')) return never()
    const working = work()
    if (moment(name, 'sent')) {
      working.catch(() => undefined)
      return never()
    }
    try {
      const value = await working
      return dead || moment(name, 'answered') ? never() : value
    } catch (error) {
      if (dead || moment(name, 'answered')) return never()
      throw error
    }
  }
  const names = new Map(Object.entries(METHODS).map(([name, method]) => [String(method), name]))
  const write = wrap(sft.write, (method, call) => step(names.get(method) ?? method, call))
  const read = wrap(sft.read, async (_method, call) => {
    if (dead) return never()
    const value = await call()
    return dead ? never() : value
  })
  return {
    sft: { ...sft, read, write },
    store: {
      location: store.location,
      state: store.state,
      append: (...entries) => step('append', () => store.append(...entries)),
      fold: () => store.fold(),
      [Symbol.asyncDispose]: async () => {},
    },
    death,
    steps: () => steps,
  }
}

/** The same methods, each call handed to `around`. */
function wrap<Methods extends SftReader | SftWriter>(
  methods: Methods,
  around: (method: string, call: () => Promise<unknown>) => Promise<unknown>,
): Methods {
  return new Proxy(methods, {
    get: (target, method, receiver) => {
      const call: unknown = Reflect.get(target, method, receiver)
      return typeof call === 'function'
        ? (...args: readonly unknown[]) =>
            around(String(method), () => Promise.resolve(Reflect.apply(call, target, args)))
        : call
    },
  })
}
