/** Most calls in any window of one second; times in milliseconds, ascending. */
export function mostInASecond(times: readonly number[]): number {
  let most = 0
  let first = 0
  for (const [index, at] of times.entries()) {
    while ((times[first] ?? at) <= at - 1000) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}
