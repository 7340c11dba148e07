import { nearestOf } from '../../nearest.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { explanationOf, knownWords } from '../explanations.ts'
import { UsageError } from '../flags.ts'

/** What a code, a setting or a field of the catalog means, and what to do. */
export const explain = defineCommand({
  name: 'explain',
  summary:
    'what an issue, an error, an exit code, a setting or a field of the catalog means, and what to do',
  usage: 'CODE | addonPlans.validity',
  flags: {},
  arguments: [1, 1],
  run: async ({ args: [word = ''] }, context) => {
    const lines = explanationOf(word)
    if (lines === undefined) {
      const meant = nearestOf(word, knownWords())
      throw new UsageError(
        `nothing is known of "${word}"${meant === undefined ? ': give an issue code, the name of an error, an exit code, a setting such as SFT_STATE or a field such as addonPlans.validity' : `; did you mean ${meant}?`}`,
      )
    }
    for (const [at, line] of lines.entries())
      context.out(at === 0 ? context.paint('strong', line) : line)
    return EXIT.ok
  },
})
