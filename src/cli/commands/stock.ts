import type { Provisioner } from '../../provision/index.ts'
import { renderStock } from '../../render/selling.ts'
import type { Command } from '../command.ts'
import { answer, LOOKING_FLAGS, lookIntoShop, withShop } from '../selling.ts'
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
    const count = async (shop: Provisioner) => {
      const counted = await shop.stock()
      answer(given, world, counted, renderStock(counted, world.paint))
      return below !== undefined && counted.sellable < below ? EXIT.changes : EXIT.ok
    }
    if (!given.is('recheck')) return lookIntoShop(given, world, count)
    return withShop(given, world, async (shop, signal) => {
      for (const { iccid, forSale, reason = '' } of await shop.recheckSetAside({ signal }))
        world.err(forSale ? `${iccid} is for sale again` : `${iccid} stays set aside: ${reason}`)
      return await count(shop)
    })
  },
}
