/** Errors that somebody foresaw: the message says in plain words what is wrong, where, and what to do next. */
export class PlainError extends Error {
  override readonly name: string = 'PlainError'
}

/** A file or folder that cannot be used. `code` is the system's, such as `EACCES`, for programs. */
export class FileError extends PlainError {
  override readonly name = 'FileError'
  readonly code: string
  readonly path: string | undefined
  constructor(code: string, path: string | undefined, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.path = path
  }
}

interface Words {
  readonly what: string
  readonly next: string
}

/** What the system's codes mean, and what to do about them: for the command line and the library alike. */
const WORDS: Readonly<Record<string, Words>> = {
  EACCES: { what: 'permission denied', next: 'check who owns it, and its permissions' },
  EPERM: { what: 'permission denied', next: 'check who owns it, and its permissions' },
  EROFS: { what: 'it is on a read-only file system', next: 'name a place that can be written to' },
  ENOSPC: {
    what: 'the disk is full',
    next: 'make room and run again: what was done before is kept',
  },
  EDQUOT: {
    what: 'the disk quota is used up',
    next: 'make room and run again: what was done before is kept',
  },
  EISDIR: { what: 'it is a folder', next: 'name a file' },
  ERR_FS_EISDIR: { what: 'it is a folder', next: 'move it away' },
  ENOTDIR: { what: 'a part of the path is a file, not a folder', next: 'correct the path' },
  ENOENT: { what: 'it does not exist', next: 'correct the path, or make the folder first' },
  EEXIST: { what: 'it exists already', next: 'name another place, or move it away' },
  ENOTEMPTY: { what: 'the folder is not empty', next: 'name another place, or empty it' },
  ELOOP: { what: 'links point at each other', next: 'correct the link' },
  ENAMETOOLONG: { what: 'the name is too long', next: 'give a shorter one' },
  EXDEV: { what: 'it is on another file system', next: 'name a place on the same one' },
  EMFILE: { what: 'too many files are open', next: 'end other programs, or raise the limit' },
  ENFILE: { what: 'too many files are open', next: 'end other programs, or raise the limit' },
  EBUSY: { what: 'something else uses it', next: 'end that, and run again' },
  ETXTBSY: { what: 'something else uses it', next: 'end that, and run again' },
  EIO: { what: 'the disk reported an error', next: 'check the disk, and run again' },
  ESTALE: { what: 'the network folder is gone', next: 'mount it again, and run again' },
  EADDRINUSE: { what: 'another program listens there', next: 'give another port' },
  EADDRNOTAVAIL: { what: 'this machine has no such address', next: 'give another one' },
}

/** What a code of the system means; undefined for one that nobody foresaw. */
export const systemReason = (code: unknown): string | undefined =>
  typeof code === 'string' && Object.hasOwn(WORDS, code) ? WORDS[code]?.what : undefined

/**
 * An error of the system in plain words, as a `FileError`; every other error as it is. `path` is what
 * people know the file by, where the system's own path says less.
 */
export function plainly(error: unknown, path?: string): unknown {
  if (error instanceof PlainError || !(error instanceof Error && 'code' in error)) return error
  const { code } = error
  const words = typeof code === 'string' && Object.hasOwn(WORDS, code) ? WORDS[code] : undefined
  if (words === undefined) return error
  const place = path ?? placeOf(error)
  const where = place === undefined ? '' : `${place}: `
  return new FileError(String(code), place, `${where}${words.what}; ${words.next}`, {
    cause: error,
  })
}

function placeOf(error: Error): string | undefined {
  if ('path' in error && typeof error.path === 'string') return error.path
  return 'port' in error ? `port ${String(error.port)}` : undefined
}

/** Runs work on files; what the system says of them is thrown in plain words. */
export async function inPlainWords<Result>(
  path: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw plainly(error, path)
  }
}
