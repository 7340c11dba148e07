import { crc32 } from 'node:zlib'
import { numberIn, textIn } from '../ledger/rows.ts'
import { PlainError } from '../plain-error.ts'
import type { EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { applyEntry, emptyState, type MutableState, storedEntries } from '../state/apply-entry.ts'
import { stateCipher } from '../state/encrypted-state.ts'
import type { OpenStateOptions } from '../state/keeper.ts'
import type { State, StateEntry, StateStore } from '../state/state.ts'
import { StateEditError } from '../state/state-errors.ts'
import { headOf } from '../state/state-rows.ts'
import { postgresApplyLog } from './apply-log.ts'
import { type Database, openDatabase, type Session } from './database.ts'
import { prepared, type Query } from './query.ts'
import { HEAD, readAll, readSince, refuseMark } from './read-state.ts'
import { openLocked } from './state-lock.ts'
import { writeEntries } from './write-state.ts'

const PLACE = prepared('select lineage, serial, mark from state_place')

const MAKE = 'insert into state_place (lineage, serial, head, crc) values ($1, 0, $2, $3)'
const MOVE_ON =
  'update state_place set serial = $2, head = $3, crc = $4 where serial = $1 and mark is null returning serial'

/**
 * Opens the state of a PostgreSQL database for writing. Its lock belongs to the connection that writes: where that
 * is lost nothing more is written. Throws `LockedError`, `StateDamagedError`, and a `PlainError` where the database
 * cannot be used.
 */
export async function openPostgresState(
  address: string,
  options: OpenStateOptions = {},
  keys: EncryptionKeys = keysInForce(),
): Promise<StateStore> {
  const { shown, session, close } = await openLocked(address, options)
  try {
    const state =
      (await readAll(shown, session.query, keys)) ?? (await make(session, options, shown, keys))
    const store = storeOf(shown, session, state, keys, close)
    const cipher = stateCipher(keys, shown, state.lineage)
    return { ...store, log: postgresApplyLog(session.query, state.lineage, cipher) }
  } catch (error) {
    await close()
    throw error
  }
}

/** Reads a state as it is now; an empty one with a lineage of its own where there has never been one. */
export const readPostgresState = async (
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<State> => (await look(address, keys)) ?? emptyState()

/** Whether there is a state. */
export const isPostgresState = async (
  address: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<boolean> => (await look(address, keys)) !== undefined

async function look(address: string, keys: EncryptionKeys): Promise<MutableState | undefined> {
  await using database = await openDatabase(address)
  return (await database.isPrepared())
    ? await readAll(database.shown, database.ask, keys)
    : undefined
}

/** A function that returns the state as it is now: it is read again where its serial has moved. */
export function watchPostgresState(address: string): () => Promise<State> {
  const keys = keysInForce()
  let database: Promise<Database> | undefined
  let last: State | undefined
  return async () => {
    database ??= openDatabase(address).catch(error => {
      database = undefined
      throw error
    })
    const { ask, shown, isPrepared } = await database
    if (last === undefined && !(await isPrepared())) return emptyState()
    const [place] = await ask(PLACE)
    refuseMark(shown, place, 'mark')
    const isSame =
      last !== undefined &&
      textIn(place, 'lineage') === last.lineage &&
      numberIn(place, 'serial') === last.serial
    if (!isSame || last === undefined)
      last =
        (last === undefined ? undefined : await readSince(shown, ask, last, keys)) ??
        (await readAll(shown, ask, keys)) ??
        emptyState()
    return last
  }
}

async function make(
  { query }: Session,
  { create = true }: OpenStateOptions,
  shown: string,
  keys: EncryptionKeys,
): Promise<MutableState> {
  if (!create)
    throw new StateEditError(
      `there is no state at ${shown}; is that the right place (--state, SFT_STATE)?`,
    )
  const state = emptyState()
  const head = stateCipher(keys, shown, state.lineage).encrypt([HEAD], headOf(state))
  await query(MAKE, state.lineage, head, crc32(head))
  return state
}

interface Append {
  readonly entries: readonly StateEntry[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Done with the entries in their transaction. */
type Beside = (query: Query, entries: readonly StateEntry[]) => Promise<void>

/** The store of a state whose lock `session` has. */
export function storeOf(
  shown: string,
  session: Session,
  state: MutableState,
  keys: EncryptionKeys,
  close: () => Promise<void>,
  beside: Beside = async () => {},
): StateStore {
  const cipher = stateCipher(keys, shown, state.lineage)
  let waiting: Append[] = []
  let working: Promise<void> | undefined
  let failure: unknown
  let disposed = false
  session.onLost(() => {
    failure ??= lost(shown)
  })

  const writeTogether = async (appends: readonly Append[]): Promise<void> => {
    const entries = appends.flatMap(append => append.entries)
    const next = { ...state }
    for (const entry of entries)
      if (entry.type === 'account' || entry.type === 'learn') applyEntry(next, entry)
    await session.query('begin')
    await writeEntries(session.query, entries, cipher)
    await beside(session.query, entries)
    const serial = state.serial + appends.length
    const head = cipher.encrypt([HEAD], headOf(next))
    const moved = await session.query(MOVE_ON, state.serial, serial, head, crc32(head))
    if (moved.length !== 1)
      throw new PlainError(`${shown}: the state was changed by somebody else; run again`)
    await session.query('commit')
    for (const entry of entries) applyEntry(state, entry)
    state.serial = serial
  }

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const taken = waiting
      waiting = []
      try {
        if (failure !== undefined) throw failure
        await writeTogether(taken)
        for (const { resolve } of taken) resolve()
      } catch (error) {
        // Whether it was committed may not be known: nothing more is written, and the next run reads what is there.
        failure ??= error
        for (const { reject } of taken) reject(error)
      }
    }
    working = undefined
  }

  return {
    location: shown,
    state,
    async append(...entries) {
      if (disposed) throw new Error(`${shown}: the state was disposed of`)
      if (entries.length === 0) return
      await new Promise<void>((resolve, reject) => {
        waiting.push({ entries: storedEntries(entries), resolve, reject })
        // What is appended in the same turn is committed together.
        working ??= Promise.resolve().then(work)
      })
    },
    async fold() {
      if (disposed) throw new Error(`${shown}: the state was disposed of`)
      await working
    },
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      await working
      await close()
    },
  }
}

const lost = (shown: string): PlainError =>
  new PlainError(
    `${shown}: the connection that holds the state's lock was lost, so nothing more is written; run again`,
  )
