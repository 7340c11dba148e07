import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { UsageError } from '../flags.ts'
import { answer, LOOKING_FLAGS, withProvisioner } from '../provisioner.ts'

/** Looks after single eSIMs of the stock. */
export const esims = defineCommand({
  name: 'esims',
  summary: 'release ICCID: read a SIM, and put it up for sale where it is Pre-Active and unsold',
  usage: 'release ICCID [flags]',
  flags: LOOKING_FLAGS,
  arguments: [2, 2],
  run: ({ flags, args }, context) => {
    const [what, iccid = ''] = args
    if (what !== 'release') throw new UsageError(`esims knows release, not "${what}"`)
    return withProvisioner(flags, context, async (provisioner, signal) => {
      const { forSale, reason, ...esim } = await provisioner.releaseEsim({ iccid, signal })
      const why = reason === undefined ? '' : `: ${reason}`
      answer(
        flags,
        context,
        'esims',
        { ...esim, forSale, ...(reason !== undefined && { reason }) },
        [`${esim.iccid} (endpoint ${esim.endpointId}) is ${forSale ? '' : 'not '}for sale${why}`],
      )
      return forSale ? EXIT.ok : EXIT.refused
    })
  },
})
