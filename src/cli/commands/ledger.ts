import {
  acceptLedgerEdit,
  backupLedger,
  checkLedger,
  type LedgerRecheck,
  recheckLedger,
  restoreLedger,
} from '../../provision/index.ts'
import { count } from '../../render/paint.ts'
import { ledgerLocation } from '../../settings.ts'
import { withoutSecrets } from '../../stores/registry.ts'
import { readState } from '../../stores/states.ts'
import { openAccount, stateOf } from '../account.ts'
import {
  ACCOUNT_FLAGS,
  type Command,
  type FlagRule,
  type Given,
  JSON_FLAG,
  namesOf,
  UsageError,
} from '../command.ts'
import { confirmEdit, sayEdit } from '../edits.ts'
import { EXIT, type World } from '../world.ts'

type Sub = (given: Given, world: World, args: readonly string[]) => Promise<number>

/** What each of them takes besides the place of the ledger. */
const SUB_FLAGS: readonly FlagRule[] = Object.entries({
  check: ['--json'],
  backup: [],
  restore: [],
  recheck: ['--yes', ...namesOf(ACCOUNT_FLAGS)],
  'accept-edit': ['--yes'],
}).map(([when, flags]) => ({
  when,
  only: ['--ledger', ...flags],
  why: `ledger ${when} does not use it`,
}))

/** The ledger's own commands. */
export const ledger: Command = {
  name: 'ledger',
  summary: 'check, backup, restore, recheck, accept-edit: look after the order ledger',
  usage: 'check | backup [FILE] | restore [FILE] | recheck | accept-edit',
  flags: [
    ['--ledger FILE', 'order ledger (SFT_LEDGER; default orders.json)'],
    ...ACCOUNT_FLAGS,
    ['--yes', 'do not ask (recheck, accept-edit)'],
    JSON_FLAG,
  ],
  rules: SUB_FLAGS,
  arguments: [1, 2],
  run: async (given, world) => {
    const [name = '', ...args] = given.positionals
    const sub = Object.hasOwn(SUBS, name) ? SUBS[name] : undefined
    if (sub === undefined) throw new UsageError(`no ledger command "${name}"`)
    if (args.length > 0 && name !== 'backup' && name !== 'restore')
      throw new UsageError(`ledger ${name} takes no argument`)
    return await sub(given, world, args)
  },
}

const placeOf = (given: Given, world: World): string =>
  ledgerLocation(world.env, given.text('ledger'))

const check: Sub = async (given, world) => {
  const place = placeOf(given, world)
  const path = withoutSecrets(place)
  const report = await checkLedger(place)
  if (report === undefined) throw new UsageError(`${path}: there is no ledger`)
  if (given.is('json')) world.json(report)
  else {
    const { serial, rows, problems } = report
    const counted = Object.entries(rows).map(([table, number]) => `${number} ${table}`)
    world.out(`${path}: serial ${serial}, ${counted.join(', ')}`)
    for (const problem of problems) world.out(world.paint('warn', problem))
    world.out(problems.length === 0 ? 'nothing is wrong' : count(problems.length, 'problem'))
  }
  return report.problems.length === 0 ? EXIT.ok : EXIT.failed
}

const backup: Sub = async (given, world, [file]) => {
  const { path, serial } = await backupLedger(placeOf(given, world), file)
  world.out(`serial ${serial} is in ${path}`)
  return EXIT.ok
}

const restore: Sub = async (given, world, [file]) => {
  const place = placeOf(given, world)
  const { from, serial, kept } = await restoreLedger(place, file)
  world.out(`${from} is the ledger now, at serial ${serial}`)
  for (const path of kept) world.out(`what was there before is kept in ${path}`)
  world.err(
    world.paintErr(
      'warn',
      `nothing is sold from it until the account was read: "sft-catalog ledger recheck --ledger ${withoutSecrets(place)}"`,
    ),
  )
  return EXIT.ok
}

const recheck: Sub = async (given, world) => {
  const state = await readState(stateOf(given, world))
  await using sft = openAccount(given, world, 'reads')
  const report = await recheckLedger(placeOf(given, world), { sft, state }, told => {
    for (const line of linesOf(told)) world.out(line)
    return confirmed(given, world)
  })
  if (report === undefined) world.out('the ledger was not put back: there is nothing to look at')
  else world.out(report.released ? 'the ledger sells again' : 'nothing was changed')
  return report === undefined || report.released ? EXIT.ok : EXIT.failed
}

function* linesOf({ why, read, gone }: Omit<LedgerRecheck, 'released'>): Generator<string> {
  yield `the ledger ${why}`
  yield `${count(read, 'eSIM')} that it has as free ${read === 1 ? 'was' : 'were'} read; not for sale, and set aside with your yes: ${gone.length}`
  for (const { iccid, reason } of gone) yield `  ${iccid}: ${reason}`
  yield 'orders and top-ups that were placed since the backup are not in it: placed again, they are sold again'
}

async function confirmed(given: Given, world: World): Promise<boolean> {
  if (given.is('yes')) return true
  if (!world.canAsk)
    throw new UsageError(
      'there is nobody to ask: give --yes once the shop places no order again that it placed since',
    )
  const answer = await world.ask('Will none of them be placed again? Only "yes" lets it sell: ')
  return answer.trim().toLowerCase() === 'yes'
}

const acceptEdit: Sub = async (given, world) => {
  const confirm = confirmEdit(given, world, 'the ledger')
  return sayEdit(await acceptLedgerEdit(placeOf(given, world), confirm), world, 'the ledger')
}

const SUBS: Readonly<Record<string, Sub>> = {
  check,
  backup,
  restore,
  recheck,
  'accept-edit': acceptEdit,
}
