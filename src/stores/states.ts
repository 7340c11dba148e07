import type { LockHolder } from '../durable/lock.ts'
import { inPlainWords } from '../plain-error.ts'
import type { AppliedPlan } from '../state/apply-log.ts'
import type {
  ConfirmEdit,
  EditReport,
  OpenStateOptions,
  RestoreReport,
  SharedState,
  Unlocking,
} from '../state/keeper.ts'
import type { State, StateStore } from '../state/state.ts'
import { withoutSecrets } from './addresses.ts'
import { MovedError } from './moving.ts'
import { findAble, findStore } from './registry.ts'

const told = <Result>(address: string, work: () => Promise<Result>): Promise<Result> =>
  inPlainWords(withoutSecrets(address), work)

/**
 * Opens a state for writing: the one of a file's path, or of an address with the scheme of another store. Throws
 * `LockedError`, `StateDamagedError`, and a `PlainError` for a scheme that no store has.
 *
 * @example
 * await using store = await openState('state.json', { purpose: 'nightly apply' })
 */
export async function openState(
  address: string,
  options: OpenStateOptions = {},
): Promise<StateStore> {
  const { keeper, place } = await findStore('state', address)
  return await told(address, () => keeper.open(place, options))
}

/** Reads a state as it is now, without a lock. Throws `StateDamagedError`. */
export async function readState(address: string): Promise<State> {
  const { keeper, place } = await findStore('state', address)
  return await told(address, () => keeper.read(place))
}

/** Whether there is a state. Throws `StateDamagedError` where it was there and is not whole. */
export async function isState(address: string): Promise<boolean> {
  const { keeper, place } = await findStore('state', address)
  return await told(address, () => keeper.isThere(place))
}

/**
 * Throws a `MovedError` where a state went elsewhere, for whoever does without one: whatever else is wrong with it is
 * not looked at.
 */
export async function refuseMovedState(address: string): Promise<void> {
  try {
    await isState(address)
  } catch (error) {
    if (error instanceof MovedError) throw error
  }
}

/**
 * A function that returns the state as it is now, so that a batch or plan applied by another process can be sold
 * at once. A store that watches reads it again only after it changed. It throws what `readState` throws.
 */
export async function watchState(address: string): Promise<() => Promise<State>> {
  const { keeper, place } = await findStore('state', address)
  const read = keeper.watch?.(place) ?? (() => keeper.read(place))
  return () => told(address, read)
}

/** The newest applies of a state, the newest first. */
export async function readHistory(address: string, limit: number): Promise<readonly AppliedPlan[]> {
  const { keeper, place } = await findAble('state', address, 'history', 'keeps no applies')
  return await told(address, () => keeper.history(place, limit))
}

/** Whether `backupState` can copy a state of this address. */
export const canBackUpState = async (address: string): Promise<boolean> =>
  (await findStore('state', address)).keeper.backup !== undefined

/** Writes the state as it is now to a file; beside the other backups where none is named. */
export async function backupState(
  address: string,
  to?: string,
): Promise<{ readonly path: string; readonly serial: number }> {
  const { keeper, place } = await findAble('state', address, 'backup', 'is not copied to backups')
  return await keeper.backup(place, to)
}

/**
 * Puts a backup in the place of the state; the newest readable one where none is named. Throws `StateEditError`,
 * `LockedError`, and `SnapshotError` for a backup that is no readable state.
 */
export async function restoreState(
  address: string,
  from?: string,
  options: OpenStateOptions = {},
): Promise<RestoreReport> {
  const { keeper, place } = await findAble(
    'state',
    address,
    'restore',
    'is not put back from backups',
  )
  return await keeper.restore(place, from, options)
}

/** Takes what was changed by hand as what is true now, once `confirm` has seen what differs and said yes. */
export async function acceptStateEdit(
  address: string,
  confirm: ConfirmEdit,
  options: OpenStateOptions = {},
): Promise<EditReport | undefined> {
  const { keeper, place } = await findAble('state', address, 'acceptEdit', 'takes no edits by hand')
  return await keeper.acceptEdit(place, confirm, options)
}

/**
 * Fetches the state from a folder that outlives the machine. Throws a `StateEditError` where both sides changed, or
 * the folder has another state or an older one.
 */
export async function pullState(
  address: string,
  folder: string,
  options: OpenStateOptions = {},
): Promise<SharedState> {
  const { keeper, place } = await findAble('state', address, 'sharing', NOT_SHARED)
  return await keeper.sharing.pull(place, folder, options)
}

/** Puts the state into a folder. Throws a `StateEditError` where somebody else did since it was pulled. */
export async function pushState(
  address: string,
  folder: string,
  options: OpenStateOptions = {},
): Promise<SharedState> {
  const { keeper, place } = await findAble('state', address, 'sharing', NOT_SHARED)
  return await keeper.sharing.push(place, folder, options)
}

const NOT_SHARED = 'is not fetched from a folder: whoever names its address shares it'

/** Removes the lock of an owner that cannot be seen from here, once `confirm` has seen it and said yes. */
export async function unlockState(
  address: string,
  confirm: (holder: LockHolder) => boolean | Promise<boolean>,
): Promise<Unlocking | undefined> {
  const { keeper, place } = await findAble('state', address, 'unlock', 'has no lock to remove')
  return await keeper.unlock(place, confirm)
}
