import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { type Instant, instantOf, longestSince, shortestSince } from '../clock.ts'
import { ownerState, thisProcess } from '../durable/owner.ts'
import type { SentAnnouncement } from '../sft/announcement.ts'
import type { Ledger, LedgerEntry, LedgerRows, OrderOwner } from './ledger.ts'

/** A row that somebody may work on. */
interface Owned {
  readonly owner?: OrderOwner
  /** ISO time of its last change, which is a sign of life too. */
  readonly updatedAt?: string
}

/** The right of one operation to work on an order or an endpoint. */
export interface OwnClaim {
  readonly owner: OrderOwner
  /** Says that the operation is over. */
  end(): void
}

/**
 * The life of a provisioner, as others see it: one sign of life for all that it does, while it does
 * anything. Rows name their owner; whoever finds one looks whether it lives.
 */
export interface Lease extends AsyncDisposable {
  readonly id: string
  /** The ledger, in which rows that are this provisioner's come with its sign of life. */
  readonly ledger: Ledger
  /** Gives signs of life while the work goes on. */
  during<Result>(work: () => Promise<Result>): Promise<Result>
  claim(): OwnClaim
  /** Whether somebody, here or elsewhere, still works on a row. */
  isHeld(row: Owned, rows: LedgerRows): boolean
  /** An announcement made now, good as long as nobody can have given this process up for dead. */
  announcement(renew: () => Promise<void>): LeasedAnnouncement
}

export interface LeasedAnnouncement extends SentAnnouncement {
  /** Begins to make it anew, now; the function that is returned says that it is durable. */
  restart(): () => void
}

/** Operations that go on in this process, of whatever provisioner. */
const livingClaims = new Set<string>()

/** Clocks of two machines may differ by so much: a sign of life that looks older is surely old. */
const CLOCK_DIFFERENCE_MS = 600_000

export interface LeaseOptions {
  readonly ledger: Ledger
  readonly clock: Clock
  /** Seconds without a sign of life after which an owner that cannot be seen counts as dead. */
  readonly silenceSeconds: number
  readonly onError: (error: unknown) => void
}

/** Opens the lease of a provisioner. */
export function openLease({ ledger, clock, silenceSeconds, onError }: LeaseOptions): Lease {
  const silenceMs = silenceSeconds * 1000
  /** Without a sign for so long, an announcement is made anew: well before others give this process up. */
  const lapseMs = silenceMs / 3
  const beatMs = silenceMs / 6
  const me: OrderOwner = { ...thisProcess(), id: randomUUID() }
  /** The last sign of life that is durable. */
  let sign = instantOf(clock)
  /** Grows when signs failed to come in time: what was announced before may have been acted upon. */
  let lapses = 0
  let active = 0
  let heart: NodeJS.Timeout | undefined
  let beating = Promise.resolve()
  /** Whether others find a sign of life of what goes on now. */
  let isSigned = false
  /** What was seen of owners elsewhere, and since when: their clocks tell nothing here. */
  const seen = new Map<string, { readonly mark: string; readonly since: Instant }>()

  const signOf = ({ wall }: Instant): LedgerEntry => ({
    table: 'processes',
    row: { id: me.id, heartbeat: new Date(wall).toISOString() },
  })

  /** Begins a sign of life now. */
  const beginSign = (): Instant => {
    if (longestSince(clock, sign) > lapseMs) lapses += 1
    return instantOf(clock)
  }

  const beat = async (): Promise<void> => {
    const at = beginSign()
    await ledger.transact({}, () => ({ entries: [signOf(at)], result: undefined }))
    noteSign(at)
  }

  const noteSign = (at: Instant): void => {
    sign = at
    isSigned = true
  }

  const start = (): void => {
    // Until now there was nothing to give a sign for; the claims that follow are signs themselves.
    sign = instantOf(clock)
    isSigned = false
    lapses += 1
    heart = setInterval(() => {
      beating = beating.then(beat).catch(onError)
    }, beatMs).unref()
  }

  /** Whether an entry says that this provisioner works on a row. */
  const isMine = ({ table, row }: LedgerEntry): boolean =>
    (table === 'orders' || table === 'esims') && row.owner?.id === me.id

  /**
   * Where the ledger's clock tells how long ago a sign was, there must be one as soon as anything is owned: it comes in
   * the same transaction.
   */
  const signing: Ledger = {
    ...ledger,
    async transact(keys, decide) {
      let at: Instant | undefined
      const result = await ledger.transact(keys, rows => {
        const decision = decide(rows)
        at = undefined
        if (isSigned && longestSince(clock, sign) < beatMs) return decision
        if (!decision.entries.some(isMine)) return decision
        at = beginSign()
        return { ...decision, entries: [...decision.entries, signOf(at)] }
      })
      if (at !== undefined) noteSign(at)
      return result
    },
  }

  const isSilent = (owner: OrderOwner, updatedAt: string, rows: LedgerRows): boolean => {
    const signs = [rows.process(owner.id)?.heartbeat ?? '', updatedAt, owner.since ?? '']
    const last = signs.toSorted().at(-1) ?? ''
    if (clock.now() - Date.parse(last) > silenceMs + CLOCK_DIFFERENCE_MS) return true
    const mark = signs.join(' ')
    const key = owner.claim ?? owner.id
    const before = seen.get(key)
    if (before?.mark === mark) return shortestSince(clock, before.since) >= silenceMs
    seen.set(key, { mark, since: instantOf(clock) })
    return false
  }

  return {
    id: me.id,
    ledger: ledger.silenceSeconds === undefined ? ledger : signing,
    async during(work) {
      active += 1
      if (active === 1) start()
      try {
        return await work()
      } finally {
        active -= 1
        if (active === 0) clearInterval(heart)
      }
    },
    claim() {
      const claim = randomUUID()
      livingClaims.add(claim)
      const since = new Date(clock.now()).toISOString()
      return { owner: { ...me, claim, since }, end: () => livingClaims.delete(claim) }
    },
    isHeld({ owner, updatedAt = '' }, rows) {
      if (owner === undefined) return false
      if (owner.host === me.host && owner.pid === me.pid && owner.started === me.started)
        return owner.claim !== undefined && livingClaims.has(owner.claim)
      const state = ownerState(owner)
      if (state === 'dead') return false
      // A process that is there may be stopped: the clock that all share says more.
      const silentMs = rows.process(owner.id)?.silentMs
      if (silentMs !== undefined) return silentMs < silenceMs
      if (state === 'alive') return true
      return !isSilent(owner, updatedAt, rows)
    },
    announcement(renew) {
      let made = instantOf(clock)
      let lapsesThen = lapses
      let sent: Instant | undefined
      const restart = () => {
        const begun = instantOf(clock)
        const lapsesNow = lapses
        return () => {
          made = begun
          lapsesThen = lapsesNow
        }
      }
      const isOld = () =>
        lapses !== lapsesThen ||
        (longestSince(clock, made) > lapseMs && longestSince(clock, sign) > lapseMs)
      return {
        restart,
        isOld,
        async beforeSending() {
          while (isOld()) await renew()
          sent = instantOf(clock)
        },
        sent: () => sent,
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(heart)
      await beating
    },
  }
}
