import { shownPlace } from '../../stores/registry.ts'
import { readHistory } from '../../stores/states.ts'
import { stateOf } from '../account.ts'
import { defineCommand, JSON_FLAG, STATE_FLAG } from '../command.ts'
import { EXIT } from '../context.ts'
import { appliedToJson, renderHistory } from '../detached-text.ts'
import { whole } from '../flags.ts'

const DEFAULT_LIMIT = 20

/** The applies of a state. */
export const history = defineCommand({
  name: 'history',
  summary: 'the applies of a state: who, when, from which commit, what came of it',
  usage: '[--limit N] [flags]',
  flags: {
    limit: whole('N', `at most so many, the newest first (default ${DEFAULT_LIMIT})`),
    ...STATE_FLAG,
    ...JSON_FLAG,
  },
  run: async ({ flags }, context) => {
    const place = stateOf(flags, context)
    const applies = await readHistory(place, flags.limit ?? DEFAULT_LIMIT)
    if (flags.json) context.answer('history', { applies: applies.map(appliedToJson) })
    else if (applies.length === 0) context.err(`nothing was applied from ${shownPlace(place)} yet`)
    else for (const line of renderHistory(applies, context.paint)) context.out(line)
    return EXIT.ok
  },
})
