import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SlotSource, StateEntry, StateStore, Store } from '../../src/index.ts'
import { memoryState } from '../../src/index.ts'
import { type Ledger, type LedgerEntry, memoryLedger } from '../../src/provision/index.ts'

// A store that somebody could add: a folder with a list of entries for each part. Only for one process at a time.

/** `spare:FOLDER`. */
const fileIn = (place: string, part: string): string => join(place.slice('spare:'.length), part)

const linesOf = <Line>(file: string): readonly Line[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .flatMap(line => (line === '' ? [] : [JSON.parse(line) as Line]))
    : []

const note = (file: string, line: unknown): void =>
  appendFileSync(file, `${JSON.stringify(line)}\n`)

async function openState(place: string): Promise<StateStore> {
  const file = fileIn(place, 'state')
  const store = memoryState()
  for (const entries of linesOf<readonly StateEntry[]>(file)) await store.append(...entries)
  return {
    ...store,
    location: place,
    async append(...entries) {
      note(file, entries)
      await store.append(...entries)
    },
  }
}

async function openLedger(place: string): Promise<Ledger> {
  const file = fileIn(place, 'ledger')
  const ledger = memoryLedger()
  for (const entries of linesOf<readonly LedgerEntry[]>(file))
    await ledger.transact({}, () => ({ entries, result: undefined }))
  return {
    ...ledger,
    location: place,
    transact: (keys, decide) =>
      ledger.transact(keys, rows => {
        const decision = decide(rows)
        if (decision.entries.length > 0) note(file, decision.entries)
        return decision
      }),
  }
}

/** Call times that were given at once, and the first that is free after them. */
export interface Given {
  readonly next: number
  readonly count: number
}

/** Notes every call time that it gives. */
function openBudget(place: string): SlotSource {
  const file = fileIn(place, 'budget')
  return {
    reserve({ stepMs, count, notBefore }) {
      const last = linesOf<Given>(file).at(-1)
      const at = Math.max(Date.now(), notBefore, last?.next ?? 0)
      note(file, { next: at + count * stepMs, count } satisfies Given)
      return { at, stepMs, left: count }
    },
    release() {},
  }
}

export const spareStore: Store = {
  state: {
    open: openState,
    read: async place => (await openState(place)).state,
    isThere: async place => existsSync(fileIn(place, 'state')),
  },
  ledger: {
    open: openLedger,
    look: async place =>
      existsSync(fileIn(place, 'ledger')) ? await openLedger(place) : undefined,
  },
  budget: { open: openBudget },
}
