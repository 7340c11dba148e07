import { renderStock } from '../../render/selling.ts'
import type { Command } from '../command.ts'
import { answer, LOOKING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** What can be sold, is reserved and was sold. */
export const stock: Command = {
  name: 'stock',
  summary: 'count sellable, reserved and sold eSIMs by batch and tag, and the days they last',
  usage: '[flags]',
  flags: [['--below N', 'exit 2 when fewer are sellable'], ...LOOKING_FLAGS],
  run: (given, world) => {
    const below = given.number('below')
    return withShop(given, world, async shop => {
      const counted = await shop.stock()
      answer(given, world, counted, renderStock(counted, world.paint))
      return below !== undefined && counted.sellable < below ? EXIT.changes : EXIT.ok
    })
  },
}
