import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { text } from '../flags.ts'
import { answer, PROVISIONER_FLAGS, required, withProvisioner } from '../provisioner.ts'

/** Takes a suspended endpoint back into service. */
export const reactivate = defineCommand({
  name: 'reactivate',
  summary: 'take a suspended endpoint back into service',
  usage: '--endpoint ID [flags]',
  flags: { endpoint: text('ID', 'endpoint that was sold'), ...PROVISIONER_FLAGS },
  run: ({ flags }, context) => {
    const endpointId = required(flags, 'endpoint')
    return withProvisioner(flags, context, async (provisioner, signal) => {
      await provisioner.reactivate({ endpointId, signal })
      answer(flags, context, 'reactivate', { endpointId, status: 'active' }, [
        `endpoint ${endpointId} is active`,
      ])
      return EXIT.ok
    })
  },
})
