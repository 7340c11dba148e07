import { SYSTEM_CLOCK } from '../clock.ts'
import type { SlotSource } from '../sft/slots.ts'
import { findStore } from './registry.ts'
import type { BudgetOptions } from './store.ts'

/**
 * The call times that everybody shares who names the same address: that of the state or the ledger, or one of
 * their own. Nothing is opened before the first call. Its errors come then: a `PlainError` where there is no such
 * store, or it cannot share a rate.
 *
 * @example
 * openSft({ ...settings, slots: sharedSlots('/srv/sft/state.json', { account: 'sft.bics.com ana' }) })
 */
export function sharedSlots(
  address: string,
  options: Omit<BudgetOptions, 'clock'> & Partial<Pick<BudgetOptions, 'clock'>>,
): SlotSource {
  const { clock = SYSTEM_CLOCK } = options
  let opened: Promise<SlotSource> | undefined
  const open = async (): Promise<SlotSource> => {
    const { keeper, place } = await findStore('budget', address)
    return await keeper.open(place, { ...options, clock })
  }
  return {
    async reserve(request) {
      opened ??= open()
      return await (await opened).reserve(request)
    },
    async sent(at, sentAt) {
      await (await opened)?.sent?.(at, sentAt)
    },
    async release(unused) {
      await (await opened)?.release(unused)
    },
    async close() {
      // One that could not be opened has said so to whoever asked it for a slot.
      const source = await opened?.catch(() => undefined)
      await source?.close?.()
    },
  }
}
