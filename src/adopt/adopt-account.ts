import type { Observation } from '../account/observation.ts'
import { type ObserveEvent, observeAccount } from '../account/observe.ts'
import type { LoadOptions } from '../catalog/index.ts'
import type { LoadedCatalog } from '../catalog/load.ts'
import { loadStaged, type PlannedFile } from '../catalog/stage-catalog.ts'
import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import { type Issue, IssuesError } from '../issues.ts'
import type { Address, Catalog, KindName } from '../model.ts'
import { wholeLists } from '../plan/expected.ts'
import { resolveCatalog } from '../plan/resolve.ts'
import { kinds } from '../resources/kinds.ts'
import type { Sft } from '../sft/api.ts'
import { accountIdentity, checkAccount } from '../state/account-identity.ts'
import type { AccountIdentity, PutEntry, State } from '../state/state.ts'
import { adoptionRecords, explainChange, remainingChanges, stateWith } from './adoption-records.ts'
import { askFacts, NO_ANSWERS } from './ask-facts.ts'
import { callCost } from './call-cost.ts'
import { type AdoptedFile, printAdoption } from './print-adoption.ts'
import type { Ask, Chosen, LeftOut, Proposal, ProposalInput } from './proposal.ts'
import { proposeAdoption } from './propose.ts'

/** How an account is taken over. */
export interface AdoptOptions {
  /** What the folder has; undefined: nothing. */
  readonly catalog: Catalog | undefined
  readonly folder: string
  /** Folder of the new files below the catalog. */
  readonly into: string
  readonly kinds: ReadonlySet<KindName>
  readonly inactive: boolean
  /** Read the profile of every endpoint: a call each. */
  readonly endpointProfiles: boolean
  readonly pageSize: number
  readonly load: LoadOptions
  /** Undefined where nobody can be asked. */
  readonly ask?: Ask
  readonly say: (line: string) => void
  readonly onEvent?: (event: ObserveEvent) => void
  /** Time, for tests. */
  readonly clock?: Pick<Clock, 'now'>
}

/** What taking over the account would write; nothing is written yet. */
export interface Adoption {
  readonly files: readonly PlannedFile[]
  readonly entries: readonly PutEntry[]
  readonly account: AccountIdentity
  /** Entries that the catalog had already, and the state did not. */
  readonly rejoined: readonly Address[]
  readonly left: readonly LeftOut[]
  readonly notes: readonly string[]
  /** What the next plan will still show, in words: changes of the catalog that were there before. */
  readonly remaining: readonly string[]
}

/** What does not come out right is left out and everything is tried again; more rounds mean a fault here. */
const ROUNDS = 10

/**
 * Reads the account and works out files and records that bring it under management, so that the next plan
 * is empty. Throws an `IssuesError` where state and account do not belong together.
 */
export async function prepareAdoption(
  sft: Sft,
  state: State,
  options: AdoptOptions,
): Promise<Adoption> {
  const { catalog, kinds } = options
  const observation = await readAccount(sft, state, options)
  const account = accountIdentity(sft, catalog?.account ?? {}, observation)
  const foreign = checkAccount(state, account)
  if (foreign.length > 0) throw new IssuesError(foreign)
  const profiles = await readProfiles(sft, state, observation, options)
  const input: ProposalInput = {
    catalog,
    state,
    observation,
    ...profiles,
    kinds,
    inactive: options.inactive,
    into: options.into,
    answers: NO_ANSWERS,
    without: new Map(),
  }
  const answers =
    options.ask === undefined ? NO_ANSWERS : await askFacts(input, options.ask, options.say)
  return await settleProposal({ ...input, answers }, account, options)
}

async function settleProposal(
  input: ProposalInput,
  account: AccountIdentity,
  options: AdoptOptions,
): Promise<Adoption> {
  const without = new Map<string, string>()
  for (let round = 0; round < ROUNDS; round += 1) {
    const proposal = proposeAdoption({ ...input, without })
    const files = printAdoption(proposal, options.into)
    const result = await judge(proposal, files, input, options)
    if (result.wrong.size === 0) {
      const destGroupId = proposal.account?.fields['destGroupId']
      return {
        files,
        entries: result.entries,
        rejoined: result.rejoined,
        account: { ...account, ...(typeof destGroupId === 'string' && { destGroupId }) },
        left: proposal.left,
        notes: proposal.notes,
        remaining: result.remaining,
      }
    }
    for (const [what, why] of result.wrong) without.set(what, why)
  }
  throw new Error(
    'the entries that were left out never came to an end: report this with the output of --dry-run',
  )
}

interface Verdict {
  /** Reasons to leave something out, by address. */
  readonly wrong: ReadonlyMap<string, string>
  readonly entries: readonly PutEntry[]
  readonly rejoined: readonly Address[]
  readonly remaining: readonly string[]
}

