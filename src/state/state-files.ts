import { followLinks } from '../durable/files.ts'
import { openSnapshot, type Snapshot } from '../durable/snapshot.ts'
import type { EncryptionKeys } from '../secrets/cipher.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import type { MutableState } from './apply-entry.ts'
import { decodeState, takeState, UNSEALED_VERSION } from './decode-state.ts'
import { decryptedState, encryptedState } from './encrypted-state.ts'

/** The files of one state. */
export interface StateFiles {
  readonly snapshot: string
  readonly journal: string
  readonly lock: string
  readonly backups: string
  /** The applies that were made. */
  readonly history: string
  /** What they are encrypted with. */
  readonly keys: EncryptionKeys
}

/** A plain snapshot. Levels of it that are broken into lines: sections, then a record a line. */
export const SNAPSHOT_FORMAT = {
  take: takeState,
  decode: decodeState,
  levels: 2,
  unsealed: UNSEALED_VERSION,
} as const

/** A state at a path: the snapshot, a backup or a copy, encrypted where there is a key. */
export const stateAt = (
  path: string,
  keys: EncryptionKeys,
  edits: 'refused' | 'taken' = 'refused',
  see: (kept: unknown) => void = () => undefined,
): Snapshot<MutableState> => {
  const read = (kept: unknown): unknown => {
    see(kept)
    return decryptedState(kept, keys, path)
  }
  return openSnapshot<MutableState>(
    path,
    {
      ...SNAPSHOT_FORMAT,
      take: value => takeState(read(value)),
      decode: value => decodeState(read(value)),
      print: state => encryptedState(state, keys, path),
    },
    edits,
  )
}

/**
 * The files of the state at `path`, by default with the keys in force. Links are followed, so that two names of one
 * state share a lock.
 */
export async function stateFiles(
  path: string,
  keys: EncryptionKeys = keysInForce(),
): Promise<StateFiles> {
  const snapshot = await followLinks(path)
  return {
    snapshot,
    journal: `${snapshot}.journal`,
    lock: `${snapshot}.lock`,
    backups: `${snapshot}.backups`,
    history: `${snapshot}.history`,
    keys,
  }
}
