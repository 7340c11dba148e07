import type { Ledger, LedgerEntry } from '../../src/provision/index.ts'
import type { CallOptions, Sft, SftReader, SftWriter } from '../../src/sft/api.ts'

/** The end of a simulated process: from then on it does nothing and answers nothing. */
export interface Doom {
  /** Counts one step; never resolves once the process is dead. */
  step(): Promise<void>
  readonly died: Promise<void>
  /** Ends what waits inside the client: a dead process sends nothing more. */
  readonly signal: AbortSignal
}

/** A doom that strikes at a step; each call has one before it and one after it. */
export function doomAt(step: number): Doom {
  let steps = 0
  let strike = () => {}
  const controller = new AbortController()
  const died = new Promise<void>(resolve => {
    strike = resolve
  })
  return {
    died,
    signal: controller.signal,
    async step() {
      steps += 1
      if (steps < step) return
      strike()
      controller.abort()
      await new Promise(() => {})
    },
  }
}

/** A process ID that no process has: whoever looks at such an owner finds it dead. */
const NO_PROCESS = 2 ** 30

/** What a dying process sees of the ledger. Its orders name an owner that is found dead afterwards. */
export function doomedLedger(ledger: Ledger, doom: Doom): Ledger {
  const disown = (entry: LedgerEntry): LedgerEntry =>
    entry.table === 'orders' && entry.row.owner !== undefined
      ? { table: 'orders', row: { ...entry.row, owner: { ...entry.row.owner, pid: NO_PROCESS } } }
      : entry
  return {
    ...ledger,
    async transact(keys, decide) {
      await doom.step()
      const result = await ledger.transact(keys, rows => {
        const decision = decide(rows)
        return { ...decision, entries: decision.entries.map(disown) }
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
  const read: SftReader = {
    ...sft.read,
    sims: (query, options) => within(options, o => sft.read.sims(query, o)),
    sim: (iccid, options) => within(options, o => sft.read.sim(iccid, o)),
    addons: (id, options) => within(options, o => sft.read.addons(id, o)),
  }
  const write: SftWriter = {
    ...sft.write,
    activateEndpoint: (id, options) => within(options, o => sft.write.activateEndpoint(id, o)),
    changeLifecycle: (request, options) =>
      within(options, o => sft.write.changeLifecycle(request, o)),
    subscribeAddon: (request, options) =>
      within(options, o => sft.write.subscribeAddon(request, o)),
  }
  return { ...sft, read, write }
}
