import type { SuspensionReason } from '../../provision/index.ts'
import { type Command, UsageError } from '../command.ts'
import { answer, required, SELLING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

const REASONS: readonly SuspensionReason[] = ['support', 'non-payment', 'system']

/** Suspends a sold endpoint. */
export const suspend: Command = {
  name: 'suspend',
  summary: 'suspend a sold endpoint',
  usage: '--endpoint ID [--reason WHY] [flags]',
  flags: [
    ['--endpoint ID', 'endpoint that was sold'],
    ['--reason WHY', `${REASONS.join(', ')} (default support)`],
    ...SELLING_FLAGS,
  ],
  run: (given, world) => {
    const endpointId = required(given, 'endpoint')
    const reason = REASONS.find(reason => reason === (given.text('reason') ?? 'support'))
    if (reason === undefined) throw new UsageError(`--reason is one of ${REASONS.join(', ')}`)
    return withShop(given, world, async (shop, signal) => {
      await shop.suspend({ endpointId, reason, signal })
      answer(given, world, { endpointId, status: 'suspended' }, [
        `endpoint ${endpointId} is suspended`,
      ])
      return EXIT.ok
    })
  },
}
