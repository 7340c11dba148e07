import { count } from '../../render/paint.ts'
import { type MoveProgress, migrateStore, type StoreMove } from '../../stores/migrate.ts'
import { confirmed } from '../approved-run.ts'
import { defineCommand, JSON_FLAG } from '../command.ts'
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
    'state or ledger; default: what is found at --from, both where both are there',
  ),
  'auto-approve': on('do not ask; needed where nobody can be asked'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** Moves what a store keeps. */
export const store = defineCommand({
  name: 'store',
  summary:
    'migrate: move the state and the ledger to another store, each row compared; what was moved is refused where it was',
  usage: 'migrate --from ADDRESS --to ADDRESS [flags]',
  flags: FLAGS,
  arguments: [1, 1],
  rules: [
    {
      when: '--json',
      needs: ['--auto-approve'],
      why: 'a question would stand in the data',
    },
  ],
  run: async ({ flags, args: [name] }, context) => {
    if (name !== 'migrate') throw new UsageError(`no store command "${name}"`)
    return await migrate(flags, context)
  },
})

async function migrate(flags: Flags, context: Context): Promise<number> {
  const { from, to } = flags
  if (from === undefined || to === undefined)
    throw new UsageError('store migrate needs --from and --to: where it is, and where it goes')
  const part = PARTS.find(one => one === flags.part)
  if (flags.part !== undefined && part === undefined)
    throw new UsageError(`--part is "${flags.part}": give one of ${PARTS.join(', ')}`)
  if (!flags['auto-approve'] && !context.canAsk)
    throw new UsageError('there is nobody to ask: give --auto-approve')
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

function progressOn(context: Context): (progress: MoveProgress) => void {
  let told = performance.now()
  return ({ part, doing, rows, of }) => {
    if (performance.now() - told < TELL_MS) return
    told = performance.now()
    context.err(context.paintErr('dim', `${part}: ${rows} of ${count(of, 'row')} ${doing}`))
  }
}
