import { count } from '../../counts.ts'
import type { EncryptionReport } from '../../secrets/encryption.ts'
import { keysInForce } from '../../secrets/keys-in-force.ts'
import { ledgerLocation, stateLocation } from '../../settings.ts'
import { withoutSecrets } from '../../stores/addresses.ts'
import { encryptStore } from '../../stores/encrypt.ts'
import { type MoveProgress, migrateStore, type StoreMove } from '../../stores/migrate.ts'
import { confirmed } from '../approved-run.ts'
import { byFirst, defineCommand, JSON_FLAG, STATE_FLAG } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { on, text, UsageError, type Values } from '../flags.ts'

const PARTS = ['state', 'ledger'] as const

const FLAGS = {
  from: text('ADDRESS', 'what is moved: a path, or an address such as postgres://host/database'),
  to: text(
    'ADDRESS',
    'where to: a place that is empty, or that a move was cut short or led away from',
  ),
  part: text(
    'PART',
    'state or ledger; default: what is found at --from, or the state and the ledger of the settings',
  ),
  ...STATE_FLAG,
  ledger: text('FILE', 'order ledger (SFT_LEDGER; default orders.json)'),
  'auto-approve': on('do not ask; needed where nobody can be asked'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

const BY_FIRST = byFirst<typeof FLAGS, 'migrate' | 'encrypt'>('store', '--auto-approve', {
  migrate: ['--from', '--to', '--part', '--json'],
  encrypt: ['--state', '--ledger', '--part', '--json'],
})

/** Moves what a store keeps, and encrypts it. */
export const store = defineCommand({
  name: 'store',
  summary:
    'migrate: move state and ledger to another store, each row compared; encrypt: bring all of them to the first key',
  usage: 'migrate --from ADDRESS --to ADDRESS | encrypt [flags]',
  flags: FLAGS,
  first: BY_FIRST.first,
  arguments: [1, 1],
  rules: [
    ...BY_FIRST.rules,
    {
      when: '--json',
      needs: ['--auto-approve'],
      why: 'a question would stand in the data',
    },
  ],
  run: async ({ flags, args: [name] }, context) => {
    if (name === 'migrate') return await migrate(flags, context)
    if (name === 'encrypt') return await encrypt(flags, context)
    throw new UsageError(`no store command "${name}"`)
  },
})

/** The part that `--part` says. */
function partOf(flags: Flags): (typeof PARTS)[number] | undefined {
  const part = PARTS.find(one => one === flags.part)
  if (flags.part !== undefined && part === undefined)
    throw new UsageError(`--part is "${flags.part}": give one of ${PARTS.join(', ')}`)
  return part
}

function requireSomebody(flags: Flags, context: Context): void {
  if (!flags['auto-approve'] && !context.canAsk)
    throw new UsageError('there is nobody to ask: give --auto-approve')
}

async function encrypt(flags: Flags, context: Context): Promise<number> {
  const part = partOf(flags)
  requireSomebody(flags, context)
  const { first, all } = keysInForce()
  if (all.size === 0)
    throw new UsageError('store encrypt needs a key: name its file by SFT_ENCRYPTION_KEY_FILE')
  const places = {
    ledger: ledgerLocation(context.env, flags.ledger),
    state: stateLocation(context.env, flags.state),
  }
  const parts = part === undefined ? (['ledger', 'state'] as const) : [part]
  if (!flags['auto-approve']) {
    for (const one of parts) context.out(`${one}: ${withoutSecrets(places[one])}`)
    context.out(
      first === undefined
        ? 'all is written in plain text: the file of keys begins with "plain"'
        : `all is encrypted with the key ${first.id}; who does not have it is refused from now on`,
    )
    if (!(await confirmed(context, 'Write all of it anew?'))) {
      context.err('nothing was changed')
      return EXIT.failed
    }
  }
  const done: (EncryptionReport & { readonly part: (typeof PARTS)[number] })[] = []
  for (const one of parts) {
    const tell = progressOn(context)
    const report = await encryptStore(one, places[one], rows =>
      tell({ part: one, doing: 'looked at', rows }),
    )
    if (report === undefined) context.err(`there is no ${one} at ${withoutSecrets(places[one])}`)
    else done.push({ ...report, part: one })
  }
  if (flags.json) context.answer('store', { encrypted: done })
  else for (const line of done.flatMap(linesOfReport)) context.out(line)
  return done.length === 0 ? EXIT.failed : EXIT.ok
}

const linesOfReport = ({
  part,
  location,
  keyId,
  rewritten,
  backups,
  left,
}: EncryptionReport & { readonly part: string }): readonly string[] => [
  `${part} ${location}: ${keyId === undefined ? 'all is plain' : `all is encrypted with the key ${keyId}`}; ${count(rewritten, 'row')} and ${count(backups, 'backup')} written anew`,
  ...left.map(
    ({ path, reason }) => `  left as it was: ${path}: ${reason}; delete it, or keep it as a secret`,
  ),
]

async function migrate(flags: Flags, context: Context): Promise<number> {
  const { from, to } = flags
  if (from === undefined || to === undefined)
    throw new UsageError('store migrate needs --from and --to: where it is, and where it goes')
  const part = partOf(flags)
  requireSomebody(flags, context)
  const moved = await migrateStore({
    from,
    to,
    ...(part !== undefined && { part }),
    onProgress: progressOn(context),
    confirm: async moves => {
      if (!flags.json) for (const line of moves.flatMap(linesOf)) context.out(line)
      if (flags['auto-approve'] || moves.every(one => one.step === 'nothing')) return true
      return await confirmed(context, 'Move it? Nothing is sold or applied meanwhile.')
    },
  })
  if (moved === undefined) {
    context.err('nothing was changed')
    return EXIT.failed
  }
  if (flags.json) context.answer('store', { moves: moved.map(asJson) })
  else for (const one of moved) context.out(endOf(one))
  return EXIT.ok
}

const STEPS: Readonly<Record<StoreMove['step'], string>> = {
  begin: 'it is copied, each row is compared, then it is used there and refused here',
  again:
    'a move that was cut short: it is copied anew, each row is compared, then it is used there',
  end: 'it was copied and compared, and went from here: it is taken into use there',
  nothing: 'it was moved: nothing is left to do',
}

const rowsIn = ({ rows }: StoreMove): string =>
  Object.entries(rows)
    .map(([table, number]) => `${number} ${table}`)
    .join(', ')

const linesOf = (move: StoreMove): readonly string[] => [
  `${move.part}: ${move.from}`,
  `  to ${move.to}`,
  `  ${move.lineage === '' ? 'no lineage yet' : `lineage ${move.lineage}`}, serial ${move.serial}${move.step === 'begin' || move.step === 'again' ? `: ${rowsIn(move)}` : ''}`,
  `  ${STEPS[move.step]}`,
]

const endOf = ({ part, to, serial, step }: StoreMove): string =>
  step === 'nothing'
    ? `the ${part} is ${to}`
    : `the ${part} is ${to} now, at serial ${serial}; name it by --${part} or SFT_${part.toUpperCase()}`

const asJson = ({ part, from, to, lineage, serial, rows, step }: StoreMove) => ({
  part,
  from,
  to,
  lineage,
  serial,
  rows,
  step,
})

/** How often it is told how far it is, in milliseconds. */
const TELL_MS = 2000

type Progress = Pick<MoveProgress, 'part' | 'rows'> & {
  readonly doing: MoveProgress['doing'] | 'looked at'
  readonly of?: number
}

function progressOn(context: Context): (progress: Progress) => void {
  let told = performance.now()
  return ({ part, doing, rows, of }) => {
    if (performance.now() - told < TELL_MS) return
    told = performance.now()
    const counted = of === undefined ? count(rows, 'row') : `${rows} of ${count(of, 'row')}`
    context.err(context.paintErr('dim', `${part}: ${counted} ${doing}`))
  }
}
