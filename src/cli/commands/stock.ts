import type { Provisioner } from '../../provision/index.ts'
import { renderStock } from '../../render/ledger-text.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { number, on } from '../flags.ts'
import { answer, LOOKING_FLAGS, lookIntoLedger, withProvisioner } from '../provisioner.ts'

/** What can be sold, is reserved and was sold. */
export const stock = defineCommand({
  name: 'stock',
  summary: 'count sellable, reserved and sold eSIMs by batch and tag, and the days they last',
  usage: '[flags]',
  flags: {
    below: number('N', 'exit 2 when fewer are sellable'),
    recheck: on('read the SIMs again that were set aside; those that can be sold are for sale'),
    ...LOOKING_FLAGS,
  },
  run: ({ flags }, context) => {
    const below = flags.below
    const count = async (provisioner: Provisioner) => {
      const counted = await provisioner.stock()
      answer(flags, context, 'stock', counted, renderStock(counted, context.paint))
      return below !== undefined && counted.sellable < below ? EXIT.changes : EXIT.ok
    }
    if (!flags.recheck) return lookIntoLedger(flags, context, count)
    return withProvisioner(flags, context, async (provisioner, signal) => {
      for (const { iccid, forSale, reason = '' } of await provisioner.recheckSetAside({ signal }))
        context.err(forSale ? `${iccid} is for sale again` : `${iccid} stays set aside: ${reason}`)
      return await count(provisioner)
    })
  },
})
