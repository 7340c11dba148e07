import { readSims } from '../account/read-sims.ts'
import type { Sft } from '../sft/api.ts'
import type { State } from '../state/state.ts'
import { openHaltedLedger } from '../stores/ledgers.ts'
import { type Candidate, listCandidates } from './candidates.ts'
import { AccountUnreachableError } from './errors.ts'
import { type EsimRow, type Ledger, PAGE } from './ledger.ts'
import { judgeForSale } from './sellable.ts'

/** What reading the account told of a ledger that is older than the account. */
export interface LedgerRecheck {
  /** Why nothing was sold from it. */
  readonly why: string
  /** eSIMs that were free in it and were read. */
  readonly read: number
  /** Those that are not for sale: sold since, or changed elsewhere. They are set aside. */
  readonly gone: readonly {
    readonly endpointId: string
    readonly iccid: string
    readonly reason: string
  }[]
  /** Whether it sells again. */
  readonly released: boolean
}

/**
 * Lets a ledger sell again that was put back from a backup, once `confirm` has seen what the account tells and
 * said yes. Every eSIM of the state that it has as free is read; those that are not for sale are set aside. The
 * orders themselves stand on no account: which were placed since, the shop must know. Undefined where the ledger
 * is a usual one. Throws `SftError`s, and AccountUnreachableError where the account did not tell everything.
 */
export async function recheckLedger(
  location: string,
  { sft, state }: { readonly sft: Sft; readonly state: State },
  confirm: (told: Omit<LedgerRecheck, 'released'>) => boolean | Promise<boolean>,
): Promise<LedgerRecheck | undefined> {
  await using halted = await openHaltedLedger(location)
  if (halted === undefined) return undefined
  const { ledger, why } = halted
  const free = await freeIn(ledger, listCandidates(state, {}))
  const found = await readSims(
    sft.read,
    free.map(one => one.iccid),
    { pageSize: sft.form.pageSize, confirm: true },
  )
  if (found.doubt !== undefined) throw new AccountUnreachableError(undefined, found.doubt)
  const gone = free.flatMap(candidate => {
    const judged = judgeForSale(candidate, found.sims.get(candidate.iccid))
    return typeof judged === 'string' ? [{ candidate, reason: judged }] : []
  })
  const told = {
    why,
    read: free.length,
    gone: gone.map(({ candidate: { endpointId, iccid }, reason }) => ({
      endpointId,
      iccid,
      reason,
    })),
  }
  if (!(await confirm(told))) return { ...told, released: false }
  const at = new Date().toISOString()
  for (const { candidate, reason } of gone)
    await setAside(ledger, { ...candidate, status: 'set aside', reason, at })
  await halted.release()
  return { ...told, released: true }
}

async function freeIn(
  ledger: Ledger,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const free: Candidate[] = []
  for (let start = 0; start < candidates.length; start += PAGE) {
    const page = candidates.slice(start, start + PAGE)
    const there = await ledger.esimsAmong(page.map(one => one.endpointId))
    const taken = new Set(there.filter(one => one.status !== 'released').map(one => one.endpointId))
    free.push(...page.filter(one => !taken.has(one.endpointId)))
  }
  return free
}

const setAside = (ledger: Ledger, row: EsimRow): Promise<void> =>
  ledger.transact({ endpointIds: [row.endpointId] }, rows => {
    const there = rows.esim(row.endpointId)
    const isFree = there === undefined || there.status === 'released'
    return { entries: isFree ? [{ table: 'esims', row }] : [], result: undefined }
  })
