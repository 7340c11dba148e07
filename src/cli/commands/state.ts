import { observeAccount } from '../../account/observe.ts'
import { resolveReferences } from '../../apply/run.ts'
import { describeHolder } from '../../durable/lock.ts'
import { wholeLists } from '../../plan/expected.ts'
import { resolveCatalog } from '../../plan/resolve.ts'
import { count } from '../../render/paint.ts'
import type { Kind } from '../../resources/kind.ts'
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
  readState,
  restoreState,
  unlockState,
} from '../../stores/states.ts'
import { openAccount, readCatalog, stateOf } from '../account.ts'
import {
  CATALOG_FLAGS,
  type Command,
  type FlagRule,
  type Given,
  JSON_FLAG,
  namesOf,
  READ_FLAGS,
  UsageError,
} from '../command.ts'
import { confirmEdit, sayEdit } from '../edits.ts'
import { addressOf } from '../planning.ts'
import { EXIT, type World } from '../world.ts'

type Sub = (given: Given, world: World, args: readonly string[]) => Promise<number>

/** What each of them takes besides the place of the state. */
const SUB_FLAGS: readonly FlagRule[] = Object.entries({
  list: ['--json'],
  show: ['--json'],
  mv: [],
  rm: [],
  import: [...namesOf(READ_FLAGS), ...namesOf(CATALOG_FLAGS)],
  unlock: ['--yes'],
  'accept-edit': ['--yes'],
  backup: [],
  restore: [],
}).map(([when, flags]) => ({
  when,
  only: ['--state', ...flags],
  why: `state ${when} does not use it`,
}))

/** The state's own commands. Those that write take the lock; opening leaves a backup. */
export const state: Command = {
  name: 'state',
  summary: 'list, show, mv, rm, import, unlock, backup, restore, accept-edit: look after the state',
  usage:
    'list | show ADDRESS | mv FROM TO | rm ADDRESS | import ADDRESS ID | unlock | backup [FILE] | restore [FILE] | accept-edit',
  flags: [
    ...READ_FLAGS,
    ...CATALOG_FLAGS,
    ['--yes', 'do not ask (unlock, accept-edit)'],
    JSON_FLAG,
  ],
  rules: SUB_FLAGS,
  arguments: [1, 3],
  run: async (given, world) => {
    const [name = '', ...args] = given.positionals
    const sub = Object.hasOwn(SUBS, name) ? SUBS[name] : undefined
    if (sub === undefined) throw new UsageError(`no state command "${name}"`)
    const [least, most] = sub.arguments
    if (args.length < least || args.length > most)
      throw new UsageError(
        `state ${name} takes ${least === most ? count(least, 'argument') : `${least} to ${most} arguments`}`,
      )
    return sub.run(given, world, args)
  },
}

/** Opens the state, does one thing, closes it. */
async function edit(
  given: Given,
  world: World,
  purpose: string,
  work: (store: StateStore) => Promise<string>,
): Promise<number> {
  await using store = await openState(stateOf(given, world), {
    purpose: `state ${purpose}`,
    // A place that was mistyped must not become a state. What is taken in may begin one.
    create: purpose === 'import',
    onNotice: world.err,
  })
  world.out(await work(store))
  return EXIT.ok
}

const list: Sub = async (given, world) => {
  const records = listRecords(await readState(stateOf(given, world)))
  if (given.is('json')) world.json(records)
  else for (const { address, id, name } of records) world.out(`${address}\t${id}\t${name}`)
  return EXIT.ok
}

const show: Sub = async (given, world, [address = '']) => {
  world.json(showRecord(await readState(stateOf(given, world)), addressOf(address)))
  return EXIT.ok
}

const move: Sub = (given, world, [from = '', to = '']) =>
  edit(given, world, 'mv', async store => {
    await moveRecord(store, addressOf(from), addressOf(to))
    return `${from} is ${to} now; give the entry the same key in the catalog`
  })

const remove: Sub = (given, world, [address = '']) =>
  edit(given, world, 'rm', async store => {
    await removeRecord(store, addressOf(address))
    return `${address} is forgotten; the object stays on the platform`
  })

/** Takes an object in by its ID, with what the account reports of it and, for the rest, what the catalog says. */
const take: Sub = async (given, world, [text = '', id = '']) => {
  const address = addressOf(text)
  const [kindName, key] = splitAddress(address)
  const kind: Kind = kindOf(kindName)
  const catalog = await readCatalog(given, world)
  if (catalog === undefined) return EXIT.failed
  await using sft = openAccount(given, world, 'reads')
  return await edit(given, world, 'import', async store => {
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
    const spec = resolveReferences({ ...resource.spec, ...found.spec }, store.state)
    const { base, revision } = parseRevision(found.naturalKey) ?? {}
    const isRevision = revision !== undefined && base === resource.naturalKey
    const record = kind.record(resource, spec, id)
    await importRecord(store, address, isRevision ? { ...record, revision } : record)
    return `${address} is ${id} now; "sft-catalog plan" shows where the two differ`
  })
}

const unlock: Sub = async (given, world) => {
  const ended = await unlockState(stateOf(given, world), async holder => {
    world.out(describeHolder(holder))
    if (given.is('yes')) return true
    if (!world.canAsk)
      throw new UsageError('there is nobody to ask: give --yes once you know that it has ended')
    return (
      (await world.ask('Has it ended? Only "yes" removes the lock: ')).trim().toLowerCase() ===
      'yes'
    )
  })
  world.out(
    ended === undefined
      ? 'the state is not locked'
      : ended.removed
        ? 'the lock is removed'
        : 'the lock stays',
  )
  return EXIT.ok
}

const backup: Sub = async (given, world, [file]) => {
  const { path, serial } = await backupState(stateOf(given, world), file)
  world.out(`serial ${serial} is in ${path}`)
  return EXIT.ok
}

const restore: Sub = async (given, world, [file]) => {
  const report = await restoreState(stateOf(given, world), file, {
    purpose: 'state restore',
    onNotice: world.err,
  })
  world.out(
    `${report.from} is the state now, at serial ${report.serial}${report.replayed > 0 ? `, with ${report.replayed} journal lines played on top` : ''}`,
  )
  for (const path of report.kept) world.out(`what was there before is kept in ${path}`)
  if (report.lost !== undefined)
    world.err(
      world.paintErr(
        'warn',
        `lost: ${report.lost}; "sft-catalog plan" finds what it made by name and ICCID`,
      ),
    )
  return EXIT.ok
}

const acceptEdit: Sub = async (given, world) => {
  const report = await acceptStateEdit(
    stateOf(given, world),
    confirmEdit(given, world, 'the state'),
    { onNotice: world.err },
  )
  return sayEdit(report, world, 'the state')
}

const SUBS: Readonly<
  Record<string, { readonly run: Sub; readonly arguments: readonly [number, number] }>
> = {
  list: { run: list, arguments: [0, 0] },
  show: { run: show, arguments: [1, 1] },
  mv: { run: move, arguments: [2, 2] },
  rm: { run: remove, arguments: [1, 1] },
  import: { run: take, arguments: [2, 2] },
  unlock: { run: unlock, arguments: [0, 0] },
  backup: { run: backup, arguments: [0, 1] },
  restore: { run: restore, arguments: [0, 1] },
  'accept-edit': { run: acceptEdit, arguments: [0, 0] },
}
