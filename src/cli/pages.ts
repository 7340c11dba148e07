/** Pages and drawings: what makes them is loaded when asked for, and may not be installed. */
import { PlainError } from '../plain-error.ts'
import { version } from './version.ts'

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
