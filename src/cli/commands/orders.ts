import { renderOrders } from '../../render/selling.ts'
import type { Command } from '../command.ts'
import { answer, LOOKING_FLAGS, lookIntoShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** The orders of the ledger. */
export const orders: Command = {
  name: 'orders',
  summary: 'list the orders of the ledger',
  usage: '[--unfinished] [flags]',
  flags: [
    ['--unfinished', 'only those that are neither delivered, failed nor cancelled'],
    ...LOOKING_FLAGS,
  ],
  run: (given, world) =>
    lookIntoShop(given, world, async shop => {
      const views = await shop.orders({ unfinished: given.is('unfinished') })
      answer(given, world, views, renderOrders(views, world.paint))
      return EXIT.ok
    }),
}
