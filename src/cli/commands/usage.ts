import { renderUsage } from '../../render/selling.ts'
import { type Command, UsageError } from '../command.ts'
import { answer, LOOKING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** What is left of the add-ons of a sold eSIM. */
export const usage: Command = {
  name: 'usage',
  summary: 'show what is left of the add-ons of a sold eSIM',
  usage: '--endpoint ID | --order ID [flags]',
  flags: [
    ['--endpoint ID', 'endpoint that was sold'],
    ['--order ID', 'order that sold it'],
    ['--max-age SECONDS', "the ledger's figures will do when they are no older"],
    ...LOOKING_FLAGS,
  ],
  rules: [{ when: '--endpoint', not: ['--order'], why: 'either tells whose usage is meant' }],
  run: (given, world) => {
    const endpointId = given.text('endpoint')
    const orderId = given.text('order')
    const of =
      endpointId !== undefined ? { endpointId } : orderId !== undefined ? { orderId } : undefined
    if (of === undefined) throw new UsageError('give --endpoint or --order')
    const maxAgeSeconds = given.number('max-age')
    return withShop(given, world, async (shop, signal) => {
      const read = await shop.usage({
        ...of,
        signal,
        ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
      })
      answer(given, world, read, renderUsage(read, world.paint))
      return EXIT.ok
    })
  },
}
