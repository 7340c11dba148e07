import type { Issue, IssueCode } from '../issues.ts'

/** Collects the issues of one catalog; of each file only the first ones, so that memory stays bounded. */
export interface IssueLog {
  add(issue: Issue): void
  /** Whether a file has all the issues that will be listed: more need only be counted. */
  isFull(file: string): boolean
  /** Counts errors that are not worth making, since the file is full. */
  countOnly(file: string, errors: number): void
  /** Notes that a file has so many problems that it was not read to its end. */
  cutShort(file: string): void
  hasErrors(): boolean
  /** How many problems there are so far, listed or not. */
  count(): number
  /** By file, line and column; those without a place first. */
  sorted(): readonly Issue[]
}

/** What a problem says, without its place. */
export interface Problem {
  readonly code: IssueCode
  readonly message: string
  readonly hint?: string
  readonly severity?: 'error' | 'warning'
}

/** An empty log that keeps `perFile` issues of each file. */
export function createIssueLog(perFile: number): IssueLog {
  const kept = new Map<string, Issue[]>()
  const leftOut = new Map<string, number>()
  const cut = new Set<string>()
  let errors = 0
  let count = 0
  const keptOf = (file: string) => {
    const issues = kept.get(file) ?? []
    kept.set(file, issues)
    return issues
  }
  const leaveOut = (file: string, more: number) => {
    if (more > 0) leftOut.set(file, (leftOut.get(file) ?? 0) + more)
    count += more
  }
  return {
    add(issue) {
      if (issue.severity === 'error') errors += 1
      const file = issue.position?.file ?? ''
      const issues = keptOf(file)
      if (issues.length >= perFile) {
        leaveOut(file, 1)
        return
      }
      issues.push(issue)
      count += 1
    },
    isFull: file => keptOf(file).length >= perFile,
    countOnly(file, more) {
      leaveOut(file, more)
      errors += more
    },
    cutShort: file => void cut.add(file),
    hasErrors: () => errors > 0,
    count: () => count,
    sorted() {
      const omissions = [...leftOut].map(
        ([file, more]): Issue => ({
          code: 'ISSUES_LEFT_OUT',
          severity: 'error',
          message: cut.has(file)
            ? `more than ${more} more problems of this file are not listed; it was not read to its end`
            : `${more} more problems of this file are not listed`,
          hint: 'correct those above and validate again',
          position: keptOf(file).at(-1)?.position ?? { file, line: 1, column: 1 },
        }),
      )
      return [...kept.values()].flat().concat(omissions).sort(comparePlaces)
    },
  }
}

function comparePlaces(a: Issue, b: Issue): number {
  const [left, right] = [a.position, b.position]
  if (left === undefined || right === undefined) {
    return Number(left !== undefined) - Number(right !== undefined)
  }
  if (left.file !== right.file) return left.file < right.file ? -1 : 1
  return left.line - right.line || left.column - right.column
}
