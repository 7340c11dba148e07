/**
 * The candidate that somebody who wrote `word` most likely meant; undefined where none is close. Two
 * letters swapped count as one mistake, upper and lower case do not count.
 */
export function nearestOf(word: string, candidates: Iterable<string>): string | undefined {
  const written = word.toLowerCase().slice(0, 64)
  // A third of the letters may be wrong: more than that is another word.
  let best = Math.max(1, Math.floor(written.length / 3)) + 1
  let nearest: string | undefined
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - written.length) >= best) continue
    const distance = countMistakes(written, candidate.toLowerCase())
    if (distance < best) {
      best = distance
      nearest = candidate
    }
  }
  return nearest
}

/** The candidates with the fewest mistakes, where those are at most `most`: several where they are as near. */
export function allNear(
  word: string,
  candidates: Iterable<string>,
  most: number,
): readonly string[] {
  let best = most
  let near: string[] = []
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > best) continue
    const mistakes = countMistakes(word, candidate)
    if (mistakes > best) continue
    if (mistakes < best) near = []
    best = mistakes
    near.push(candidate)
  }
  return near
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function countMistakes(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(at(row, j - 1) + 1, at(last, j) + 1, at(last, j - 1) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
