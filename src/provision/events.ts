import type { CreationCost, OrderKind, StepName, StepOutcome } from './ledger.ts'

/** What happens while selling, for logs and metrics. No event ever holds an activation code. */
export type ProvisionEvent =
  | { readonly type: 'order started'; readonly orderId: string; readonly kind: OrderKind }
  | { readonly type: 'order taken over'; readonly orderId: string; readonly from: string }
  | {
      readonly type: 'order step'
      readonly orderId: string
      readonly step: StepName
      readonly outcome: StepOutcome
      readonly endpointId?: string
      readonly detail?: string
    }
  | {
      readonly type: 'order delivered'
      readonly orderId: string
      readonly endpointId: string
      readonly uniqueId: string
      /** From the start of this attempt. */
      readonly seconds: number
      /** What making its endpoint on demand took of it. */
      readonly creation?: CreationCost
    }
  | {
      /** `resumable`: what the order holds is kept for it. */
      readonly type: 'order stopped'
      readonly orderId: string
      readonly error: string
      readonly message: string
      readonly resumable: boolean
    }
  | {
      /** Stock was empty, and the endpoint was made on demand; `found`: by an attempt whose end was not seen. */
      readonly type: 'endpoint created'
      /** The order that needed it. */
      readonly orderId: string
      readonly endpointId: string
      readonly iccid: string
      readonly how: 'answered' | 'found'
    }
  | { readonly type: 'esim set aside'; readonly endpointId: string; readonly reason: string }
  | { readonly type: 'stock low'; readonly sellable: number; readonly threshold: number }
  | {
      readonly type: 'usage at 80 %' | 'usage exhausted' | 'usage expired'
      readonly endpointId: string
      readonly uniqueId: string
      readonly orderId?: string
    }
  | {
      /** Work that no caller waits for: warming the pool, resuming, the heartbeat. */
      readonly type: 'background work failed'
      readonly work: string
      readonly message: string
    }

/** Called for each event, in order; what it throws becomes a process warning and stops no sale. */
export type ProvisionListener = (event: ProvisionEvent) => void

/** A function that tells the listener, whatever the listener does. */
export function tellSafely(listener: ProvisionListener): ProvisionListener {
  return event => {
    try {
      listener(event)
    } catch (error) {
      process.emitWarning(`onEvent threw at '${event.type}': ${String(error)}`)
    }
  }
}
