import { count, grouped } from '../../counts.ts'
import {
  type ReconciledEsim,
  type Reconciliation,
  reconcile as reconcilePlaces,
} from '../../provision/index.ts'
import { ledgerLocation, stateLocation } from '../../settings.ts'
import { openAccount } from '../account.ts'
import { ACCOUNT_FLAGS, defineCommand, JSON_FLAG } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { on, text, UsageError } from '../flags.ts'

const FLAGS = {
  ...ACCOUNT_FLAGS,
  ledger: text('FILE', 'order ledger (SFT_LEDGER; default orders.json)'),
  'auto-approve': on('do not ask; say it once no order is placed again that was placed since'),
  ...JSON_FLAG,
} as const

/** Reads the account for a state and a ledger that were put back, and lets them be used again. */
export const reconcile = defineCommand({
  name: 'reconcile',
  summary:
    'after a database or a ledger was put back: read the account, set aside what was sold since, then sell and apply again',
  usage: '[flags]',
  flags: FLAGS,
  rules: [{ when: '--json', needs: ['--auto-approve'], why: 'a question would stand in the data' }],
  run: async ({ flags }, context) => {
    if (!flags['auto-approve'] && !context.canAsk)
      throw new UsageError(
        'there is nobody to ask: give --auto-approve once no order is placed again that was placed since',
      )
    const places = {
      state: stateLocation(context.env, flags.state),
      ledger: ledgerLocation(context.env, flags.ledger),
    }
    await using sft = openAccount(flags, context, 'reads')
    const report = await reconcilePlaces(
      places,
      sft,
      told => {
        if (!flags.json) for (const line of linesOf(told)) context.out(line)
        return flags['auto-approve'] || asked(context)
      },
      ({ intent, found, absent, notKnown }) => {
        const outcome =
          notKnown.length > 0 ? 'not known, looked for again by the next apply' : 'looked for'
        context.err(
          `${intent.operation}, announced at ${intent.at}: ${outcome}; ${found.length} found, ${absent.length} not there`,
        )
      },
    )
    if (flags.json) context.answer('reconcile', report ?? NOTHING)
    else if (report === undefined) context.out('nothing was put back: there is nothing to look at')
    else context.out(report.released ? 'it is sold and applied again' : 'nothing was changed')
    return report === undefined || report.released ? EXIT.ok : EXIT.failed
  },
})

const NOTHING = {
  halted: [],
  read: 0,
  setAside: [],
  unknown: [],
  objects: [],
  unfinished: 0,
  pending: 0,
  released: false,
}

/** Objects that are shown by name. */
const SHOWN = 20

function* linesOf(told: Reconciliation): Generator<string> {
  const { halted, read, setAside, unknown, objects, unfinished, pending } = told
  for (const { location, why } of halted) yield `${location} ${why}`
  yield `${count(read, 'eSIM')} of the account ${read === 1 ? 'was' : 'were'} read; not for sale, and set aside with your yes: ${setAside.length}`
  yield* esimLines(setAside)
  if (unknown.length > 0) {
    yield `in use, and neither in the ledger nor in the state: ${grouped(unknown.length)}; nothing sells them, and "sft-catalog adopt" records endpoints that the catalog has`
    yield* esimLines(unknown)
  }
  if (objects.length > 0) {
    yield `not in the state: ${grouped(objects.length)}; "sft-catalog adopt" takes over what is as the catalog says, "sft-catalog plan" shows the rest`
    for (const { kind, id, name } of objects.slice(0, SHOWN)) yield `  ${kind} ${name} (${id})`
    if (objects.length > SHOWN) yield `  and ${grouped(objects.length - SHOWN)} more`
  }
  if (pending > 0) yield `announced and looked for once you said yes: ${count(pending, 'write')}`
  if (unfinished > 0)
    yield `under way then: ${count(unfinished, 'order')}; "sft-catalog resume" looks how far each is`
  yield 'orders and top-ups that were placed since are not in it: placed again, they are sold again'
}

function* esimLines(esims: readonly ReconciledEsim[]): Generator<string> {
  for (const { iccid, reason } of esims) yield `  ${iccid}: ${reason}`
}

async function asked(context: Context): Promise<boolean> {
  const answer = await context.ask(
    'Will none of them be placed again? Only "yes" lets it sell and apply: ',
  )
  return answer.trim().toLowerCase() === 'yes'
}
