import { observeAccount } from '../../account/observe.ts'
import { resolveReferences } from '../../apply/run.ts'
import { count } from '../../counts.ts'
import { describeHolder } from '../../durable/lock.ts'
import { wholeLists } from '../../plan/expected.ts'
import { resolveCatalog } from '../../plan/resolve.ts'
import { type Kind, seenAs } from '../../resources/kind.ts'
import { kindOf } from '../../resources/kinds.ts'
import { parseRevision } from '../../resources/revision.ts'
import {
  importRecord,
  listRecords,
  moveRecord,
  removeRecord,
  showRecord,
} from '../../state/edit.ts'
import { type StateStore, splitAddress } from '../../state/state.ts'
import {
  acceptStateEdit,
  backupState,
  openState,
  pullState,
  pushState,
  readState,
  restoreState,
  unlockState,
} from '../../stores/states.ts'
import { withWireOf } from '../../with-wire.ts'
import { openAccount, stateOf } from '../account.ts'
import { readCatalog } from '../catalog.ts'
import { byFirst, CATALOG_FLAGS, defineCommand, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { confirmEdit, sayEdit } from '../edits.ts'
import { namesOf, on, UsageError, type Values } from '../flags.ts'
import { addressOf } from '../planning.ts'
import { tabular } from '../tabular.ts'

type Sub = (flags: Flags, context: Context, args: readonly string[]) => Promise<number>

const FLAGS = {
  ...READ_FLAGS,
  ...CATALOG_FLAGS,
  yes: on('do not ask (unlock, accept-edit)'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** What each of them takes besides the place of the state. */
const BY_FIRST = byFirst<typeof FLAGS, keyof typeof SUBS>('state', '--state', {
  list: ['--json'],
  show: ['--json'],
  mv: [],
  rm: [],
  import: [...namesOf(READ_FLAGS), ...namesOf(CATALOG_FLAGS)],
  unlock: ['--yes'],
  'accept-edit': ['--yes'],
  backup: [],
  restore: [],
  pull: [],
  push: [],
})

/** The state's own commands. Those that write take the lock; opening leaves a backup. */
export const state = defineCommand({
  name: 'state',
  summary:
    'list, show, mv, rm, import, unlock, backup, restore, accept-edit, pull, push: look after the state',
  usage:
    'list | show ADDRESS | mv FROM TO | rm ADDRESS | import ADDRESS ID | unlock | backup [FILE] | restore [FILE] | accept-edit | pull FOLDER | push FOLDER',
  flags: FLAGS,
  ...BY_FIRST,
  arguments: [1, 3],
  run: async ({ flags, args: [name = '', ...args] }, context) => {
    const sub = Object.entries(SUBS).find(([one]) => one === name)?.[1]
    if (sub === undefined) throw new UsageError(`no state command "${name}"`)
    const [least, most] = sub.arguments
    if (args.length < least || args.length > most)
      throw new UsageError(
        `state ${name} takes ${least === most ? count(least, 'argument') : `${least} to ${most} arguments`}`,
      )
    return sub.run(flags, context, args)
  },
})

/** Opens the state, does one thing, closes it. */
async function edit(
  flags: Flags,
  context: Context,
  purpose: string,
  work: (store: StateStore) => Promise<string>,
): Promise<number> {
  await using store = await openState(stateOf(flags, context), {
    purpose: `state ${purpose}`,
    // A place that was mistyped must not become a state. What is taken in may begin one.
    create: purpose === 'import',
    onNotice: context.err,
  })
  context.out(await work(store))
  return EXIT.ok
}

const list: Sub = async (flags, context) => {
  const records = listRecords(await readState(stateOf(flags, context)))
  if (flags.json) context.answer('state', { records })
  else
    for (const line of tabular(
      records.map(({ address, id, name }) => [address, id, name]),
      context,
    ))
      context.out(line)
  return EXIT.ok
}

const show: Sub = async (flags, context, [address = '']) => {
  const record = showRecord(await readState(stateOf(flags, context)), addressOf(address))
  if (flags.json) context.answer('state', { ...record })
  else context.json(record)
  return EXIT.ok
}

const move: Sub = (flags, context, [from = '', to = '']) =>
  edit(flags, context, 'mv', async store => {
    await moveRecord(store, addressOf(from), addressOf(to))
    return `${from} is ${to} now; give the entry the same key in the catalog`
  })

const remove: Sub = (flags, context, [address = '']) =>
  edit(flags, context, 'rm', async store => {
    await removeRecord(store, addressOf(address))
    return `${address} is forgotten; the object stays on the platform`
  })

/** Takes an object in by its ID, with what the account reports of it and, for the rest, what the catalog says. */
const take: Sub = async (flags, context, [text = '', id = '']) => {
  const address = addressOf(text)
  const [kindName, key] = splitAddress(address)
  const kind: Kind = kindOf(kindName)
  const catalog = await readCatalog(flags, context)
  if (catalog === undefined) return EXIT.failed
  await using sft = withWireOf(openAccount(flags, context, 'reads'), catalog)
  return await edit(flags, context, 'import', async store => {
    const observation = await observeAccount(sft.read, {
      stock: kind.identity === 'iccid' ? { ask: 'iccids', iccids: [key] } : { ask: 'nothing' },
      expected: wholeLists(store.state),
      pageSize: sft.form.pageSize,
      destGroupId: catalog.account.destGroupId,
    })
    const resource = resolveCatalog(catalog, observation, store.state).resources.get(address)
    if (resource === undefined)
      throw new UsageError(
        `${address} is not in the catalog: write the entry first, or use sft-catalog adopt`,
      )
    const found = [...kind.observed(observation)].find(object => object.id === id)
    if (found === undefined) throw new UsageError(`the account has no ${kind.title} with ID ${id}`)
    const reported = seenAs(kind, found.spec, field => resource.spec[field])
    const spec = resolveReferences({ ...resource.spec, ...reported }, store.state)
    const { base, revision } = parseRevision(found.naturalKey) ?? {}
    const isRevision = revision !== undefined && base === resource.naturalKey
    const record = kind.record(resource, spec, id)
    await importRecord(store, address, isRevision ? { ...record, revision } : record)
    return `${address} is ${id} now; "sft-catalog plan" shows where the two differ`
  })
}

const unlock: Sub = async (flags, context) => {
  const ended = await unlockState(stateOf(flags, context), async holder => {
    context.out(describeHolder(holder))
    if (flags.yes) return true
    if (!context.canAsk)
      throw new UsageError('there is nobody to ask: give --yes once you know that it has ended')
    return (
      (await context.ask('Has it ended? Only "yes" removes the lock: ')).trim().toLowerCase() ===
      'yes'
    )
  })
  context.out(
    ended === undefined
      ? 'the state is not locked'
      : ended.removed
        ? 'the lock is removed'
        : 'the lock stays',
  )
  return EXIT.ok
}

const backup: Sub = async (flags, context, [file]) => {
  const { path, serial } = await backupState(stateOf(flags, context), file)
  context.out(`serial ${serial} is in ${path}`)
  return EXIT.ok
}

const restore: Sub = async (flags, context, [file]) => {
  const report = await restoreState(stateOf(flags, context), file, {
    purpose: 'state restore',
    onNotice: context.err,
  })
  context.out(
    `${report.from} is the state now, at serial ${report.serial}${report.replayed > 0 ? `, with ${report.replayed} journal lines played on top` : ''}`,
  )
  for (const path of report.kept) context.out(`what was there before is kept in ${path}`)
  if (report.lost !== undefined)
    context.err(
      context.paintErr(
        'warn',
        `lost: ${report.lost}; "sft-catalog plan" finds what it made by name and ICCID`,
      ),
    )
  return EXIT.ok
}

const pull: Sub = async (flags, context, [folder = '']) => {
  const { how, serial, place } = await pullState(stateOf(flags, context), folder)
  context.out(
    how === 'nothing there'
      ? `there is no state at ${place} yet: the first "state push" makes it`
      : how === 'ahead'
        ? `serial ${serial} is not in ${place} yet: "state push" puts it there`
        : `serial ${serial} of ${place} is here`,
  )
  return EXIT.ok
}

const push: Sub = async (flags, context, [folder = '']) => {
  const { serial, place } = await pushState(stateOf(flags, context), folder)
  context.out(`serial ${serial} is in ${place}`)
  return EXIT.ok
}

const acceptEdit: Sub = async (flags, context) => {
  const report = await acceptStateEdit(
    stateOf(flags, context),
    confirmEdit(flags, context, 'the state'),
    { onNotice: context.err },
  )
  return sayEdit(report, context, 'the state')
}

const SUBS = {
  list: { run: list, arguments: [0, 0] },
  show: { run: show, arguments: [1, 1] },
  mv: { run: move, arguments: [2, 2] },
  rm: { run: remove, arguments: [1, 1] },
  import: { run: take, arguments: [2, 2] },
  unlock: { run: unlock, arguments: [0, 0] },
  backup: { run: backup, arguments: [0, 1] },
  restore: { run: restore, arguments: [0, 1] },
  'accept-edit': { run: acceptEdit, arguments: [0, 0] },
  pull: { run: pull, arguments: [1, 1] },
  push: { run: push, arguments: [1, 1] },
} as const satisfies Readonly<
  Record<string, { readonly run: Sub; readonly arguments: readonly [number, number] }>
>
