import type { Command } from '../command.ts'
import { answer, required, SELLING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** Takes a suspended endpoint back into service. */
export const reactivate: Command = {
  name: 'reactivate',
  summary: 'take a suspended endpoint back into service',
  usage: '--endpoint ID [flags]',
  flags: [['--endpoint ID', 'endpoint that was sold'], ...SELLING_FLAGS],
  run: (given, world) => {
    const endpointId = required(given, 'endpoint')
    return withShop(given, world, async (shop, signal) => {
      await shop.reactivate({ endpointId, signal })
      answer(given, world, { endpointId, status: 'active' }, [`endpoint ${endpointId} is active`])
      return EXIT.ok
    })
  },
}
