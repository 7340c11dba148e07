import type { Command } from '../command.ts'
import { answer, required, SELLING_FLAGS, withShop } from '../selling.ts'
import { checkQrTarget, showQr } from '../show-qr.ts'
import { EXIT } from '../world.ts'

/** Sells an eSIM with an add-on: the same order again gives the same sale. */
export const provision: Command = {
  name: 'provision',
  summary: 'sell an eSIM with an add-on; the same order again gives the same sale',
  usage: '--order ID --sku SKU [flags]',
  flags: [
    ['--order ID', "the portal's order ID"],
    ['--sku SKU', 'portal.sku of the add-on plan'],
    ['--qr FILE', 'write the QR code to FILE.png or FILE.svg, or - for this terminal'],
    ['--timeout SECONDS', 'give up waiting after so long; the order can be resumed'],
    ...SELLING_FLAGS,
  ],
  run: (given, world) => {
    const qr = checkQrTarget(given)
    const timeoutSeconds = given.number('timeout')
    const request = { orderId: required(given, 'order'), sku: required(given, 'sku') }
    return withShop(given, world, async (shop, signal) => {
      const sale = await shop.purchase({
        ...request,
        signal,
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      })
      const { orderId, status, endpointId, iccid, msisdn, addon } = sale
      const shown = {
        orderId,
        status,
        sku: sale.sku,
        endpointId,
        iccid,
        ...(msisdn !== undefined && { msisdn }),
        addon,
        needsConfirmationCode: sale.needsConfirmationCode,
      }
      const secret = qr === '-' && given.is('json') ? { activationCode: sale.activationCode } : {}
      answer(given, world, { ...shown, ...secret }, [
        `${orderId}: ${status}`,
        `  eSIM        ${iccid}${msisdn === undefined ? '' : `, MSISDN ${msisdn}`}`,
        `  endpoint    ${endpointId}`,
        `  add-on      ${addon.planName ?? sale.sku} (plan ${addon.planId}, instance ${addon.uniqueId})`,
        ...(sale.needsConfirmationCode
          ? ['  the phone will ask for a confirmation code: give it to the buyer']
          : []),
      ])
      if (qr !== undefined) await showQr(sale, qr, given, world)
      return EXIT.ok
    })
  },
}
