import { constants, type Dirent } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { systemReason } from '../plain-error.ts'
import { decodeText } from './decode.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import type { CatalogLimits } from './limits.ts'
import { createSource, type Source } from './source.ts'

/** The folder of a catalog: as it was given, and where it really is. */
export interface CatalogFolder {
  readonly display: string
  readonly root: string
  readonly words: FolderWords
}

/** A YAML file of a catalog. */
export interface SourceFile {
  readonly source: Source
  /** Path below the folder, with `/`. */
  readonly relative: string
}

/** What a folder is for, for whoever must be told that it cannot be read. */
export interface FolderWords {
  /** `the catalog folder`. */
  readonly folder: string
  /** How to name another one. */
  readonly hint: string
  /** What is said of one without a file. */
  readonly empty: Problem
}

const CATALOG_WORDS: FolderWords = {
  folder: 'the catalog folder',
  hint: 'name the folder with --catalog or SFT_CATALOG, or begin one with "sft-catalog init"',
  empty: {
    code: 'CATALOG_EMPTY',
    message: 'there is no .yaml or .yml file in this folder',
    hint: 'begin one with "sft-catalog init", or with a file that says `version: 1`',
  },
}

/** Finds the folder, or logs why it cannot be read. */
export async function openCatalogFolder(
  directory: string,
  log: IssueLog,
  words: FolderWords = CATALOG_WORDS,
): Promise<CatalogFolder | undefined> {
  const { folder, hint } = words
  try {
    const root = await realpath(directory)
    if ((await stat(root)).isDirectory()) return { display: directory, root, words }
    log.add(issueOf(directory, { code: 'FILE_UNREADABLE', message: 'this is no folder', hint }))
  } catch (error) {
    const message = `${folder} cannot be read: ${reasonOf(error)}`
    log.add(issueOf(directory, { code: 'FILE_UNREADABLE', message, hint }))
  }
  return undefined
}

/** Reads every .yaml and .yml file below the folder but hidden ones, in the order of their paths. */
export async function readCatalogFiles(
  folder: CatalogFolder,
  limits: CatalogLimits,
  log: IssueLog,
): Promise<readonly SourceFile[]> {
  const found = await findFiles(folder, limits, log)
  const files: SourceFile[] = []
  for (const { relative, real } of found) {
    const display = displayPath(folder, relative)
    const bytes = await readBounded(real, limits.yamlBytes, display, log)
    if (bytes === undefined) continue
    const decoded = decodeText(display, bytes)
    if ('text' in decoded) files.push({ source: createSource(display, decoded.text), relative })
    else
      log.add({ ...issueOf(display, decoded.problem), position: decoded.position ?? top(display) })
  }
  if (found.length === 0 && !log.hasErrors()) {
    log.add(issueOf(folder.display, folder.words.empty))
  }
  return files
}

/**
 * The real path of a file that the catalog names, where it is inside the folder. `from` is the file that
 * names it, below the folder.
 */
export async function resolveInside(
  folder: CatalogFolder,
  from: string,
  named: string,
): Promise<{ readonly real: string; readonly display: string } | { readonly problem: Problem }> {
  const outside: Problem = {
    code: 'FILE_OUTSIDE',
    message: `${JSON.stringify(named)} leads out of the catalog folder`,
    hint: 'move the file into the catalog and name it relative to this file',
  }
  if (path.isAbsolute(named) || named.includes('\0')) return { problem: outside }
  const target = path.resolve(folder.root, path.dirname(from), named)
  if (!isInside(folder.root, target)) return { problem: outside }
  try {
    const real = await realpath(target)
    if (!isInside(folder.root, real)) return { problem: outside }
    const details = await stat(real)
    if (!details.isFile()) return { problem: notRegular(named) }
    return { real, display: displayPath(folder, path.relative(folder.root, target)) }
  } catch (error) {
    const message = `${JSON.stringify(named)} cannot be read: ${reasonOf(error)}`
    const hint = 'the path is relative to this file'
    return { problem: { code: 'FILE_UNREADABLE', message, hint } }
  }
}

/** Bytes of a file of at most `limit` bytes; otherwise a logged issue and `undefined`. */
async function readBounded(
  real: string,
  limit: number,
  display: string,
  log: IssueLog,
): Promise<Buffer | undefined> {
  try {
    // A pipe of this name would otherwise be waited for.
    await using file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK)
    const details = await file.stat()
    if (!details.isFile()) log.add(issueOf(display, notRegular(display)))
    else if (details.size > limit) log.add(issueOf(display, tooLarge(details.size, limit)))
    else return await file.readFile()
  } catch (error) {
    const message = `the file cannot be read: ${reasonOf(error)}`
    const hint = 'check its permissions and, if it is a link, what it points at'
    log.add(issueOf(display, { code: 'FILE_UNREADABLE', message, hint }))
  }
  return undefined
}

