import { observeAccount } from '../account/observe.ts'
import { type SettledIntent, settlePending } from '../apply/settle-pending.ts'
import type { HaltedLedger } from '../ledger/keeper.ts'
import type { KindName } from '../model.ts'
import { wholeLists } from '../plan/expected.ts'
import { kinds } from '../resources/kinds.ts'
import type { Sft, Sim } from '../sft/api.ts'
import { idsIn } from '../state/records.ts'
import type { State } from '../state/state.ts'
import { lookAtLedger, openHaltedLedger } from '../stores/ledgers.ts'
import { holdsBoth } from '../stores/registry.ts'
import { openState, readState } from '../stores/states.ts'
import { type Candidate, listCandidates } from './candidates.ts'
import { AccountUnreachableError } from './errors.ts'
import { type EsimRow, type EsimStock, type Ledger, PAGE } from './ledger.ts'
import { memoryLedger } from './memory-ledger.ts'
import { judgeForSale } from './sellable.ts'

/** An eSIM, as the account has it. */
export interface ReconciledEsim {
  readonly endpointId: string
  readonly iccid: string
  /** Why it is not for sale, or its status. */
  readonly reason: string
}

/** What reading the account told of a state and a ledger that are older than it. */
export interface Reconciliation {
  /** What was put back, and why nothing was sold or applied: without secrets. */
  readonly halted: readonly { readonly location: string; readonly why: string }[]
  /** eSIMs of the account that were read. */
  readonly read: number
  /** Those that the ledger has as free and that are not for sale: sold since, or changed elsewhere. They are set aside. */
  readonly setAside: readonly ReconciledEsim[]
  /** Those that are in use and that neither ledger nor state knows. Nothing sells them. */
  readonly unknown: readonly ReconciledEsim[]
  /** Objects besides endpoints that the state does not know: made since, or not from the catalog. */
  readonly objects: readonly {
    readonly kind: KindName
    readonly id: string
    readonly name: string
  }[]
  /** Orders that the ledger has as under way: they may have ended since, and are looked for when they are resumed. */
  readonly unfinished: number
  /** Writes that the state has as announced, whose end is looked for before it is used. */
  readonly pending: number
}

/** What `reconcile` came to. */
export interface ReconcileReport extends Reconciliation {
  /** Whether it is sold and applied again. */
  readonly released: boolean
}

/** Where state and ledger are, by their addresses. */
export interface ReconciledPlaces {
  readonly state: string
  readonly ledger: string
}

/**
 * Lets a state and a ledger be used again that were put back (a restored database, a standby that took over, a
 * backup), once `confirm` has seen what the account tells and said yes. All of the account is read: eSIMs that the
 * ledger has as free and that are not for sale are set aside; those in use that nobody knows, and objects that the
 * state does not have, are told; writes that were announced are settled. Orders stand on no account: which were
 * placed since, the shop must know. Undefined where nothing was put back. Throws `SftError`s, `AccountUnreachableError`
 * where the account did not tell everything, and `LockedError` where somebody works on the state.
 *
 * @example
 * await reconcile({ state: 'postgres://db.example/sft', ledger: 'postgres://db.example/sft' }, sft, told => ask(told))
 */
export async function reconcile(
  places: ReconciledPlaces,
  sft: Sft,
  confirm: (told: Reconciliation) => boolean | Promise<boolean>,
  onSettled?: (settled: SettledIntent) => void,
): Promise<ReconcileReport | undefined> {
  const open: AsyncDisposable[] = []
  try {
    return await reconcileHalted(places, sft, open, confirm, onSettled)
  } finally {
    for (const one of open.reverse()) await one[Symbol.asyncDispose]()
  }
}

async function reconcileHalted(
  places: ReconciledPlaces,
  sft: Sft,
  open: AsyncDisposable[],
  confirm: (told: Reconciliation) => boolean | Promise<boolean>,
  onSettled: ((settled: SettledIntent) => void) | undefined,
): Promise<ReconcileReport | undefined> {
  const halted = await haltedAt(places)
  open.push(...halted.map(one => one.ledger))
  if (halted.length === 0) return undefined
  let ledger = halted.find(one => one.location === places.ledger)?.ledger.ledger
  if (ledger === undefined) {
    ledger = (await lookAtLedger(places.ledger)) ?? memoryLedger()
    open.push(ledger)
  }
  const state = await readState(places.state)
  const isHalted = halted.some(one => one.location === places.ledger)
  const { told, toSetAside } = await compare(sft, state, ledger, halted, isHalted)
  if (!(await confirm(told))) return { ...told, released: false }
  const at = new Date().toISOString()
  for (const { candidate, reason } of toSetAside)
    await setAside(ledger, { ...candidate, status: 'set aside', reason, at })
  for (const one of halted) await one.ledger.release()
  if (told.pending > 0) {
    await using store = await openState(places.state, { purpose: 'reconcile', create: false })
    await settlePending(sft, store, { ...(onSettled !== undefined && { onSettled }) })
  }
  return { ...told, released: true }
}

