import { renderOrder } from '../../render/selling.ts'
import type { Command } from '../command.ts'
import { answer, LOOKING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** Where one order stands. */
export const order: Command = {
  name: 'order',
  summary: 'show where an order stands, every step with time and outcome',
  usage: 'ID [flags]',
  arguments: [1, 1],
  flags: LOOKING_FLAGS,
  run: (given, world) =>
    withShop(given, world, async shop => {
      const view = await shop.order(given.positionals[0] ?? '')
      answer(given, world, view, renderOrder(view, world.paint))
      return EXIT.ok
    }),
}
