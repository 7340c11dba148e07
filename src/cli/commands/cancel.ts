import type { Command } from '../command.ts'
import { answer, SELLING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** Undoes what can be undone of an order. */
export const cancel: Command = {
  name: 'cancel',
  summary: 'undo what can be undone of an order, and say what cannot',
  usage: 'ID [flags]',
  arguments: [1, 1],
  flags: SELLING_FLAGS,
  run: (given, world) =>
    withShop(given, world, async (shop, signal) => {
      const done = await shop.cancel(given.positionals[0] ?? '', { signal })
      answer(given, world, done, [
        `${done.orderId}: ${done.status}`,
        ...done.undone.map(line => `  undone: ${line}`),
        ...done.notUndone.map(line => `  ${world.paint('warn', 'not undone')}: ${line}`),
      ])
      return done.status === 'cancelled' ? EXIT.ok : EXIT.failed
    }),
}
