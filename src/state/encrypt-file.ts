import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { exists, isMissing } from '../durable/files.ts'
import { SnapshotError } from '../durable/snapshot.ts'
import { EncryptedError, type EncryptionKeys } from '../secrets/cipher.ts'
import type { EncryptionReport, OnEncrypted } from '../secrets/encryption.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { isSnapshotUpToDate } from './encrypted-state.ts'
import { DEFAULT_BACKUPS, lockState, ordered, putSnapshotInPlace } from './file-store.ts'
import { loadState } from './load-state.ts'
import { type StateFiles, stateAt, stateFiles } from './state-files.ts'
import { countRows } from './state-rows.ts'

/**
 * Encrypts all of a state and of its backups with the first key, or makes them plain where no key is the first. Cut
 * short anywhere, it is read as before, and the same call goes on. Undefined where there is no state. Throws
 * `LockedError`, `StateDamagedError`, and an `EncryptedError` where a key is missing.
 */
export async function encryptFileState(
  path: string,
  onRows: OnEncrypted = () => undefined,
  keys: EncryptionKeys = keysInForce(),
): Promise<EncryptionReport | undefined> {
  const files = await stateFiles(path, keys)
  if ((await loadState(files)) === undefined) return undefined
  await using _lock = await lockState(files, { purpose: 'store encrypt' })
  const state = await loadState(files)
  if (state === undefined) return undefined
  const hadJournal = await exists(files.journal)
  const rewritten = await rewrite(files.snapshot, keys, hadJournal, () =>
    putSnapshotInPlace(files, state, DEFAULT_BACKUPS),
  )
  const rows = Object.values(countRows(state)).reduce((sum, table) => sum + table, 0)
  onRows(rows)
  const beside = await encryptBackups(files)
  return {
    location: files.snapshot,
    rewritten: rewritten ? rows : 0,
    ...(keys.first && { keyId: keys.first.id }),
    ...beside,
  }
}

/** Writes a snapshot anew that is not kept as these keys write it now; whether it did. */
async function rewrite(
  path: string,
  keys: EncryptionKeys,
  always: boolean,
  write: () => Promise<void>,
): Promise<boolean> {
  let isUpToDate = false
  await stateAt(path, keys, 'refused', kept => {
    isUpToDate = isSnapshotUpToDate(kept, keys)
  }).read()
  if (isUpToDate && !always) return false
  await write()
  return true
}

/** Copies of this form; those of an earlier release are kept as they are. */
const COPY = /^(serial-\d+|by-hand-.*|before-restore-.*)\.json$/

async function encryptBackups(
  files: StateFiles,
): Promise<Pick<EncryptionReport, 'backups' | 'left'>> {
  const left: { readonly path: string; readonly reason: string }[] = []
  let backups = 0
  for (const path of await namesIn(files.backups)) {
    if (!COPY.test(basename(path))) {
      left.push({ path, reason: 'is of an earlier release, and plain' })
      continue
    }
    try {
      const snapshot = stateAt(path, files.keys)
      const { data } = await snapshot.read()
      if (await rewrite(path, files.keys, false, () => snapshot.write(ordered(data), false)))
        backups += 1
    } catch (error) {
      if (!(error instanceof SnapshotError || error instanceof EncryptedError)) throw error
      left.push({ path, reason: error.message })
    }
  }
  const damaged = `${basename(files.snapshot)}.damaged-`
  for (const path of await namesIn(dirname(files.snapshot)))
    if (basename(path).startsWith(damaged))
      left.push({ path, reason: 'is a damaged one that was put aside' })
  return { backups, left }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).map(name => join(folder, name))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
