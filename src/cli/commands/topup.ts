import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { number, on, text } from '../flags.ts'
import { answer, PROVISIONER_FLAGS, required, withProvisioner } from '../provisioner.ts'

/** Puts another add-on on an eSIM that was sold. */
export const topup = defineCommand({
  name: 'topup',
  summary:
    'put another add-on on an eSIM that was sold; the same order again gives the same top-up',
  usage: '--order ID --endpoint ID --sku SKU [flags]',
  flags: {
    order: text('ID', "the portal's order ID of this top-up"),
    endpoint: text('ID', 'endpoint that was sold'),
    sku: text('SKU', 'portal.sku of the add-on plan'),
    reference: text(
      'TEXT',
      "what the order is bound to beside the SKU, such as the portal's customer",
    ),
    'allow-suspended': on(
      'top up a suspended eSIM too, which carries no traffic until reactivated',
    ),
    timeout: number('SECONDS', 'give up waiting after so long; the order can be resumed'),
    ...PROVISIONER_FLAGS,
  },
  run: ({ flags }, context) => {
    const timeoutSeconds = flags.timeout
    const request = {
      orderId: required(flags, 'order'),
      endpointId: required(flags, 'endpoint'),
      sku: required(flags, 'sku'),
      ...(flags.reference !== undefined && { reference: flags.reference }),
    }
    return withProvisioner(flags, context, async (provisioner, signal) => {
      const done = await provisioner.topUp({
        ...request,
        signal,
        ...(flags['allow-suspended'] && { allowSuspended: true }),
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      })
      answer(flags, context, 'topup', done, [
        `${done.orderId}: ${done.status}, ${done.addon.planName ?? done.sku} (instance ${done.addon.uniqueId}) on endpoint ${done.endpointId}`,
      ])
      return EXIT.ok
    })
  },
})