/** Loads the catalog as it would be, makes the records, and looks at what the next plan would say. */
async function judge(
  proposal: Proposal,
  files: readonly AdoptedFile[],
  input: ProposalInput,
  options: AdoptOptions,
): Promise<Verdict> {
  const retired = [...proposal.kinds.values()].flatMap(({ records = [] }) => records)
  const nothing = { wrong: new Map<string, string>(), rejoined: [], remaining: [] }
  if (files.length === 0 && input.catalog === undefined) return { ...nothing, entries: retired }
  return await loadStaged(options.folder, files, options.load, async (loaded, pathOf) => {
    const { catalog } = loaded
    if (catalog === undefined)
      return { ...nothing, entries: [], wrong: wrongEntries(loaded, files, pathOf) }
    const chosen = new Map<Address, Chosen>(
      [...proposal.kinds.values()].flatMap(kind => [...kind.chosen]),
    )
    const graph = resolveCatalog(catalog, input.observation, input.state)
    const { entries, rejoined } = adoptionRecords(
      graph,
      input.state,
      input.observation,
      chosen,
      input.kinds,
      new Date((options.clock ?? SYSTEM_CLOCK).now()).toISOString(),
    )
    const state = await stateWith(input.state, [...entries, ...retired])
    const wrong = new Map<string, string>()
    const recorded = new Set(entries.map(({ kind, key }) => `${kind}/${key}`))
    const problems = graph.issues.filter(issue => issue.severity === 'error')
    for (const address of chosen.keys())
      if (!recorded.has(address))
        wrong.set(
          address,
          problems[0]?.message ?? 'what it needs is not in the catalog and the state',
        )
    const changes = remainingChanges(catalog, graph, state, input.observation)
    for (const change of changes)
      if (chosen.has(change.address)) wrong.set(change.address, explainChange(change))
    const remaining = changes
      .filter(change => !chosen.has(change.address) && change.action !== 'orphan')
      .map(change => `${change.address}: ${explainChange(change)}`)
    return { wrong, entries: [...entries, ...retired], rejoined, remaining }
  })
}

/** Which drafts the reader of catalogs did not take, and why. */
function wrongEntries(
  { issues }: LoadedCatalog,
  files: readonly AdoptedFile[],
  pathOf: (file: string) => string,
): ReadonlyMap<string, string> {
  const wrong = new Map<string, string>()
  const foreign: Issue[] = []
  for (const issue of issues) {
    if (issue.severity !== 'error') continue
    const path = issue.position === undefined ? undefined : pathOf(issue.position.file)
    const file = files.find(file => file.path === path)
    const line = issue.position?.line ?? 0
    const address = file?.addressAt(line)
    if (address === undefined) foreign.push(issue)
    else wrong.set(address, `${issue.message}${issue.hint === undefined ? '' : ` (${issue.hint})`}`)
  }
  if (foreign.length > 0) throw new IssuesError(foreign)
  return wrong
}

async function readAccount(sft: Sft, state: State, options: AdoptOptions): Promise<Observation> {
  const chosen = kinds().filter(({ kind }) => options.kinds.has(kind))
  const stock = chosen.some(({ identity }) => identity === 'iccid')
  const listed = ['networks', ...kinds().flatMap(({ list, plural }) => (list ? [plural] : []))]
  options.say(
    `Reading the account takes ${listed.length + 1} calls or more for profile, ${listed.slice(0, -1).join(', ')} and ${listed.at(-1)}${stock ? ', and one for each page of the SIM stock' : ''}.`,
  )
  const observation = await observeAccount(sft.read, {
    stock: { ask: stock ? 'all' : 'nothing' },
    expected: wholeLists(state),
    pageSize: options.pageSize,
    ...(options.onEvent && { onEvent: options.onEvent }),
    onStock: pages => options.say(`The SIM stock has ${callCost(pages, sft, 'page', 'pages')}.`),
  })
  for (const note of observation.notes) options.say(`warning: ${note}`)
  return observation
}

async function readProfiles(
  sft: Sft,
  state: State,
  observation: Observation,
  { catalog, kinds: chosen, endpointProfiles, say, onEvent }: AdoptOptions,
): Promise<Pick<ProposalInput, 'profiles' | 'profilesRead'>> {
  for (const { kind, adoption } of kinds()) {
    if (!chosen.has(kind) || adoption?.readProfiles === undefined) continue
    return await adoption.readProfiles(sft, {
      catalog,
      state,
      observation,
      all: endpointProfiles,
      say,
      onRead: count => {
        if (count % 500 === 0) onEvent?.({ type: 'read', what: 'endpoint profiles', count })
      },
    })
  }
  return { profiles: new Map(), profilesRead: 'none' }
}
