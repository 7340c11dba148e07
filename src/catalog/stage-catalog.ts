import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { type LoadedCatalog, type LoadOptions, loadCatalog } from './index.ts'

/** A file of a catalog that is meant to be written: its path below the folder, with `/`, and its text. */
export interface PlannedFile {
  readonly path: string
  readonly text: string
}

/** A bad file may have a problem in each of its entries. */
const ISSUES = 100_000

/**
 * Loads a catalog as it would be with these files, through the same reader, in a copy that is gone
 * afterwards. `folder` may not exist yet. Positions name paths below the copy, which `pathOf` tells apart.
 */
export async function loadStaged<Result>(
  folder: string,
  files: readonly PlannedFile[],
  options: LoadOptions,
  use: (loaded: LoadedCatalog, pathOf: (file: string) => string) => Result | Promise<Result>,
): Promise<Result> {
  const parent = await mkdtemp(join(tmpdir(), 'sft-catalog-staged-'))
  const copy = join(parent, 'catalog')
  try {
    await mkdir(copy)
    await cp(folder, copy, {
      recursive: true,
      dereference: true,
      // Hidden files and folders are none of the catalog's.
      filter: source => source === folder || !basename(source).startsWith('.'),
    }).catch(ignoreMissing)
    for (const { path, text } of files) {
      await mkdir(dirname(join(copy, path)), { recursive: true })
      await writeFile(join(copy, path), text)
    }
    const loaded = await loadCatalog(copy, {
      ...options,
      limits: { ...options.limits, issuesPerFile: ISSUES },
    })
    return await use(loaded, file => relative(copy, file).replaceAll('\\', '/'))
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
}

/** A catalog that does not exist yet is an empty one. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
