import type { Ledger, LedgerEntry, OrderOwner } from '../../src/provision/index.ts'
import type { CallOptions, Sft, SftReader, SftWriter } from '../../src/sft/api.ts'

/** The end of a simulated process: from then on it does nothing and answers nothing. */
export interface Doom {
  /** Counts one step; never resolves once the process is dead. */
  step(): Promise<void>
  readonly died: Promise<void>
  /** Ends what waits inside the client: a dead process sends nothing more. */
  readonly signal: AbortSignal
  /** What the rest of the world does about the death before anybody can look. */
  onDeath(bury: () => Promise<void>): void
}

/** A doom that strikes at a step; each call has one before it and one after it. */
export function doomAt(step: number): Doom {
  let steps = 0
  return doomWhen(() => {
    steps += 1
    return steps >= step
  })
}

/** A doom that strikes at the first step at which it is time. */
export function doomWhen(isTime: () => boolean): Doom {
  let strike = () => {}
  let isDead = false
  const burials: (() => Promise<void>)[] = []
  const controller = new AbortController()
  const died = new Promise<void>(resolve => {
    strike = resolve
  })
  return {
    died,
    signal: controller.signal,
    onDeath: bury => void burials.push(bury),
    async step() {
      if (!isDead && !isTime()) return
      if (!isDead) {
        isDead = true
        controller.abort()
        for (const bury of burials) await bury()
        strike()
      }
      await new Promise(() => {})
    },
  }
}

/** A process ID that no process has: whoever looks at such an owner finds it dead. */
const NO_PROCESS = 2 ** 30

const dead = <Row extends { readonly owner?: OrderOwner }>(row: Row): Row =>
  row.owner === undefined ? row : { ...row, owner: { ...row.owner, pid: NO_PROCESS } }

/**
 * What a dying process sees of the ledger. Until then its orders and endpoints name an owner that lives; from
 * then on everybody finds it dead.
 */
export function doomedLedger(ledger: Ledger, doom: Doom): Ledger {
  const orderIds = new Set<string>()
  const endpointIds = new Set<string>()
  const owners = new Set<string>()
  const note = ({ table, row }: LedgerEntry): void => {
    if ((table !== 'orders' && table !== 'esims') || row.owner?.id === undefined) return
    owners.add(row.owner.id)
    if (table === 'orders') orderIds.add(row.orderId)
    else endpointIds.add(row.endpointId)
  }
  const bury = (entry: LedgerEntry): LedgerEntry => {
    if (entry.table === 'orders') return { table: 'orders', row: dead(entry.row) }
    return entry.table === 'esims' ? { table: 'esims', row: dead(entry.row) } : entry
  }
  doom.onDeath(async () => {
    const keys = { orderIds: [...orderIds], endpointIds: [...endpointIds] }
    await ledger.transact(keys, rows => {
      const held: LedgerEntry[] = []
      for (const row of keys.orderIds.flatMap(id => rows.order(id) ?? []))
        held.push({ table: 'orders', row })
      for (const row of keys.endpointIds.flatMap(id => rows.esim(id) ?? []))
        held.push({ table: 'esims', row })
      const its = held.filter(({ row }) => 'owner' in row && owners.has(row.owner?.id ?? ''))
      return { entries: its.map(bury), result: undefined }
    })
  })
  return {
    ...ledger,
    async transact(keys, decide) {
      await doom.step()
      const result = await ledger.transact(keys, rows => {
        const decision = decide(rows)
        for (const entry of decision.entries) note(entry)
        // What was on its way to the disk when the process died.
        return doom.signal.aborted ? { ...decision, entries: decision.entries.map(bury) } : decision
      })
      await doom.step()
      return result
    },
  }
}

/** What a dying process sees of the account: a call may be executed and its answer never be read. */
export function doomedSft(sft: Sft, doom: Doom): Sft {
  const within = async <Result>(
    options: CallOptions | undefined,
    call: (options: CallOptions) => Promise<Result>,
  ): Promise<Result> => {
    await doom.step()
    try {
      const { signal = doom.signal } = options ?? {}
      return await call({ ...options, signal: AbortSignal.any([signal, doom.signal]) })
    } finally {
      await doom.step()
    }
  }
  return { ...sft, read: withinAll(sft.read, within), write: withinAll(sft.write, within) }
}

/** The same methods, each call between two steps; the last argument of each are its options. */
function withinAll<Methods extends SftReader | SftWriter>(
  methods: Methods,
  within: (
    options: CallOptions | undefined,
    call: (options: CallOptions) => Promise<unknown>,
  ) => Promise<unknown>,
): Methods {
  return new Proxy(methods, {
    get: (target, method, receiver) => {
      const call: unknown = Reflect.get(target, method, receiver)
      if (typeof call !== 'function') return call
      return (...args: readonly unknown[]) => {
        const last = args.at(-1)
        const options = isOptions(last) ? last : undefined
        const others = options === undefined ? args : args.slice(0, -1)
        return within(options, its =>
          Promise.resolve(Reflect.apply(call, target, [...others, its])),
        )
      }
    },
  })
}

const isOptions = (value: unknown): value is CallOptions =>
  typeof value === 'object' && value !== null && ('lane' in value || 'signal' in value)
