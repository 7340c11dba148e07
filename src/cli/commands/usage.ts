import { renderUsage } from '../../render/ledger-text.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { number, text, UsageError } from '../flags.ts'
import { answer, LOOKING_FLAGS, withProvisioner } from '../provisioner.ts'

/** What is left of the add-ons of a sold eSIM. */
export const usage = defineCommand({
  name: 'usage',
  summary: 'show what is left of the add-ons of a sold eSIM',
  usage: '--endpoint ID | --order ID [flags]',
  flags: {
    endpoint: text('ID', 'endpoint that was sold'),
    order: text('ID', 'order that sold it'),
    'max-age': number('SECONDS', "the ledger's figures will do when they are no older"),
    ...LOOKING_FLAGS,
  },
  rules: [{ when: '--endpoint', not: ['--order'], why: 'either tells whose usage is meant' }],
  run: ({ flags }, context) => {
    const endpointId = flags.endpoint
    const orderId = flags.order
    const of =
      endpointId !== undefined ? { endpointId } : orderId !== undefined ? { orderId } : undefined
    if (of === undefined) throw new UsageError('give --endpoint or --order')
    const maxAgeSeconds = flags['max-age']
    return withProvisioner(flags, context, async (provisioner, signal) => {
      const read = await provisioner.usage({
        ...of,
        signal,
        ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
      })
      answer(flags, context, 'usage', read, renderUsage(read, context.paint))
      return EXIT.ok
    })
  },
})
