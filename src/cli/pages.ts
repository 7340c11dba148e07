/** Pages and drawings: what makes them is loaded when asked for, and may not be installed. */
import { writeFileDurably } from '../durable/files.ts'
import { PlainError } from '../plain-error.ts'
import { manyLines } from '../render/gate.ts'
import type { Context } from './context.ts'
import { text, UsageError, type Values } from './flags.ts'
import { checkReplaceable, PAGE } from './replaceable.ts'
import { version } from './version.ts'

/** A page to look at. */
export const HTML_FLAG = {
  format: text('FORM', 'html: a page to look at, on stdout'),
} as const

/** A page to look at, on stdout or in a file. */
export const PAGE_FLAGS = {
  ...HTML_FLAG,
  out: text('FILE', 'with --format html: the page goes into this file'),
} as const

/** Whether a page is asked for. Throws a `UsageError` for another form. */
export function isHtml({ format }: Values<typeof HTML_FLAG>): boolean {
  if (format !== undefined && format !== 'html')
    throw new UsageError(`--format takes html, not "${format}"`)
  return format !== undefined
}

/** Two forms of one answer, one of them a page. */
export const FORMAT_RULE = {
  when: '--format',
  not: ['--json'],
  why: 'stdout holds one of them',
} as const

/** `--out` of what has nothing else to write. */
export const OUT_RULE = {
  when: '--out',
  needs: ['--format'],
  why: 'it is where the page goes',
} as const

/** What makes pages, where one is asked for: whoever lacks it is told before the account is asked. */
export const pagesFor = async (flags: Values<typeof HTML_FLAG>) =>
  isHtml(flags) ? await loadPages() : undefined

/** The same, where the page may go into a file, which is no other's. */
export async function pagesInto(flags: Values<typeof PAGE_FLAGS>) {
  if (flags.out !== undefined) await checkReplaceable(flags.out, PAGE)
  return await pagesFor(flags)
}

/** Writes a page to where `--out` says, or to stdout. */
export async function showPage(
  page: string,
  { out }: Values<typeof PAGE_FLAGS>,
  context: Pick<Context, 'document' | 'err'>,
): Promise<void> {
  if (out === undefined) return context.document(page)
  await writeFileDurably(out, `${manyLines(page)}\n`)
  context.err(`written to ${out}`)
}

/** What draws: few users need it, so that it comes with nobody who does not. */
export const NEEDS = [
  '@dagrejs/dagre',
  'd3-geo',
  'd3-scale',
  'preact',
  'preact-render-to-string',
  'topojson-client',
  'world-atlas',
] as const

const load = () => import('../page/index.ts')

export type Pages = Awaited<ReturnType<typeof load>>

/** What makes pages. Throws a `PlainError` that says what to install. */
export async function loadPages(from = load) {
  try {
    return await from()
  } catch (error) {
    if (!isMissingPackage(error)) throw error
    throw new PlainError(
      `HTML and SVG are made with packages that are not installed here: npm install ${NEEDS.join(' ')}`,
      { cause: error },
    )
  }
}

const isMissingPackage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'

/** What stands on every page. */
export const pageFrame = async (at = new Date()) => ({
  version: await version(),
  at: at.toISOString(),
})
