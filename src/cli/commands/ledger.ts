import { acceptLedgerEdit } from '../../provision/index.ts'
import { ledgerLocation } from '../../settings.ts'
import { type Command, UsageError } from '../command.ts'
import { confirmEdit, sayEdit } from '../edits.ts'

/** The ledger's own commands. */
export const ledger: Command = {
  name: 'ledger',
  summary: 'accept-edit: look after the order ledger',
  usage: 'accept-edit',
  flags: [
    ['--ledger FILE', 'order ledger (SFT_LEDGER; default orders.json)'],
    ['--yes', 'do not ask'],
  ],
  arguments: [1, 1],
  run: async (given, world) => {
    const [name] = given.positionals
    if (name !== 'accept-edit') throw new UsageError(`no ledger command "${name}"`)
    const path = ledgerLocation(world.env, given.text('ledger'))
    const report = await acceptLedgerEdit(path, confirmEdit(given, world, 'the ledger'))
    return sayEdit(report, world, 'the ledger')
  },
}