interface Halted {
  readonly location: string
  readonly ledger: HaltedLedger
}

/** What was put back of the two; a database that holds both is one. */
async function haltedAt({ state, ledger }: ReconciledPlaces): Promise<readonly Halted[]> {
  const halted: Halted[] = []
  // A database says so of all that stands in it, in the place of its ledger.
  const places = state !== ledger && (await holdsBoth(state)) ? [ledger, state] : [ledger]
  for (const location of places) {
    const found = await openHaltedLedger(location)
    if (found !== undefined) halted.push({ location, ledger: found })
  }
  return halted
}

interface Compared {
  readonly told: Reconciliation
  readonly toSetAside: readonly { readonly candidate: Candidate; readonly reason: string }[]
}

async function compare(
  sft: Sft,
  state: State,
  ledger: Ledger,
  halted: readonly Halted[],
  isLedgerHalted: boolean,
): Promise<Compared> {
  const observation = await observeAccount(sft.read, {
    stock: { ask: 'all' },
    expected: wholeLists(state),
    pageSize: sft.form.pageSize,
    ...(state.account?.destGroupId !== undefined && { destGroupId: state.account.destGroupId }),
  })
  const doubt =
    observation.simsDoubt ??
    kinds()
      .map(kind => kind.doubt(observation))
      .find(reason => reason !== undefined)
  if (doubt !== undefined) throw new AccountUnreachableError(undefined, doubt)
  const sims = new Map(observation.sims)
  const known = await knownAmong(ledger, state, sims)
  const toSetAside: { candidate: Candidate; reason: string }[] = []
  const ofState = new Set<string>()
  for (const candidate of listCandidates(state, {})) {
    ofState.add(candidate.endpointId)
    // A ledger that was not put back knows what it sold.
    if (!isLedgerHalted || isTaken(known.get(candidate.endpointId))) continue
    const judged = judgeForSale(candidate, sims.get(candidate.iccid))
    if (typeof judged === 'string') toSetAside.push({ candidate, reason: judged })
  }
  const unknown: ReconciledEsim[] = []
  for (const { iccid, endpointId, status = 'in an unknown state' } of sims.values()) {
    if (endpointId === undefined || ofState.has(endpointId) || status === 'Pre-Active') continue
    const row = known.get(endpointId)
    const reason = `its SIM is ${status}, and not by an order of this ledger`
    if (row === undefined) unknown.push({ endpointId, iccid, reason })
    else if (isLedgerHalted && !isTaken(row))
      toSetAside.push({ candidate: { ...row, iccid }, reason })
  }
  return {
    toSetAside,
    told: {
      halted: halted.map(one => ({ location: one.ledger.ledger.location, why: one.ledger.why })),
      read: [...sims.values()].filter(sim => sim.endpointId !== undefined).length,
      setAside: toSetAside.map(({ candidate: { endpointId, iccid }, reason }) => ({
        endpointId,
        iccid,
        reason,
      })),
      unknown,
      objects: kinds()
        .filter(kind => kind.identity === 'name')
        .flatMap(kind => {
          const ids = idsIn(state, kind)
          return [...kind.observed(observation)]
            .filter(({ id }) => !ids.has(id))
            .map(({ id, naturalKey: name }) => ({ kind: kind.kind, id, name }))
        }),
      unfinished: await countUnfinished(ledger),
      pending: Object.keys(state.pending).length,
    },
  }
}

/** An eSIM that an order has, or that was set aside already. */
const isTaken = (row: EsimStock | undefined): boolean =>
  row !== undefined && row.status !== 'released'

/** The rows that a ledger has of the eSIMs of the state and of the account. */
async function knownAmong(
  ledger: Ledger,
  state: State,
  sims: ReadonlyMap<string, Sim>,
): Promise<ReadonlyMap<string, EsimStock>> {
  const ids = new Set(listCandidates(state, {}).map(({ endpointId }) => endpointId))
  for (const { endpointId } of sims.values()) if (endpointId !== undefined) ids.add(endpointId)
  const all = [...ids]
  const known = new Map<string, EsimStock>()
  for (let start = 0; start < all.length; start += PAGE)
    for (const row of await ledger.esimsAmong(all.slice(start, start + PAGE)))
      known.set(row.endpointId, row)
  return known
}

async function countUnfinished(ledger: Ledger): Promise<number> {
  let count = 0
  let after: Parameters<Ledger['ordersAfter']>[0]
  for (;;) {
    const page = await ledger.ordersAfter(after, PAGE, { unfinished: true })
    count += page.length
    after = page.at(-1)
    if (page.length < PAGE) return count
  }
}

const setAside = (ledger: Ledger, row: EsimRow): Promise<void> =>
  ledger.transact({ endpointIds: [row.endpointId] }, rows => {
    const there = rows.esim(row.endpointId)
    const isFree = there === undefined || there.status === 'released'
    return { entries: isFree ? [{ table: 'esims', row }] : [], result: undefined }
  })
