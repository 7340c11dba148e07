import type { Provisioner } from '../provision/api.ts'
import { ProvisionError } from '../provision/errors.ts'
import type { Duty } from './duty.ts'

/** Orders that a process works on at once unless told otherwise. */
const AT_ONCE = 8

/**
 * Finishes the orders that nobody works on any more, of whichever process they were: each is given to one of the
 * workers, and gone on with where it stands.
 */
export function finishOrders(
  provisioner: Pick<Provisioner, 'giveOut' | 'finish'>,
  atOnce: number = AT_ONCE,
): Duty {
  return {
    kind: 'orders',
    atOnce,
    async look({ tell }) {
      const orphans = await provisioner.giveOut({})
      for (const { orderId, attempt } of orphans) tell({ type: 'given out', orderId, attempt })
      return orphans.map(({ orderId, attempt }) => ({
        id: `${orderId}#${attempt}`,
        kind: 'orders',
        about: orderId,
      }))
    },
    async work(orderId, { tell, closing }) {
      try {
        const { status } = await provisioner.finish({ orderId, signal: closing })
        tell({ type: 'finished', orderId, status })
        return status
      } catch (error) {
        // The order keeps why; it is given out again after a while.
        if (!(error instanceof ProvisionError)) throw error
        tell({ type: 'not finished', orderId, message: error.message, code: error.code })
        return error.code
      }
    },
  }
}
