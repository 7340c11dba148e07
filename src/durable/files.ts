import { constants } from 'node:fs'
import { copyFile, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The `code` of a system error, such as `ENOENT`. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** Whether an error says that a file is not there. */
export const isMissing = (error: unknown): boolean => errorCode(error) === 'ENOENT'

/** Makes names in a folder durable: a file made or renamed there survives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; NTFS journals the names itself.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Runs `fill` on a temporary file beside `path`, then puts it in the place of `path` in one step. */
async function replaceDurably(path: string, fill: (temporary: string) => Promise<void>) {
  // One name, so that what a killed process left behind is overwritten by the next one.
  const temporary = `${path}.tmp`
  try {
    await fill(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/**
 * Replaces a file in one step, readable by its owner only. After a crash at any instant `path` has its
 * old content or the new one. Callers that may run at the same time hold a lock.
 */
export async function writeFileDurably(
  path: string,
  content: string | Uint8Array | Iterable<string>,
): Promise<void> {
  await replaceDurably(path, async temporary => {
    await rm(temporary, { force: true })
    const handle = await open(temporary, 'wx', 0o600)
    try {
      if (content instanceof Uint8Array) await handle.writeFile(content)
      else
        for (const chunk of typeof content === 'string' ? [content] : content)
          await handle.write(chunk)
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/** Copies a file in one step, with the promises of `writeFileDurably`. */
export async function copyFileDurably(from: string, to: string): Promise<void> {
  await replaceDurably(to, async temporary => {
    await rm(temporary, { force: true })
    await copyFile(from, temporary, constants.COPYFILE_FICLONE)
    const handle = await open(temporary, 'r+')
    try {
      await handle.chmod(0o600)
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}
