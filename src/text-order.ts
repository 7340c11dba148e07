/** Order of text that is the same on every machine. */
export const byText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0
