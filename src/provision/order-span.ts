import { defined } from '../defined.ts'
import type { AboutOrder } from './events.ts'
import type { SaleStep } from './sale-steps.ts'
import type { OrderContext } from './save-order.ts'

const attributesOf = ({ orderId, kind, sku }: AboutOrder) => ({
  'sft.order.id': orderId,
  'sft.order.kind': kind,
  'sft.sku': sku,
})

/**
 * One attempt at an order as a span: in the trace that is given, else in that of the attempt which placed it. Its
 * events, and the row that it places, have the span's trace context.
 */
export async function inOrderSpan<
  Result extends { readonly order: { readonly status: string } } | undefined,
>(
  context: OrderContext,
  given: string | undefined,
  work: (context: OrderContext) => Promise<Result>,
): Promise<Result> {
  const { about, telemetry } = context
  const from = given ?? about.traceparent
  return await telemetry.span(
    { name: `order ${about.kind}`, attributes: attributesOf(about), traceparent: from },
    async span => {
      const traceparent = span.traceparent ?? from
      const result = await work({ ...context, about: { ...about, ...defined({ traceparent }) } })
      span.set({ 'sft.order.outcome': result?.order.status ?? 'lost' })
      return result
    },
  )
}

/** A step of an order as a span, within that of its attempt. */
export async function inStepSpan<Result extends { readonly saw: string }>(
  { about, telemetry }: OrderContext,
  step: SaleStep,
  work: () => Promise<Result>,
): Promise<Result> {
  const attributes = { ...attributesOf(about), 'sft.order.step': step }
  return await telemetry.span({ name: `order step ${step}`, attributes }, async span => {
    const result = await work()
    span.set({ 'sft.order.step.outcome': result.saw })
    return result
  })
}
