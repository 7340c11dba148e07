/** Backups of a state, and what they help where it is damaged. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { copyFileDurably, errorCode, exists, makePrivateFolder } from '../durable/files.ts'
import { markJournal, SnapshotError } from '../durable/snapshot.ts'
import { EncryptedError } from '../secrets/cipher.ts'
import { StateDamagedError } from './state-errors.ts'
import { type StateFiles, stateAt } from './state-files.ts'

/** Backups that folds made, newest first. */
export async function listBackups(
  files: StateFiles,
): Promise<readonly { readonly path: string; readonly serial: number }[]> {
  let names: readonly string[]
  try {
    names = await readdir(files.backups)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error
    names = []
  }
  return names
    .flatMap(name => {
      const serial = /^serial-(\d+)\.json$/.exec(name)?.[1]
      return serial === undefined
        ? []
        : [{ path: join(files.backups, name), serial: Number(serial) }]
    })
    .toSorted((a, b) => b.serial - a.serial)
}

/** Who may read the state and not its backups, such as another user, only looks: a writer makes backups. */
export async function visibleBackups(files: StateFiles): ReturnType<typeof listBackups> {
  try {
    return await listBackups(files)
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error
    return []
  }
}

/** Copies the snapshot to the backups, unless this serial is there, and removes the oldest beyond `keep`. */
export async function keepBackup(files: StateFiles, serial: number, keep: number): Promise<void> {
  if (keep === 0) return
  await makePrivateFolder(files.backups)
  const path = join(files.backups, `serial-${serial}.json`)
  if (!(await exists(path))) {
    await copyFileDurably(files.snapshot, path)
    // A backup stands alone.
    await markJournal(path, false)
  }
  for (const old of (await listBackups(files)).slice(keep)) await rm(old.path, { force: true })
}

/** An error that says what is damaged, and what to do. */
export async function damaged(
  files: StateFiles,
  damage: StateDamagedError['damage'],
  problem: string,
  cause?: Error,
): Promise<StateDamagedError> {
  const way = (await newestReadable(files)) ?? ''
  const meant =
    damage === 'damaged' || damage === 'journal' || damage === 'older'
      ? `If it was changed on purpose, \`sft-catalog state accept-edit --state ${files.snapshot}\` shows what differs and takes it. `
      : ''
  const text = `${problem}. Nothing was changed, and it is not taken for an empty state. ${meant}${way}`
  return new StateDamagedError(files.snapshot, damage, text, { cause })
}

/** What to do, with the newest backup that can be read. */
async function newestReadable(files: StateFiles): Promise<string> {
  for (const { path, serial } of await visibleBackups(files)) {
    try {
      await stateAt(path, files.keys).read()
    } catch (error) {
      if (error instanceof SnapshotError || error instanceof EncryptedError) continue
      throw error
    }
    return (
      `The newest backup that can be read is ${path} (serial ${serial}): ` +
      `\`sft-catalog state restore ${path} --state ${files.snapshot}\` puts it in place, with what the ` +
      'journal has on top, and keeps the damaged files aside.'
    )
  }
  return (
    `There is no backup that can be read in ${files.backups}. Put a copy of your own at ${files.snapshot}; ` +
    'or start anew by moving it, its journal and its backups away, and take the objects of the account ' +
    'over with `sft-catalog adopt`.'
  )
}
