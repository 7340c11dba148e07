import type { OpenDispatcher } from '../fleet/dispatcher.ts'
import { findStore, keeps } from './registry.ts'

/**
 * Opens what gives the work of a ledger to the workers of a fleet. Throws a `PlainError` where the store of the
 * address has no such thing: a file is of one machine.
 */
export const openDispatcher: OpenDispatcher = async options => {
  const { keeper } = await findStore('work', options.address)
  return await keeper.open(options)
}

/** Whether a fleet can work for what is kept at an address. */
export const keepsWork = (address: string): Promise<boolean> => keeps('work', address)
