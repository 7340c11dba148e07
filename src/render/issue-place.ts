/** Where an issue is, for documents that programs read. */
import { posix } from 'node:path'
import type { Issue } from '../issues.ts'

/** How files are named in a document: from the root of what is checked, with slashes. */
export type FileNames = (file: string) => string

/** How many columns an issue marks; one where that is not known. */
export const markedColumns = ({ source }: Issue): number => Math.max(1, source?.length ?? 1)

/** A rule of a team and where it stands. */
export const ruleText = ({ key, position }: NonNullable<Issue['rule']>): string =>
  `${key}, ${position.file}:${position.line}:${position.column}`

/** What is wrong, by which rule of the team, and what to do next, in one text. */
export function wholeMessage({ message, hint, rule }: Issue): string {
  const by = rule === undefined ? '' : `; rule ${ruleText(rule)}`
  return hint === undefined ? `${message}${by}` : `${message} (${hint}${by})`
}

/** Errors first, since programs that take a few of many take the first. */
export const errorsFirst = (issues: readonly Issue[]): readonly Issue[] =>
  issues.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))

/**
 * Names of files from `root` on; what lies outside of it keeps its whole path.
 *
 * @example
 * namesFrom('/home/ci/repo', '/home/ci/repo/shop')('catalog/europe.yaml') // shop/catalog/europe.yaml
 */
export const namesFrom =
  (root: string, here: string): FileNames =>
  file => {
    const slashes = (path: string) => path.replaceAll('\\', '/')
    const whole = posix.resolve(slashes(here), slashes(file))
    const relative = posix.relative(slashes(root), whole)
    return relative === '' || relative.startsWith('../') ? whole : relative
  }
