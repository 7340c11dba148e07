import type { Issue } from '../issues.ts'
import type { Position } from '../model.ts'
import type { Problem } from './issue-log.ts'

/** A text with its place in the world: the path as people see it. */
export interface Source {
  readonly path: string
  readonly text: string
  /** Offsets at which lines begin. */
  readonly lineStarts: readonly number[]
}

/** A stretch of a source text. */
export interface Place {
  readonly offset: number
  readonly length: number
}

const LONGEST_LINE = 240

/** Prepares a text for looking places up in it. */
export function createSource(path: string, text: string): Source {
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    lineStarts.push(at + 1)
  }
  return { path, text, lineStarts }
}

/** Line and column of an offset, both from 1. */
export function positionOf(source: Source, offset: number): Position {
  let low = 0
  let high = source.lineStarts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  const start = source.lineStarts[low] ?? 0
  return { file: source.path, line: low + 1, column: offset - start + 1 }
}

/** A problem at a place of a source, with the line for the caret. */
export function issueAt(source: Source, place: Place, problem: Problem): Issue {
  const position = positionOf(source, Math.min(place.offset, source.text.length))
  const start = source.lineStarts[position.line - 1] ?? 0
  const next = source.lineStarts[position.line]
  const line = source.text.slice(start, next === undefined ? undefined : next - 1)
  return issueOnLine(position, line.replace(/\r$/, ''), place.length, problem)
}

/** A problem on a line that is already at hand. */
export function issueOnLine(
  position: Position,
  line: string,
  length: number,
  problem: Problem,
): Issue {
  const { severity = 'error', ...rest } = problem
  const column = position.column
  // Of a very long line only the part around the place is kept.
  const start = line.length <= LONGEST_LINE ? 1 : Math.max(1, column - LONGEST_LINE / 4)
  const text = line.slice(start - 1, start - 1 + LONGEST_LINE)
  const visible = Math.max(1, Math.min(length, start + text.length - column))
  return {
    ...rest,
    severity,
    position,
    source: { text, length: visible, ...(start === 1 ? {} : { start }) },
  }
}
