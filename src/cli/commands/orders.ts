import { renderOrders } from '../../render/ledger-text.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { on } from '../flags.ts'
import { answer, LOOKING_FLAGS, lookIntoLedger } from '../provisioner.ts'

/** The orders of the ledger. */
export const orders = defineCommand({
  name: 'orders',
  summary: 'list the orders of the ledger',
  usage: '[--unfinished] [flags]',
  flags: {
    unfinished: on('only those that are neither delivered, failed nor cancelled'),
    ...LOOKING_FLAGS,
  },
  run: ({ flags }, context) =>
    lookIntoLedger(flags, context, async provisioner => {
      const views = await provisioner.orders({ unfinished: flags.unfinished })
      answer(flags, context, 'orders', { orders: views }, renderOrders(views, context.paint))
      return EXIT.ok
    }),
})