async function findFiles(
  folder: CatalogFolder,
  limits: CatalogLimits,
  log: IssueLog,
): Promise<readonly { readonly relative: string; readonly real: string }[]> {
  const found = new Map<string, string>()
  const folders = ['']
  let seen = 0
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const parent = next
    const entries = (await listFolder(folder, parent, log)).filter(isOurs)
    for (const entry of entries) {
      const relative = path.posix.join(parent, entry.name)
      const isYaml = /\.ya?ml$/i.test(entry.name)
      if (entry.isDirectory()) folders.push(relative)
      else if (entry.isSymbolicLink()) {
        const real = await resolveLink(folder, relative, isYaml, log)
        if (real !== undefined) found.set(real, relative)
      } else if (isYaml) found.set(path.join(folder.root, relative), relative)
    }
    seen += entries.length
    if (seen > limits.files) {
      const message = `there are more than ${limits.files} files and folders`
      const hint = 'keep only what belongs there in this folder'
      log.add(issueOf(folder.display, { code: 'FILE_TOO_LARGE', message, hint }))
      return []
    }
  }
  return [...found]
    .map(([real, relative]) => ({ relative, real }))
    .sort((a, b) => (a.relative < b.relative ? -1 : 1))
}

/** Folders, links and YAML files that are not hidden. */
const isOurs = (entry: Dirent): boolean =>
  !entry.name.startsWith('.') &&
  (entry.isDirectory() || entry.isSymbolicLink() || /\.ya?ml$/i.test(entry.name))

async function listFolder(
  folder: CatalogFolder,
  relative: string,
  log: IssueLog,
): Promise<readonly Dirent[]> {
  try {
    return await readdir(path.join(folder.root, relative), { withFileTypes: true })
  } catch (error) {
    const message = `the folder cannot be read: ${reasonOf(error)}`
    const hint = 'check its permissions'
    log.add(issueOf(displayPath(folder, relative), { code: 'FILE_UNREADABLE', message, hint }))
    return []
  }
}

/** Links to files inside are followed; what leads out is refused; other links are none of ours. */
async function resolveLink(
  folder: CatalogFolder,
  relative: string,
  isYaml: boolean,
  log: IssueLog,
): Promise<string | undefined> {
  const display = displayPath(folder, relative)
  try {
    const real = await realpath(path.join(folder.root, relative))
    const isFolder = (await stat(real)).isDirectory()
    if (!isFolder && !isYaml) return undefined
    if (!isInside(folder.root, real)) {
      log.add(
        issueOf(display, {
          code: 'FILE_OUTSIDE',
          message: `this link leads out of ${folder.words.folder}`,
          hint: 'copy what it points at into the folder, or remove the link',
        }),
      )
    } else if (!isFolder) return real
  } catch (error) {
    if (!isYaml) return undefined
    const message = `the link cannot be followed: ${reasonOf(error)}`
    const hint = 'remove the link or restore what it points at'
    log.add(issueOf(display, { code: 'FILE_UNREADABLE', message, hint }))
  }
  return undefined
}

/** A problem of a whole file. */
export function issueOf(display: string, problem: Problem) {
  const { severity = 'error', ...rest } = problem
  return { ...rest, severity, position: top(display) } as const
}

/** That a file is larger than a limit. */
export function tooLarge(bytes: number, limit: number): Problem {
  const megabytes = (count: number) => `${Math.ceil(count / 1024 / 1024)} MB`
  return {
    code: 'FILE_TOO_LARGE',
    message: `the file has ${megabytes(bytes)}; at most ${megabytes(limit)} are read`,
    hint: 'split it, or keep long lists of ICCIDs in an iccidFile',
  }
}

/** The system's reason for a failed file operation; other errors are no business of ours. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error && 'code' in error)) throw error
  return systemReason(error.code) ?? `the system says ${String(error.code)}`
}

/** What to do about a file that cannot be read. */
export const adviceOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
    ? 'correct the path'
    : 'check its permissions'

function notRegular(name: string): Problem {
  return {
    code: 'FILE_UNREADABLE',
    message: `${JSON.stringify(name)} is no regular file`,
    hint: 'put a file of that name in its place',
  }
}

function isInside(root: string, target: string): boolean {
  const relative = path.relative(root, target)
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

function displayPath(folder: CatalogFolder, relative: string): string {
  return path.posix.join(
    folder.display.replaceAll(path.sep, '/'),
    relative.replaceAll(path.sep, '/'),
  )
}

function top(display: string) {
  return { file: display, line: 1, column: 1 } as const
}
