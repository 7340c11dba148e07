import { existsSync } from 'node:fs'
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
import {
  catalogFolder,
  checkDigitOf,
  loadWith,
  openAccount,
  stateOf,
  subjectOf,
} from '../account.ts'
import {
  CATALOG_FLAGS,
  type Command,
  type FlagRule,
  type Given,
  JSON_FLAG,
  READ_FLAGS,
  UsageError,
} from '../command.ts'
import { keepState } from '../keep-state.ts'
import { sayRead } from '../planning.ts'
import { anyOf } from '../words.ts'
import { EXIT, showIssues, type World } from '../world.ts'

const isInactive = ({ recordsInactive }: Adopting): boolean => recordsInactive === true

const adoptedBy = (is: (adoption: Adopting) => boolean): readonly Kind[] =>
  kinds().filter(({ adoption }) => adoption !== undefined && is(adoption))

/** A flag that is about some kinds only. */
function onlyWith(when: string, is: (adoption: Adopting) => boolean): FlagRule {
  const about = adoptedBy(is)
  const names = about.flatMap(({ kind, section }) => [`--only ${section}`, `--only ${kind}`])
  const why = `--only leaves the ${anyOf(about.map(({ plural }) => plural))} out`
  return { when, needs: [...names, '!--only'], why }
}

/** Brings what exists on the account under management: YAML and state, so that the next plan is empty. */
export const adopt: Command = {
  name: 'adopt',
  summary: 'write catalog and state for what the account has already; changes nothing there',
  usage: '[flags]',
  flags: [
    ...CATALOG_FLAGS,
    ...READ_FLAGS,
    [
      '--only KIND…',
      `${anyOf(kinds().map(({ section }) => section))} (may be given several times; default: all)`,
    ],
    ['--into NAME', 'folder of the new files below the catalog (default: adopted)'],
    ['--endpoint-profiles', 'read name and settings of every endpoint: a call each'],
    [
      '--inactive',
      `record inactive ${anyOf(adoptedBy(isInactive).map(({ plural }) => plural))} in the state, as retired`,
    ],
    ['--dry-run', 'print what would be written, and write nothing'],
    JSON_FLAG,
  ],
  rules: [
    onlyWith('--endpoint-profiles', ({ readProfiles }) => readProfiles !== undefined),
    onlyWith('--inactive', isInactive),
  ],
  run: async (given, world) => {
    const into = given.text('into') ?? 'adopted'
    if (!/^[a-z0-9][\w-]*(\/[a-z0-9][\w-]*)*$/i.test(into))
      throw new UsageError('--into takes the name of a folder below the catalog, such as adopted')
    const kinds = kindsOf(given)
    const folder = catalogFolder(given, world)
    const catalog = await existingCatalog(folder, given, world)
    if (catalog === 'broken') return EXIT.failed
    const run = { catalog, folder, into, kinds, given, world }
    if (given.is('dry-run')) {
      const state = await readState(stateOf(given, world))
      return (await adoptInto(run, state, undefined)) ? EXIT.ok : EXIT.failed
    }
    await using store = await openState(stateOf(given, world), { purpose: 'adopt' })
    return (await adoptInto(run, store.state, store)) ? EXIT.ok : EXIT.failed
  },
}

interface Run {
  readonly catalog: Catalog | undefined
  readonly folder: string
  readonly into: string
  readonly kinds: ReadonlySet<KindName>
  readonly given: Given
  readonly world: World
}

/** Without a store nothing is written. */
async function adoptInto(run: Run, state: State, store: StateStore | undefined): Promise<boolean> {
  const { given, world, folder } = run
  if (Object.keys(state.pending).length > 0) {
    world.err(
      `${world.paintErr('error', 'error')} the state has writes whose end is not known: run "sft-catalog apply" first, which looks for them, or they might be adopted as somebody else's`,
    )
    return false
  }
  const json = given.is('json')
  const checkDigit = checkDigitOf(given, world)
  await using sft = openAccount(given, world, store === undefined ? 'reads' : 'writes')
  const subject = subjectOf(sft, given, world)
  if (!json) for (const line of subjectLines(subject)) world.out(line)
  const adoption = await prepareAdoption(sft, state, {
    catalog: run.catalog,
    folder,
    into: run.into,
    kinds: run.kinds,
    inactive: given.is('inactive'),
    endpointProfiles: given.is('endpoint-profiles'),
    pageSize: sft.form.pageSize,
    load: { ...(checkDigit && { checkDigit }) },
    ...(world.canAsk && !json && { ask: world.ask }),
    say: line => world.err(world.paintErr('dim', line)),
    onEvent: sayRead(world, json),
  })
  if (store !== undefined && !(await write(adoption, store, run))) return false
  const written = store !== undefined
  if (json) {
    world.json(adoptionToJson(adoption, written, subject))
    return true
  }
  if (!written)
    for (const { path, text } of adoption.files.filter(file => file.path.endsWith('.yaml')))
      for (const line of [world.paint('strong', `=== ${path}`), ...text.trimEnd().split('\n'), ''])
        world.out(line)
  for (const line of renderAdoption(adoption, written, world.paint)) world.out(line)
  return true
}

/** Files first: a catalog that the state does not know yet is found by name again, the reverse is pruned. */
async function write(
  adoption: Adoption,
  store: StateStore,
  { folder, given, world }: Run,
): Promise<boolean> {
  if (adoption.entries.length === 0) return true
  if (store.state.serial > 0) await keepState(given, world)
  try {
    await writeNewFiles(folder, adoption.files)
  } catch (error) {
    if (!(error instanceof FileExistsError)) throw error
    world.err(`${world.paintErr('error', 'error')} ${error.message}`)
    return false
  }
  const account = store.state.account === undefined
  await store.append(
    ...(account ? [{ type: 'account' as const, account: adoption.account }] : []),
    ...adoption.entries,
  )
  return true
}

function kindsOf(given: Given): ReadonlySet<KindName> {
  const only = given.texts('only')
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

/** What the folder has already; undefined where it has nothing yet. */
async function existingCatalog(
  folder: string,
  given: Given,
  world: World,
): Promise<Catalog | 'broken' | undefined> {
  if (!existsSync(folder)) return undefined
  const { catalog, issues } = await loadWith(given, world)
  if (issues.some(issue => issue.code === 'CATALOG_EMPTY')) return undefined
  showIssues(world, issues)
  return catalog ?? 'broken'
}
