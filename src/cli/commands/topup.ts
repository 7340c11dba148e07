import type { Command } from '../command.ts'
import { answer, required, SELLING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** Puts another add-on on an eSIM that was sold. */
export const topup: Command = {
  name: 'topup',
  summary:
    'put another add-on on an eSIM that was sold; the same order again gives the same top-up',
  usage: '--order ID --endpoint ID --sku SKU [flags]',
  flags: [
    ['--order ID', "the portal's order ID of this top-up"],
    ['--endpoint ID', 'endpoint that was sold'],
    ['--sku SKU', 'portal.sku of the add-on plan'],
    [
      '--allow-suspended',
      'top up a suspended eSIM too, which carries no traffic until reactivated',
    ],
    ['--timeout SECONDS', 'give up waiting after so long; the order can be resumed'],
    ...SELLING_FLAGS,
  ],
  run: (given, world) => {
    const timeoutSeconds = given.number('timeout')
    const request = {
      orderId: required(given, 'order'),
      endpointId: required(given, 'endpoint'),
      sku: required(given, 'sku'),
    }
    return withShop(given, world, async (shop, signal) => {
      const done = await shop.topUp({
        ...request,
        signal,
        ...(given.is('allow-suspended') && { allowSuspended: true }),
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      })
      answer(given, world, done, [
        `${done.orderId}: ${done.status}, ${done.addon.planName ?? done.sku} (instance ${done.addon.uniqueId}) on endpoint ${done.endpointId}`,
      ])
      return EXIT.ok
    })
  },
}
