import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { answer, PROVISIONER_FLAGS, withProvisioner } from '../provisioner.ts'

/** Undoes what can be undone of an order. */
export const cancel = defineCommand({
  name: 'cancel',
  summary: 'undo what can be undone of an order, and say what cannot',
  usage: 'ID [flags]',
  arguments: [1, 1],
  flags: PROVISIONER_FLAGS,
  run: ({ flags, args }, context) =>
    withProvisioner(flags, context, async (provisioner, signal) => {
      const done = await provisioner.cancel(args[0] ?? '', { signal })
      answer(flags, context, 'cancel', done, [
        `${done.orderId}: ${done.status}`,
        ...done.undone.map(line => `  undone: ${line}`),
        ...done.notUndone.map(line => `  ${context.paint('warn', 'not undone')}: ${line}`),
      ])
      return done.status === 'cancelled' ? EXIT.ok : EXIT.failed
    }),
})
