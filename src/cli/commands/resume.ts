import { grouped } from '../../counts.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { answer, ON_DEMAND_FLAGS, PROVISIONER_FLAGS, withProvisioner } from '../provisioner.ts'

/** Goes on with orders whose process died. */
export const resume = defineCommand({
  name: 'resume',
  summary: 'go on with unfinished orders that no living process works on',
  usage: '[flags]',
  flags: { ...ON_DEMAND_FLAGS, ...PROVISIONER_FLAGS },
  run: ({ flags }, context) =>
    withProvisioner(flags, context, async (provisioner, signal) => {
      const report = await provisioner.resume({ signal })
      answer(flags, context, 'resume', report, [
        ...report.stopped.map(({ message }) => context.paint('error', message)),
        `${grouped(report.delivered.length)} delivered, ${grouped(report.stopped.length)} stopped, ${grouped(report.inWork)} in work elsewhere`,
      ])
      return report.stopped.length > 0 ? EXIT.failed : EXIT.ok
    }),
})
