import { type Adoption, prepareAdoption } from '../../adopt/adopt-account.ts'
import type { Adoption as Adopting } from '../../adopt/proposal.ts'
import { FileExistsError, writeNewFiles } from '../../catalog/write-files.ts'
import type { Catalog, KindName } from '../../model.ts'
import { adoptionToJson, renderAdoption } from '../../render/adopt-text.ts'
import { subjectLines } from '../../render/subject.ts'
import type { Kind } from '../../resources/kind.ts'
import { kinds } from '../../resources/kinds.ts'
import type { State, StateStore } from '../../state/state.ts'
import { openState, readState } from '../../stores/states.ts'
import { withWireOf } from '../../with-wire.ts'
import { openAccount, stateOf, subjectOf } from '../account.ts'
import { catalogFolder, existingCatalog, loadOptions } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import {
  type FlagRule,
  type Mention,
  type NameOf,
  on,
  text,
  texts,
  UsageError,
  type Values,
} from '../flags.ts'
import { keepState } from '../keep-state.ts'
import { showReading } from '../planning.ts'
import { anyOf } from '../words.ts'

const isInactive = ({ recordsInactive }: Adopting): boolean => recordsInactive === true

const adoptedBy = (is: (adoption: Adopting) => boolean): readonly Kind[] =>
  kinds().filter(({ adoption }) => adoption !== undefined && is(adoption))

const FLAGS = {
  ...CATALOG_FLAGS,
  ...READ_FLAGS,
  only: texts(
    'KIND',
    `${anyOf(kinds().map(({ section }) => section))} (may be given several times; default: all)`,
  ),
  into: text('NAME', 'folder of the new files below the catalog (default: adopted)'),
  'endpoint-profiles': on('read name and settings of every endpoint: a call each'),
  inactive: on(
    `record inactive ${anyOf(adoptedBy(isInactive).map(({ plural }) => plural))} in the state, as retired`,
  ),
  'dry-run': on('print what would be written, and write nothing'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** A flag that is about some kinds only. */
function onlyWith(
  when: NameOf<typeof FLAGS>,
  is: (adoption: Adopting) => boolean,
): FlagRule<Mention<typeof FLAGS>> {
  const about = adoptedBy(is)
  const names = about.flatMap(({ kind, section }) => [
    `--only ${section}` as const,
    `--only ${kind}` as const,
  ])
  const why = `--only leaves the ${anyOf(about.map(({ plural }) => plural))} out`
  return { when, needs: [...names, '!--only'], why }
}

/** Brings what exists on the account under management: YAML and state, so that the next plan is empty. */
export const adopt = defineCommand({
  name: 'adopt',
  summary: 'write catalog and state for what the account has already; changes nothing there',
  usage: '[flags]',
  flags: FLAGS,
  rules: [
    onlyWith('--endpoint-profiles', ({ readProfiles }) => readProfiles !== undefined),
    onlyWith('--inactive', isInactive),
  ],
  run: async ({ flags }, context) => {
    const into = flags.into ?? 'adopted'
    if (!/^[a-z0-9][\w-]*(\/[a-z0-9][\w-]*)*$/i.test(into))
      throw new UsageError('--into takes the name of a folder below the catalog, such as adopted')
    const kinds = kindsOf(flags)
    const folder = catalogFolder(flags, context)
    const catalog = await existingCatalog(folder, flags, context)
    if (catalog === 'broken') return EXIT.failed
    const run = { catalog, folder, into, kinds, flags, context }
    if (flags['dry-run']) {
      const state = await readState(stateOf(flags, context))
      return (await adoptInto(run, state, undefined)) ? EXIT.ok : EXIT.failed
    }
    await using store = await openState(stateOf(flags, context), { purpose: 'adopt' })
    return (await adoptInto(run, store.state, store)) ? EXIT.ok : EXIT.failed
  },
})

interface Run {
  readonly catalog: Catalog | undefined
  readonly folder: string
  readonly into: string
  readonly kinds: ReadonlySet<KindName>
  readonly flags: Flags
  readonly context: Context
}

/** Without a store nothing is written. */
async function adoptInto(run: Run, state: State, store: StateStore | undefined): Promise<boolean> {
  const { flags, context, folder } = run
  if (Object.keys(state.pending).length > 0) {
    context.err(
      `${context.paintErr('error', 'error')} the state has writes whose end is not known: run "sft-catalog apply" first, which looks for them, or they might be adopted as somebody else's`,
    )
    return false
  }
  const json = flags.json
  const use = store === undefined ? 'reads' : 'writes'
  await using sft = withWireOf(openAccount(flags, context, use), run.catalog)
  const subject = subjectOf(sft, flags, context)
  if (!json) for (const line of subjectLines(subject)) context.out(line)
  using reading = showReading(context)
  const adoption = await prepareAdoption(sft, state, {
    catalog: run.catalog,
    folder,
    into: run.into,
    kinds: run.kinds,
    inactive: flags.inactive,
    endpointProfiles: flags['endpoint-profiles'],
    pageSize: sft.form.pageSize,
    load: loadOptions(flags, context),
    ...(context.canAsk && !json && { ask: context.ask }),
    say: line => context.err(context.paintErr('dim', line)),
    onEvent: reading.onEvent,
  })
  if (store !== undefined && !(await write(adoption, store, run))) return false
  const written = store !== undefined
  if (json) {
    context.answer('adopt', adoptionToJson(adoption, written, subject))
    return true
  }
  if (!written)
    for (const { path, text } of adoption.files.filter(file => file.path.endsWith('.yaml')))
      for (const line of [
        context.paint('strong', `=== ${path}`),
        ...text.trimEnd().split('\n'),
        '',
      ])
        context.out(line)
  for (const line of renderAdoption(adoption, written, context.paint)) context.out(line)
  return true
}

/** Files first: a catalog that the state does not know yet is found by name again, the reverse is pruned. */
async function write(
  adoption: Adoption,
  store: StateStore,
  { folder, flags, context }: Run,
): Promise<boolean> {
  if (adoption.entries.length === 0) return true
  if (store.state.serial > 0) await keepState(flags, context)
  try {
    await writeNewFiles(folder, adoption.files)
  } catch (error) {
    if (!(error instanceof FileExistsError)) throw error
    context.err(`${context.paintErr('error', 'error')} ${error.message}`)
    return false
  }
  const account = store.state.account === undefined
  await store.append(
    ...(account ? [{ type: 'account' as const, account: adoption.account }] : []),
    ...adoption.entries,
  )
  return true
}

function kindsOf(flags: Flags): ReadonlySet<KindName> {
  const only = flags.only
  const chosen = only.map(text => {
    const kind = kinds().find(({ kind, section }) => section === text || kind === text)
    if (kind === undefined)
      throw new UsageError(
        `--only ${text}: give ${kinds()
          .map(({ section }) => section)
          .join(', ')}`,
      )
    return kind.kind
  })
  return new Set(chosen.length === 0 ? kinds().map(({ kind }) => kind) : chosen)
}
