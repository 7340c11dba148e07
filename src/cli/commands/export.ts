import { exportMapping, mappingCsv, mappingTables, tableOf } from '../../state/mapping.ts'
import { readState } from '../../stores/states.ts'
import { stateOf } from '../account.ts'
import { type Command, UsageError } from '../command.ts'
import { anyOf } from '../words.ts'
import { EXIT } from '../world.ts'

/** The platform guides' three mapping tables, for portals that do not use the library. */
export const exportCommand: Command = {
  name: 'export',
  summary: 'print the mapping tables of the state: endpoints, rate zones, add-on plans',
  usage: '[flags]',
  flags: [
    ['--state PLACE', 'state file (SFT_STATE; default state.json)'],
    ['--format HOW', 'json (default) or csv'],
    ['--table NAME', `${anyOf(mappingTables())}; csv needs it`],
  ],
  rules: [{ when: '--format csv', needs: ['--table'], why: 'csv holds one table' }],
  run: async (given, world) => {
    const format = given.text('format') ?? 'json'
    if (format !== 'json' && format !== 'csv') throw new UsageError('--format is json or csv')
    const tables = mappingTables()
    const table = tables.find(name => name === given.text('table'))
    if (given.text('table') !== undefined && table === undefined)
      throw new UsageError(`--table is one of ${tables.join(', ')}`)
    const mapping = exportMapping(await readState(stateOf(given, world)))
    if (format === 'csv' && table !== undefined)
      world.document(mappingCsv(tableOf(mapping, table)).trimEnd())
    else world.json(table === undefined ? mapping : tableOf(mapping, table))
    return EXIT.ok
  },
}
