import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { number, text } from '../flags.ts'
import {
  answer,
  ON_DEMAND_FLAGS,
  PROVISIONER_FLAGS,
  required,
  withProvisioner,
} from '../provisioner.ts'
import { checkQrTarget, showQr } from '../show-qr.ts'

/** Sells an eSIM with an add-on: the same order again gives the same sale. */
export const provision = defineCommand({
  name: 'provision',
  summary: 'sell an eSIM with an add-on; the same order again gives the same sale',
  usage: '--order ID --sku SKU [flags]',
  flags: {
    order: text('ID', "the portal's order ID"),
    sku: text('SKU', 'portal.sku of the add-on plan'),
    reference: text(
      'TEXT',
      "what the order is bound to beside the SKU, such as the portal's customer",
    ),
    qr: text('FILE', 'write the QR code to FILE.png or FILE.svg, or - for this terminal'),
    timeout: number('SECONDS', 'give up waiting after so long; the order can be resumed'),
    ...ON_DEMAND_FLAGS,
    ...PROVISIONER_FLAGS,
  },
  run: ({ flags }, context) => {
    const qr = checkQrTarget(flags)
    const timeoutSeconds = flags.timeout
    const request = {
      orderId: required(flags, 'order'),
      sku: required(flags, 'sku'),
      ...(flags.reference !== undefined && { reference: flags.reference }),
    }
    return withProvisioner(flags, context, async (provisioner, signal) => {
      const sale = await provisioner.purchase({
        ...request,
        signal,
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      })
      const { orderId, status, endpointId, iccid, msisdn, addon, creation } = sale
      const shown = {
        orderId,
        status,
        sku: sale.sku,
        endpointId,
        iccid,
        ...(msisdn !== undefined && { msisdn }),
        addon,
        needsConfirmationCode: sale.needsConfirmationCode,
        ...(creation !== undefined && { creation }),
      }
      const secret = qr === '-' && flags.json ? { activationCode: sale.activationCode } : {}
      answer(flags, context, 'provision', { ...shown, ...secret }, [
        `${orderId}: ${status}`,
        `  eSIM        ${iccid}${msisdn === undefined ? '' : `, MSISDN ${msisdn}`}, endpoint ${endpointId}`,
        `  add-on      ${addon.planName ?? sale.sku} (plan ${addon.planId}, instance ${addon.uniqueId})`,
        ...(creation === undefined
          ? []
          : [
              `  on demand   stock was empty: ${creation.calls} more calls, ${creation.seconds} s more`,
            ]),
        ...(sale.needsConfirmationCode
          ? ['  the phone will ask for a confirmation code: give it to the buyer']
          : []),
      ])
      if (qr !== undefined) await showQr(sale, qr, flags, context)
      return EXIT.ok
    })
  },
})
