import type { SuspensionReason } from '../../provision/index.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { text, UsageError } from '../flags.ts'
import { answer, PROVISIONER_FLAGS, required, withProvisioner } from '../provisioner.ts'

const REASONS: readonly SuspensionReason[] = ['support', 'non-payment', 'system']

/** Suspends a sold endpoint. */
export const suspend = defineCommand({
  name: 'suspend',
  summary: 'suspend a sold endpoint',
  usage: '--endpoint ID [--reason WHY] [flags]',
  flags: {
    endpoint: text('ID', 'endpoint that was sold'),
    reason: text('WHY', `${REASONS.join(', ')} (default support)`),
    ...PROVISIONER_FLAGS,
  },
  run: ({ flags }, context) => {
    const endpointId = required(flags, 'endpoint')
    const reason = REASONS.find(reason => reason === (flags.reason ?? 'support'))
    if (reason === undefined) throw new UsageError(`--reason is one of ${REASONS.join(', ')}`)
    return withProvisioner(flags, context, async (provisioner, signal) => {
      await provisioner.suspend({ endpointId, reason, signal })
      answer(flags, context, 'suspend', { endpointId, status: 'suspended' }, [
        `endpoint ${endpointId} is suspended`,
      ])
      return EXIT.ok
    })
  },
})
