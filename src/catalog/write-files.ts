import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, syncFolder, writeNewDurably } from '../durable/files.ts'
import type { PlannedFile } from './stage-catalog.ts'

/** A file that is to be written is there already. */
export class FileExistsError extends Error {
  override readonly name = 'FileExistsError'
}

/**
 * Writes new files below a folder, all or none, safe on disk when it resolves. Throws a `FileExistsError`
 * rather than overwrite one.
 */
export async function writeNewFiles(folder: string, files: readonly PlannedFile[]): Promise<void> {
  const written: string[] = []
  try {
    for (const { path, text } of files) {
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true })
      await writeNew(target, text)
      written.push(target)
      await syncFolder(dirname(target))
    }
  } catch (error) {
    for (const target of written) await rm(target)
    throw error
  }
}

async function writeNew(target: string, text: string): Promise<void> {
  try {
    await writeNewDurably(target, text, 0o666)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    throw new FileExistsError(
      `${target} exists, and nothing is overwritten: move its entries to where they belong, or name another folder with --into`,
      { cause: error },
    )
  }
}
