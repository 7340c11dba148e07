import { exportMapping, mappingCsv, mappingTables, tableOf } from '../../state/mapping.ts'
import { readState } from '../../stores/states.ts'
import { stateOf } from '../account.ts'
import { defineCommand, STATE_FLAG } from '../command.ts'
import { EXIT } from '../context.ts'
import { text, UsageError } from '../flags.ts'
import { anyOf } from '../words.ts'

/** The platform guides' three mapping tables, for portals that do not use the library. */
export const exportCommand = defineCommand({
  name: 'export',
  summary: 'print the mapping tables of the state: endpoints, rate zones, add-on plans',
  usage: '[flags]',
  flags: {
    ...STATE_FLAG,
    format: text('HOW', 'json (default) or csv'),
    table: text('NAME', `${anyOf(mappingTables())}; csv needs it`),
  },
  rules: [{ when: '--format csv', needs: ['--table'], why: 'csv holds one table' }],
  run: async ({ flags }, context) => {
    const format = flags.format ?? 'json'
    if (format !== 'json' && format !== 'csv') throw new UsageError('--format is json or csv')
    const tables = mappingTables()
    const table = tables.find(name => name === flags.table)
    if (flags.table !== undefined && table === undefined)
      throw new UsageError(`--table is one of ${tables.join(', ')}`)
    const mapping = exportMapping(await readState(stateOf(flags, context)))
    if (format === 'csv' && table !== undefined)
      context.document(mappingCsv(tableOf(mapping, table)).trimEnd())
    else context.json(table === undefined ? mapping : tableOf(mapping, table))
    return EXIT.ok
  },
})
