import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { text } from '../flags.ts'
import { answer, PROVISIONER_FLAGS, required, withProvisioner } from '../provisioner.ts'

/** Takes one add-on instance off an endpoint. */
export const removeAddon = defineCommand({
  name: 'remove-addon',
  summary: 'take one add-on instance off a sold endpoint',
  usage: '--endpoint ID --instance UNIQUE_ID [flags]',
  flags: {
    endpoint: text('ID', 'endpoint that was sold'),
    instance: text('UNIQUE_ID', 'the instance, as usage lists it'),
    ...PROVISIONER_FLAGS,
  },
  run: ({ flags }, context) => {
    const endpointId = required(flags, 'endpoint')
    const uniqueId = required(flags, 'instance')
    return withProvisioner(flags, context, async (provisioner, signal) => {
      const { removed } = await provisioner.removeAddon({ endpointId, uniqueId, signal })
      answer(flags, context, 'remove-addon', { endpointId, uniqueId, removed }, [
        `instance ${uniqueId} ${removed ? 'is taken off' : 'was gone already from'} endpoint ${endpointId}`,
      ])
      return EXIT.ok
    })
  },
})
