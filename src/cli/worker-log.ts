import type { WorkerEvent } from '../fleet/duty.ts'
import type { Logger } from '../provision/index.ts'

/** Writes what a worker does into its log. */
export function logWork(logger: Logger): (event: WorkerEvent) => void {
  return event => {
    const { type, ...fields } = event
    switch (event.type) {
      case 'given out':
        return logger.info(
          { event: type, ...fields },
          `${event.orderId}: given out, attempt ${event.attempt}`,
        )
      case 'finished':
        return logger.info({ event: type, ...fields }, `${event.orderId}: ${event.status}`)
      case 'not finished':
        return logger.warn(
          { event: type, orderId: event.orderId, code: event.code, reason: event.message },
          `${event.orderId}: not finished: ${event.message}`,
        )
      case 'apply taken':
        return logger.info({ event: type, ...fields }, `apply ${event.id}: taken up`)
      case 'apply ended':
        return logger.info({ event: type, ...fields }, `apply ${event.id}: ended: ${event.outcome}`)
      case 'apply stopped':
        return logger.warn(
          { event: type, ...fields },
          `apply ${event.id}: left for now: ${event.why}`,
        )
      case 'swept':
        return logger.info({ event: type, ...fields }, `${event.sweep}: ${event.result}`)
      case 'trouble':
        return logger.error({ event: type, reason: event.message }, event.message)
    }
  }
}
