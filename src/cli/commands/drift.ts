import { listIssues, type Observation } from '../../account/observation.ts'
import { observeAccount } from '../../account/observe.ts'
import { callCost } from '../../adopt/call-cost.ts'
import { AcceptError, acceptDrift } from '../../drift/accept-drift.ts'
import { compareDrift, driftOutcome, hasDrift } from '../../drift/compare-drift.ts'
import { writeFileDurably } from '../../durable/files.ts'
import { accountIdentity, checkAccount } from '../../make-plan.ts'
import type { Address, Catalog } from '../../model.ts'
import { expectedOf } from '../../plan/expected.ts'
import { resolveCatalog } from '../../plan/resolve.ts'
import { driftToJson } from '../../render/drift-json.ts'
import { renderDrift } from '../../render/drift-text.ts'
import { subjectLines, subjectToJson } from '../../render/subject.ts'
import { kindOf } from '../../resources/kinds.ts'
import type { Sft } from '../../sft/api.ts'
import { type State, type StateStore, splitAddress } from '../../state/state.ts'
import { openState, readState } from '../../stores/states.ts'
import {
  catalogFolder,
  checkDigitOf,
  openAccount,
  readCatalog,
  stateOf,
  subjectOf,
} from '../account.ts'
import { CATALOG_FLAGS, type Command, type Given, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { keepState } from '../keep-state.ts'
import { ALLOW_BLOCKED_RULE, addressOf, sayPending, sayRead } from '../planning.ts'
import { EXIT, showIssues, type World } from '../world.ts'

/** Account against state: what was changed elsewhere, and taking such changes into the catalog. */
export const drift: Command = {
  name: 'drift',
  summary: 'compare the account with the state: what was changed elsewhere; --accept takes it over',
  usage: '[flags]',
  flags: [
    ...CATALOG_FLAGS,
    ...READ_FLAGS,
    ['--endpoints', 'page through the SIM stock too; the cost is told first'],
    [
      '--accept ADDRESS…',
      "write the account's values of this entry into the catalog and the state (may be given several times)",
    ],
    ['--detailed-exitcode', 'exit 5 where something of the catalog is not known, else 2 for drift'],
    ['--allow-blocked', 'what is not known does not count for the exit code'],
    JSON_FLAG,
  ],
  rules: [
    ALLOW_BLOCKED_RULE,
    {
      when: '--accept',
      not: ['--endpoints', '--detailed-exitcode'],
      why: 'it reads what its addresses need, and ends with 0 or 1',
    },
  ],
  run: async (given, world) => {
    const addresses = given.texts('accept').map(addressOf)
    const catalog = await readCatalog(given, world)
    if (catalog === undefined) return EXIT.failed
    await using sft = openAccount(given, world, addresses.length > 0 ? 'writes' : 'reads')
    if (addresses.length > 0) {
      await using store = await openState(stateOf(given, world), { purpose: 'drift --accept' })
      if (Object.keys(store.state.pending).length > 0) {
        world.err(
          `${world.paintErr('error', 'error')} the state has writes whose end is not known: run "sft-catalog apply" first, which looks for them`,
        )
        return EXIT.failed
      }
      return await acceptAll(addresses, catalog, sft, store, given, world)
    }
    const subject = subjectOf(sft, given, world)
    const state = await readState(stateOf(given, world))
    sayPending(state, world)
    const observation = await readAccount(catalog, state, sft, given, world)
    if (observation === undefined) return EXIT.failed
    const graph = resolveCatalog(catalog, observation, state)
    const report = compareDrift(catalog, graph, state, observation)
    showIssues(world, [...listIssues(observation), ...report.unresolved])
    if (given.is('json')) world.json(driftToJson(report, subject))
    else
      for (const line of [...subjectLines(subject), ...renderDrift(report, world.paint)])
        world.out(line)
    const counts = given.is('detailed-exitcode') && !given.is('allow-blocked')
    if (counts) return EXIT[driftOutcome(report)]
    return hasDrift(report) ? EXIT.changes : EXIT.ok
  },
}

/** The account, unless the state is another one's. */
async function readAccount(
  catalog: Catalog,
  state: State,
  sft: Sft,
  given: Given,
  world: World,
): Promise<Observation | undefined> {
  const wholeStock = given.is('endpoints') || given.texts('accept').map(addressOf).some(isBySim)
  const observation = await observeAccount(sft.read, {
    stock: { ask: wholeStock ? 'all' : 'nothing' },
    expected: expectedOf(catalog, state),
    pageSize: sft.form.pageSize,
    destGroupId: catalog.account.destGroupId,
    onEvent: sayRead(world, given.is('json')),
    onStock: pages =>
      world.err(
        world.paintErr('dim', `The SIM stock has ${callCost(pages, sft, 'page', 'pages')}.`),
      ),
  })
  const foreign = checkAccount(state, accountIdentity(sft, catalog, observation))
  showIssues(world, foreign)
  return foreign.length > 0 ? undefined : observation
}

const isBySim = (address: Address): boolean => kindOf(splitAddress(address)[0]).identity === 'iccid'

const asRefusal = (error: unknown): AcceptError => {
  if (error instanceof AcceptError) return error
  throw error
}

async function acceptAll(
  addresses: readonly Address[],
  catalog: Catalog,
  sft: Sft,
  store: StateStore,
  given: Given,
  world: World,
): Promise<number> {
  const observation = await readAccount(catalog, store.state, sft, given, world)
  if (observation === undefined) return EXIT.failed
  await keepState(given, world)
  const folder = catalogFolder(given, world)
  const checkDigit = checkDigitOf(given, world)
  const accepted: Accepted[] = []
  const failures: string[] = []
  let current: Catalog = catalog
  for (const address of addresses) {
    const done = await acceptDrift(address, {
      catalog: current,
      folder,
      load: { ...(checkDigit && { checkDigit }) },
      state: store.state,
      observation,
    }).catch(asRefusal)
    if (done instanceof AcceptError) failures.push(done.message)
    else {
      // YAML first: cut short here, the next plan finds both sides alike and puts the state right.
      if (done.file !== undefined) await writeFileDurably(done.file.path, done.file.text, 'kept')
      await store.append(done.entry)
      accepted.push({ address, file: done.file?.path ?? null, fields: done.fields })
      failures.push(...done.refused.map(why => `${address}: ${why}`))
      const next = await readCatalog(given, world)
      if (next === undefined) return EXIT.failed
      current = next
    }
  }
  if (given.is('json')) {
    const subject = subjectToJson(subjectOf(sft, given, world))
    world.json({ format: 1, ...subject, accepted, refused: failures })
  } else sayAccepted(accepted, world)
  for (const failure of failures) world.err(`${world.paintErr('error', 'not accepted')} ${failure}`)
  return failures.length > 0 ? EXIT.failed : EXIT.ok
}

/** An entry that was made as the account has it; without a file, in the state only. */
interface Accepted {
  readonly address: string
  readonly file: string | null
  readonly fields: readonly string[]
}

function sayAccepted(accepted: readonly Accepted[], world: World): void {
  for (const { address, file, fields } of accepted) {
    const where = file === null ? '; in the state only' : ` in ${file}`
    world.out(`${world.paint('add', 'accepted')} ${address}: ${fields.join(', ')}${where}`)
  }
}
