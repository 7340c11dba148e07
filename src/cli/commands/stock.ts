import { renderStock } from '../../render/selling.ts'
import type { Command } from '../command.ts'
import { answer, LOOKING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** What can be sold, is reserved and was sold. */
export const stock: Command = {
  name: 'stock',
  summary: 'count sellable, reserved and sold eSIMs by batch and tag, and the days they last',
  usage: '[flags]',
  flags: [
    ['--below N', 'exit 2 when fewer are sellable'],
    ['--recheck', 'read the SIMs again that were set aside; those that can be sold are for sale'],
    ...LOOKING_FLAGS,
  ],
  run: (given, world) => {
    const below = given.number('below')
    return withShop(given, world, async (shop, signal) => {
      const checks = given.is('recheck') ? await shop.recheckSetAside({ signal }) : []
      for (const { iccid, forSale, reason = '' } of checks)
        world.err(forSale ? `${iccid} is for sale again` : `${iccid} stays set aside: ${reason}`)
      const counted = await shop.stock()
      answer(given, world, counted, renderStock(counted, world.paint))
      return below !== undefined && counted.sellable < below ? EXIT.changes : EXIT.ok
    })
  },
}
