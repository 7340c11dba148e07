import type { Command } from '../command.ts'
import { answer, SELLING_FLAGS, withShop } from '../selling.ts'
import { EXIT } from '../world.ts'

/** Goes on with orders whose process died. */
export const resume: Command = {
  name: 'resume',
  summary: 'go on with unfinished orders that no living process works on',
  usage: '[flags]',
  flags: SELLING_FLAGS,
  run: (given, world) =>
    withShop(given, world, async (shop, signal) => {
      const report = await shop.resume({ signal })
      answer(given, world, report, [
        ...report.stopped.map(({ message }) => world.paint('error', message)),
        `${report.delivered.length} delivered, ${report.stopped.length} stopped, ${report.inWork} in work elsewhere`,
      ])
      return report.stopped.length > 0 ? EXIT.failed : EXIT.ok
    }),
}
