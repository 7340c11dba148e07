import type { Command } from '../command.ts'
import { answer, required, SELLING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** Takes one add-on instance off an endpoint. */
export const removeAddon: Command = {
  name: 'remove-addon',
  summary: 'take one add-on instance off a sold endpoint',
  usage: '--endpoint ID --instance UNIQUE_ID [flags]',
  flags: [
    ['--endpoint ID', 'endpoint that was sold'],
    ['--instance UNIQUE_ID', 'the instance, as usage lists it'],
    ...SELLING_FLAGS,
  ],
  run: (given, world) => {
    const endpointId = required(given, 'endpoint')
    const uniqueId = required(given, 'instance')
    return withShop(given, world, async (shop, signal) => {
      const { removed } = await shop.removeAddon({ endpointId, uniqueId, signal })
      answer(given, world, { endpointId, uniqueId, removed }, [
        `instance ${uniqueId} ${removed ? 'is taken off' : 'was gone already from'} endpoint ${endpointId}`,
      ])
      return EXIT.ok
    })
  },
}
