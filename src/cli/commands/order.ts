import type { SettleRequest } from '../../provision/index.ts'
import { renderOrder } from '../../render/ledger-text.ts'
import { defineCommand } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { on, text, UsageError, type Values } from '../flags.ts'
import { answer, LOOKING_FLAGS, lookIntoLedger, withProvisioner } from '../provisioner.ts'
import { checkQrTarget, showQr } from '../show-qr.ts'

const FLAGS = {
  qr: text('FILE', 'of a sale: write the QR code to FILE.png or FILE.svg, or - for this terminal'),
  instance: text('UNIQUE_ID', "settle: this add-on instance is the order's"),
  'not-sold': on('settle: there is no add-on of this order'),
  by: text('NAME', 'settle: who found that out (default: user and host)'),
  ...LOOKING_FLAGS,
} as const

type Flags = Values<typeof FLAGS>

/** Where one order stands, its QR code once more, and the end of a doubt by hand. */
export const order = defineCommand({
  name: 'order',
  summary: 'show where an order stands, every step with time and outcome; settle one by hand',
  usage: 'ID [--qr FILE] | settle ID --instance UNIQUE_ID | settle ID --not-sold [flags]',
  arguments: [1, 2],
  flags: FLAGS,
  first: ['settle'],
  rules: [
    { when: '--qr', not: ['settle'], why: 'nothing is shown of an order that is settled' },
    { when: '--instance', needs: ['settle'], not: ['--not-sold'], why: 'it settles an order' },
    { when: '--not-sold', needs: ['settle'], why: 'it settles an order' },
    { when: '--by', needs: ['settle'], why: 'it says who settles an order' },
  ],
  run: async ({ flags, args }, context) => {
    const [first = '', second] = args
    if (second === undefined) return await show(first, flags, context)
    if (first !== 'settle') throw new UsageError(`unexpected argument "${second}"`)
    return await settle(second, flags, context)
  },
})

async function show(orderId: string, flags: Flags, context: Context): Promise<number> {
  const qr = checkQrTarget(flags)
  return await lookIntoLedger(flags, context, async provisioner => {
    const view = await provisioner.order(orderId)
    const sale = qr === undefined ? undefined : await provisioner.sale(orderId)
    const isSecret = qr === '-' && flags.json && sale !== undefined
    const secret = isSecret ? { activationCode: sale.activationCode } : {}
    answer(flags, context, 'order', { ...view, ...secret }, renderOrder(view, context.paint))
    if (sale !== undefined && qr !== undefined) await showQr(sale, qr, flags, context)
    return EXIT.ok
  })
}

async function settle(orderId: string, flags: Flags, context: Context): Promise<number> {
  const instance = flags.instance
  if (instance === undefined && !flags['not-sold'])
    throw new UsageError('give --instance UNIQUE_ID or --not-sold')
  const by = flags.by
  const verdict: SettleRequest = {
    ...(instance === undefined ? { notSold: true } : { instance }),
    ...(by !== undefined && { by }),
  }
  return await withProvisioner(flags, context, async (provisioner, signal) => {
    const view = await provisioner.settle(orderId, { ...verdict, signal })
    answer(flags, context, 'order', view, renderOrder(view, context.paint))
    return EXIT.ok
  })
}
