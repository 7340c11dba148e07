import { constants, type Stats } from 'node:fs'
import {
  copyFile,
  mkdir,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { inPlainWords, PlainError, plainly } from '../plain-error.ts'

/** The `code` of a system error, such as `ENOENT`. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** Whether an error says that a file is not there. */
export const isMissing = (error: unknown): boolean => errorCode(error) === 'ENOENT'

/** Whether there is a file or folder of this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** A chain of links that is longer is a circle. */
const MOST_LINKS = 40

/**
 * The file that a path means: links are followed, also to a target that is not there yet, so that two names
 * of one file are one, and the file is made where the link points. Throws a `PlainError` where that cannot be
 * told, and where its folder does not exist: a folder is never made, since it may be a volume that is not mounted.
 */
export const followLinks = (path: string): Promise<string> => inPlainWords(path, () => follow(path))

async function follow(path: string): Promise<string> {
  let place = path
  for (let links = 0; links <= MOST_LINKS; links++) {
    try {
      return await realpath(place)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    const target = await linkTarget(place)
    if (target === undefined) return join(await folderOf(place, path), basename(place))
    place = resolve(await folderOf(place, path), target)
  }
  throw new PlainError(`${path}: its links lead in a circle; correct them`)
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'EINVAL') return undefined
    throw error
  }
}

async function folderOf(place: string, path: string): Promise<string> {
  try {
    return await realpath(dirname(place))
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new PlainError(
      `${path}: the folder ${resolve(dirname(place))} does not exist; mount it, or make it first`,
      { cause: error },
    )
  }
}

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

/** Makes a folder into which only its owner can look, where there is none. Throws a `PlainError` where it cannot be one. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 })
    if (made !== undefined) await syncFolder(dirname(path))
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw new PlainError(`${path}: it is no folder, and one is needed there; move it away`, {
        cause: error,
      })
    throw plainly(error, path)
  }
}

/** A rename over a device or a pipe would take it away from everybody. */
async function refuseOtherThanFile(path: string, name: string): Promise<void> {
  if (await exists(path)) requireFile(await stat(path), name)
}

/** Throws a `PlainError` for what is no regular file: a pipe would be waited for, for ever. */
export function requireFile(found: Stats, name: string): void {
  if (found.isFile()) return
  throw found.isDirectory()
    ? new PlainError(`${name}: it is a folder; name a file`)
    : new PlainError(`${name}: it is a device, a pipe or a socket; name a file`)
}

/** The bytes of a regular file. */
export async function readBytesOf(path: string): Promise<Buffer> {
  requireFile(await stat(path), path)
  return await readFile(path)
}

/** The text of a regular file. */
export const readTextOf = async (path: string): Promise<string> =>
  (await readBytesOf(path)).toString('utf8')

/** Gives a file whose content is durable its name, in one step. */
export async function putInPlace(temporary: string, path: string): Promise<void> {
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Runs `fill` on a temporary file beside `path`, then puts it in the place of `path` in one step. */
async function replaceDurably(
  name: string,
  fill: (temporary: string, path: string) => Promise<void>,
): Promise<void> {
  // A rename over a link would put a file in the link's place.
  const path = await followLinks(name)
  await refuseOtherThanFile(path, name)
  // One name, so that what a killed process left behind is overwritten by the next one.
  const temporary = `${path}.tmp`
  try {
    await inPlainWords(temporary, () => rm(temporary, { force: true }))
    await fill(temporary, path)
    await putInPlace(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw plainly(error, name)
  }
}

/** Makes a file with this content, safe on disk. Throws where there is one. */
export async function writeNewDurably(
  path: string,
  content: string | Uint8Array | Iterable<string>,
  mode: number,
): Promise<void> {
  const handle = await open(path, 'wx', mode)
  try {
    if (content instanceof Uint8Array) await handle.writeFile(content)
    else
      for (const chunk of typeof content === 'string' ? [content] : content)
        await handle.write(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Replaces a file in one step, readable by its owner only unless the permissions of the one that is there are to
 * be `kept`. After a crash at any instant `path` has its old content or the new one. Callers that may run at the
 * same time hold a lock.
 */
export async function writeFileDurably(
  name: string,
  content: string | Uint8Array | Iterable<string>,
  permissions: 'private' | 'kept' = 'private',
): Promise<void> {
  await replaceDurably(name, async (temporary, path) => {
    const mode = permissions === 'kept' ? (await stat(path)).mode : 0o600
    await writeNewDurably(temporary, content, mode)
  })
}

/** Copies a file in one step, with the promises of `writeFileDurably`. */
export async function copyFileDurably(from: string, to: string): Promise<void> {
  await replaceDurably(to, async temporary => {
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
