import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs'

/** A setting is missing or makes no sense; the message names it and says how to give it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly code = 'SETTINGS'
}

/** More than any file of settings has. */
const LARGEST_BYTES = 1024 * 1024

/**
 * The text of a small file of settings, without a byte order mark; undefined where there is none. What is
 * there and cannot be read whole is an error: half of it would leave the rest to defaults. A pipe that the
 * shell made (`/dev/fd/63`) is read where `pipes` allows it.
 */
export function readSettingFile(
  path: string,
  options: { readonly pipes?: boolean } = {},
): string | undefined {
  const wrong = (problem: string, cause?: unknown) =>
    new SettingsError(`${path} ${problem}`, { cause })
  const isPipe = options.pipes === true && /^\/(dev|proc\/self)\/fd\/\d+$/.test(path)
  let bytes: Buffer
  try {
    const file = statSync(path)
    if (file.isDirectory()) throw wrong('is a folder, not a file')
    if (!file.isFile() && !(file.isFIFO() && isPipe))
      throw wrong('is a pipe, a device or a socket, not a file')
    bytes = isPipe ? readFileSync(path) : readRegular(path)
  } catch (error) {
    if (error instanceof SettingsError) throw error
    if (isMissing(error) && !isLink(path)) return undefined
    throw wrong('is there and cannot be read: correct its permissions, or the link', error)
  }
  if (bytes.length > LARGEST_BYTES) throw wrong('is too large for a file of settings')
  if (bytes[0] === 0xff || bytes[0] === 0xfe || bytes.includes(0))
    throw wrong('is no text in UTF-8: save it as UTF-8')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw wrong('is no text in UTF-8: save it as UTF-8', error)
  }
}

/** Not blocking, should the file have become a pipe since it was looked at. */
function readRegular(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    return fstatSync(file).size > LARGEST_BYTES
      ? Buffer.alloc(LARGEST_BYTES + 1, 0x20)
      : readFileSync(file)
  } finally {
    closeSync(file)
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
