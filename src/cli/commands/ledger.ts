import { count } from '../../counts.ts'
import {
  acceptLedgerEdit,
  backupLedger,
  checkLedger,
  restoreLedger,
} from '../../provision/index.ts'
import { ledgerLocation } from '../../settings.ts'
import { withoutSecrets } from '../../stores/addresses.ts'
import { byFirst, defineCommand, JSON_FLAG } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { confirmEdit, sayEdit } from '../edits.ts'
import { on, text, UsageError, type Values } from '../flags.ts'

type Sub = (flags: Flags, context: Context, args: readonly string[]) => Promise<number>

const FLAGS = {
  ledger: text('FILE', 'order ledger (SFT_LEDGER; default orders.json)'),
  yes: on('do not ask (accept-edit)'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** What each of them takes besides the place of the ledger. */
const BY_FIRST = byFirst<typeof FLAGS, keyof typeof SUBS>('ledger', '--ledger', {
  check: ['--json'],
  backup: [],
  restore: [],
  'accept-edit': ['--yes'],
})

/** The ledger's own commands. */
export const ledger = defineCommand({
  name: 'ledger',
  summary: 'check, backup, restore, accept-edit: look after the order ledger',
  usage: 'check | backup [FILE] | restore [FILE] | accept-edit',
  flags: FLAGS,
  ...BY_FIRST,
  arguments: [1, 2],
  run: async ({ flags, args: [name = '', ...args] }, context) => {
    const sub = Object.entries(SUBS).find(([one]) => one === name)?.[1]
    if (sub === undefined) throw new UsageError(`no ledger command "${name}"`)
    if (args.length > 0 && name !== 'backup' && name !== 'restore')
      throw new UsageError(`ledger ${name} takes no argument`)
    return await sub(flags, context, args)
  },
})

const placeOf = (flags: Flags, context: Context): string =>
  ledgerLocation(context.env, flags.ledger)

const check: Sub = async (flags, context) => {
  const place = placeOf(flags, context)
  const path = withoutSecrets(place)
  const report = await checkLedger(place)
  if (report === undefined) throw new UsageError(`${path}: there is no ledger`)
  if (flags.json) context.answer('ledger', report)
  else {
    const { serial, rows, problems } = report
    const counted = Object.entries(rows).map(([table, number]) => `${number} ${table}`)
    context.out(`${path}: serial ${serial}, ${counted.join(', ')}`)
    for (const problem of problems) context.out(context.paint('warn', problem))
    context.out(problems.length === 0 ? 'nothing is wrong' : count(problems.length, 'problem'))
  }
  return report.problems.length === 0 ? EXIT.ok : EXIT.failed
}

const backup: Sub = async (flags, context, [file]) => {
  const { path, serial } = await backupLedger(placeOf(flags, context), file)
  context.out(`serial ${serial} is in ${path}`)
  return EXIT.ok
}

const restore: Sub = async (flags, context, [file]) => {
  const place = placeOf(flags, context)
  const { from, serial, kept } = await restoreLedger(place, file)
  context.out(`${from} is the ledger now, at serial ${serial}`)
  for (const path of kept) context.out(`what was there before is kept in ${path}`)
  context.err(
    context.paintErr(
      'warn',
      `nothing is sold from it until the account was read: "sft-catalog reconcile --ledger ${withoutSecrets(place)}"`,
    ),
  )
  return EXIT.ok
}

const acceptEdit: Sub = async (flags, context) => {
  const confirm = confirmEdit(flags, context, 'the ledger')
  return sayEdit(await acceptLedgerEdit(placeOf(flags, context), confirm), context, 'the ledger')
}

const SUBS = {
  check,
  backup,
  restore,
  'accept-edit': acceptEdit,
} as const satisfies Readonly<Record<string, Sub>>
