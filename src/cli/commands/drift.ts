import { listIssues, type Observation } from '../../account/observation.ts'
import { observeAccount } from '../../account/observe.ts'
import { callCost } from '../../adopt/call-cost.ts'
import { AcceptError, acceptable, acceptDrift } from '../../drift/accept-drift.ts'
import { compareDrift } from '../../drift/compare-drift.ts'
import { driftOutcome, hasDrift } from '../../drift/drift-report.ts'
import { writeFileDurably } from '../../durable/files.ts'
import type { Address, Catalog } from '../../model.ts'
import { expectedOf } from '../../plan/expected.ts'
import { resolveCatalog } from '../../plan/resolve.ts'
import { driftFacts, driftToJson } from '../../render/drift-json.ts'
import { renderDrift } from '../../render/drift-text.ts'
import { subjectLines, subjectToJson } from '../../render/subject.ts'
import { kindOf } from '../../resources/kinds.ts'
import type { Sft } from '../../sft/api.ts'
import { accountIdentity, checkAccount } from '../../state/account-identity.ts'
import { type State, type StateStore, splitAddress } from '../../state/state.ts'
import { openState, readState } from '../../stores/states.ts'
import { withWireOf } from '../../with-wire.ts'
import { openAccount, stateOf, subjectOf } from '../account.ts'
import { catalogFolder, loadOptions, readCatalog } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { type Context, EXIT, showIssues } from '../context.ts'
import { on, texts, type Values } from '../flags.ts'
import { keepState } from '../keep-state.ts'
import { FORMAT_RULE, OUT_RULE, PAGE_FLAGS, pageFrame, pagesInto, showPage } from '../pages.ts'
import { ALLOW_BLOCKED_RULE, addressOf, sayPending, showReading } from '../planning.ts'

const FLAGS = {
  ...CATALOG_FLAGS,
  ...READ_FLAGS,
  endpoints: on('page through the SIM stock too; the cost is told first'),
  accept: texts(
    'ADDRESS',
    "write the account's values of this entry into the catalog and the state (may be given several times)",
  ),
  'detailed-exitcode': on('exit 5 where something of the catalog is not known, else 2 for drift'),
  'allow-blocked': on('what is not known does not count for the exit code'),
  ...PAGE_FLAGS,
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** Account against state: what was changed elsewhere, and taking such changes into the catalog. */
export const drift = defineCommand({
  name: 'drift',
  summary: 'compare the account with the state: what was changed elsewhere; --accept takes it over',
  usage: '[flags]',
  flags: FLAGS,
  rules: [
    ALLOW_BLOCKED_RULE,
    FORMAT_RULE,
    OUT_RULE,
    {
      when: '--accept',
      not: ['--endpoints', '--detailed-exitcode', '--format'],
      why: 'it reads what its addresses need, tells what it took over, and ends with 0 or 1',
    },
  ],
  run: async ({ flags }, context) => {
    const addresses = flags.accept.map(addressOf)
    const pages = await pagesInto(flags)
    const catalog = await readCatalog(flags, context)
    if (catalog === undefined) return EXIT.failed
    const use = addresses.length > 0 ? 'writes' : 'reads'
    await using sft = withWireOf(openAccount(flags, context, use), catalog)
    if (addresses.length > 0) {
      await using store = await openState(stateOf(flags, context), { purpose: 'drift --accept' })
      if (Object.keys(store.state.pending).length > 0) {
        context.err(
          `${context.paintErr('error', 'error')} the state has writes whose end is not known: run "sft-catalog apply" first, which looks for them`,
        )
        return EXIT.failed
      }
      return await acceptAll(addresses, catalog, sft, store, flags, context)
    }
    const subject = subjectOf(sft, flags, context)
    const state = await readState(stateOf(flags, context))
    sayPending(state, context)
    const observation = await readAccount(catalog, state, sft, flags, context)
    if (observation === undefined) return EXIT.failed
    const graph = resolveCatalog(catalog, observation, state)
    const report = compareDrift(catalog, graph, state, observation)
    context.witness?.drift(report)
    const issues = [...listIssues(observation), ...report.unresolved]
    showIssues(context, issues)
    if (pages !== undefined)
      await showPage(
        pages.driftPage({ ...driftFacts(report, issues, subject), ...(await pageFrame()) }),
        flags,
        context,
      )
    else if (flags.json) context.answer('drift', driftToJson(report, subject), driftOutcome(report))
    else
      for (const line of [...subjectLines(subject), ...renderDrift(report, context.paint)])
        context.out(line)
    const counts = flags['detailed-exitcode'] && !flags['allow-blocked']
    if (counts) return EXIT[driftOutcome(report)]
    return hasDrift(report) ? EXIT.changes : EXIT.ok
  },
})

/** The account, unless the state is another one's. */
async function readAccount(
  catalog: Catalog,
  state: State,
  sft: Sft,
  flags: Flags,
  context: Context,
): Promise<Observation | undefined> {
  const wholeStock = flags.endpoints || flags.accept.map(addressOf).some(isBySim)
  using reading = showReading(context)
  const observation = await observeAccount(sft.read, {
    stock: { ask: wholeStock ? 'all' : 'nothing' },
    expected: expectedOf(catalog, state),
    pageSize: sft.form.pageSize,
    destGroupId: catalog.account.destGroupId,
    onEvent: reading.onEvent,
    onStock: pages =>
      context.err(
        context.paintErr('dim', `The SIM stock has ${callCost(pages, sft, 'page', 'pages')}.`),
      ),
  })
  const foreign = checkAccount(state, accountIdentity(sft, catalog.account, observation))
  showIssues(context, foreign)
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
  flags: Flags,
  context: Context,
): Promise<number> {
  // A slip is told before the account is asked.
  for (const address of addresses) acceptable(store.state, address)
  const observation = await readAccount(catalog, store.state, sft, flags, context)
  if (observation === undefined) return EXIT.failed
  await keepState(flags, context)
  const folder = catalogFolder(flags, context)
  const accepted: Accepted[] = []
  const failures: string[] = []
  let current: Catalog = catalog
  for (const address of addresses) {
    const done = await acceptDrift(address, {
      catalog: current,
      folder,
      load: loadOptions(flags, context),
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
      const next = await readCatalog(flags, context)
      if (next === undefined) return EXIT.failed
      current = next
    }
  }
  if (flags.json) {
    const subject = subjectToJson(subjectOf(sft, flags, context))
    context.answer('drift', { ...subject, accepted, refused: failures })
  } else sayAccepted(accepted, context)
  for (const failure of failures)
    context.err(`${context.paintErr('error', 'not accepted:')} ${failure}`)
  return failures.length > 0 ? EXIT.failed : EXIT.ok
}

/** An entry that was made as the account has it; without a file, in the state only. */
interface Accepted {
  readonly address: string
  readonly file: string | null
  readonly fields: readonly string[]
}

function sayAccepted(accepted: readonly Accepted[], context: Context): void {
  for (const { address, file, fields } of accepted) {
    const where = file === null ? '; in the state only' : ` in ${file}`
    context.out(`${context.paint('add', 'accepted')} ${address}: ${fields.join(', ')}${where}`)
  }
}
