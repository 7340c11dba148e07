import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode, syncFolder } from '../durable/files.ts'
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

/** Replaces the text of a file in one step; its permissions stay, and a link to it stays a link. */
export async function replaceText(path: string, text: string): Promise<void> {
  const target = await realpath(path)
  const { mode } = await stat(target)
  // Hidden, so that a reader of the catalog does not take it for a part of it.
  const temporary = join(dirname(target), `.${basename(target)}.tmp`)
  try {
    await rm(temporary, { force: true })
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(target))
}

async function writeNew(target: string, text: string): Promise<void> {
  try {
    const handle = await open(target, 'wx')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    throw new FileExistsError(
      `${target} exists, and adopt overwrites nothing: move its entries to where they belong, or name another folder with --into`,
      { cause: error },
    )
  }
}
