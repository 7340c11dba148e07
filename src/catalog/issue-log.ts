import type { Issue, IssueCode } from '../issues.ts'

/** Collects the issues of one catalog; of each file only the first ones, so that memory stays bounded. */
export interface IssueLog {
  add(issue: Issue): void
  /** Whether a file has all the issues that will be listed: more need only be counted. */
  isFull(file: string): boolean
  /** Counts errors that are not worth making, since the file is full. */
  countOnly(file: string, errors: number): void
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
  const kept: Issue[] = []
  const counts = new Map<string, number>()
  let errors = 0
  return {
    add(issue) {
      const file = issue.position?.file ?? ''
      const count = (counts.get(file) ?? 0) + 1
      counts.set(file, count)
      if (issue.severity === 'error') errors += 1
      if (count <= perFile) kept.push(issue)
    },
    isFull: file => (counts.get(file) ?? 0) >= perFile,
    countOnly(file, more) {
      counts.set(file, (counts.get(file) ?? 0) + more)
      errors += more
    },
    hasErrors: () => errors > 0,
    count: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
    sorted() {
      const left = [...counts].filter(([, count]) => count > perFile)
      return [...kept].sort(comparePlaces).concat(
        left.map(([file, count]) => ({
          code: 'ISSUES_LEFT_OUT',
          severity: 'error',
          message: `${file}: ${count - perFile} more problems are not listed`,
          hint: 'correct those above and validate again',
        })),
      )
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
