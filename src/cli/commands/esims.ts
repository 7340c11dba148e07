import { type Command, UsageError } from '../command.ts'
import { answer, LOOKING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** Looks after single eSIMs of the stock. */
export const esims: Command = {
  name: 'esims',
  summary: 'release ICCID: read a SIM, and put it up for sale where it is Pre-Active and unsold',
  usage: 'release ICCID [flags]',
  flags: LOOKING_FLAGS,
  arguments: [2, 2],
  run: (given, world) => {
    const [what, iccid = ''] = given.positionals
    if (what !== 'release') throw new UsageError(`esims knows release, not "${what}"`)
    return withShop(given, world, async (shop, signal) => {
      const { forSale, reason, ...esim } = await shop.releaseEsim({ iccid, signal })
      const why = reason === undefined ? '' : `: ${reason}`
      answer(given, world, { ...esim, forSale, ...(reason !== undefined && { reason }) }, [
        `${esim.iccid} (endpoint ${esim.endpointId}) is ${forSale ? '' : 'not '}for sale${why}`,
      ])
      return forSale ? EXIT.ok : EXIT.refused
    })
  },
}
