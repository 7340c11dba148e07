import type { Clock } from '../clock.ts'
import { count } from '../counts.ts'
import type { CreationCost, OrderKind, StepName, StepOutcome } from './ledger.ts'

/** The order that something happens to. */
export interface AboutOrder {
  readonly orderId: string
  readonly kind: OrderKind
  readonly sku: string
  /**
   * W3C trace context: of the span of this attempt where an OpenTelemetry SDK takes spans, else as it was given with
   * the order.
   */
  readonly traceparent?: string
}

/** What happens while selling. */
export type Happening =
  | ({ readonly type: 'order started' } & AboutOrder)
  | ({ readonly type: 'order taken over'; readonly from: string } & AboutOrder)
  | ({
      /** This process gave no sign of life for too long: the order is somebody else's, and nothing more is sent. */
      readonly type: 'order lost'
    } & AboutOrder)
  | ({
      readonly type: 'order step'
      readonly step: StepName
      readonly outcome: StepOutcome
      /** From the step before, or from the start of this attempt. */
      readonly seconds: number
      readonly endpointId?: string
      readonly detail?: string
    } & AboutOrder)
  | ({
      readonly type: 'order delivered'
      readonly endpointId: string
      readonly uniqueId: string
      /** From the start of this attempt. */
      readonly seconds: number
      /** What making its endpoint on demand took of it. */
      readonly creation?: CreationCost
    } & AboutOrder)
  | ({
      /** `resumable`: what the order holds is kept for it. */
      readonly type: 'order stopped'
      /** Name and code of the error, see errors.ts. */
      readonly error: string
      readonly code: string
      readonly message: string
      readonly resumable: boolean
      /** From the start of this attempt. */
      readonly seconds: number
    } & AboutOrder)
  | ({
      /**
       * Stock was empty, and the endpoint was made on demand; `found`: by an attempt whose end was not seen. The order
       * is the one that needed it.
       */
      readonly type: 'endpoint created'
      readonly endpointId: string
      readonly iccid: string
      readonly how: 'answered' | 'found'
    } & AboutOrder)
  | ({
      readonly type: 'esim set aside'
      readonly endpointId: string
      readonly reason: string
      /** What it would have been sold for. */
    } & Partial<AboutOrder>)
  | { readonly type: 'stock low'; readonly sellable: number; readonly threshold: number }
  | {
      readonly type: 'usage at 80 %' | 'usage exhausted' | 'usage expired'
      readonly endpointId: string
      readonly uniqueId: string
      readonly orderId?: string
      /** What its plan is sold as now. */
      readonly sku?: string
    }
  | {
      /** Work that no caller waits for: warming the pool, resuming, the heartbeat. */
      readonly type: 'background work failed'
      readonly work: string
      readonly message: string
    }

/**
 * What happened while selling, and when, for logs, mails and metrics of your own. No event ever holds an activation
 * code or another secret.
 */
export type ProvisionEvent = Happening & {
  /** ISO time. */
  readonly at: string
}

/** An event as a sentence. */
export function sayEvent(event: ProvisionEvent): string {
  switch (event.type) {
    case 'order started':
      return `${event.orderId}: ${event.kind} of ${event.sku} begun`
    case 'order step': {
      const where = event.endpointId === undefined ? '' : ` (endpoint ${event.endpointId})`
      const detail = event.detail === undefined ? '' : `: ${event.detail}`
      return `${event.orderId}: ${event.step}, ${event.outcome}${where}${detail}`
    }
    case 'order delivered':
      return `${event.orderId}: delivered on endpoint ${event.endpointId}`
    case 'order stopped':
      return `${event.orderId}: stopped: ${event.message}`
    case 'order taken over':
      return `${event.orderId}: taken over from ${event.from}`
    case 'order lost':
      return `${event.orderId}: somebody else works on it, since this process gave no sign of life for too long`
    case 'endpoint created':
      return `${event.orderId}: stock is empty, endpoint ${event.endpointId} was made for SIM ${event.iccid}`
    case 'esim set aside':
      return `endpoint ${event.endpointId} set aside: ${event.reason}`
    case 'stock low':
      return `${count(event.sellable, 'sellable eSIM')} left`
    case 'usage at 80 %':
    case 'usage exhausted':
    case 'usage expired':
      return `endpoint ${event.endpointId}: ${event.type}, instance ${event.uniqueId}`
    case 'background work failed':
      return `${event.work} failed: ${event.message}`
  }
}

/** Called for each event, in order; what it throws becomes a process warning and stops no sale. */
export type ProvisionListener = (event: ProvisionEvent) => void

/** A function that tells the listener with the time, whatever the listener does. */
export function tellSafely(
  listener: ProvisionListener,
  { now }: Pick<Clock, 'now'>,
): (happening: Happening) => void {
  return happening => {
    try {
      listener({ ...happening, at: new Date(now()).toISOString() })
    } catch (error) {
      process.emitWarning(`onEvent threw at '${happening.type}': ${String(error)}`)
    }
  }
}
