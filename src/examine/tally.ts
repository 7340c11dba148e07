/** Values of an account's objects, counted: which there are, and where each was seen. Pure. */

/** Objects of one sort that have a value. */
export interface Sighting {
  /** What they are, in the plural: `add-on plans`. */
  readonly where: string
  readonly count: number
  /** Names of the first of them. */
  readonly examples: readonly string[]
}

export interface SeenValue {
  /** As the platform writes it. */
  readonly value: string
  /** What the account calls it. */
  readonly name?: string
  /** What the catalog calls it, where that is known. */
  readonly meaning?: string
  /** What to write into the catalog to use it. */
  readonly write?: string
  readonly seen: readonly Sighting[]
}

const EXAMPLES = 3

/** Counts values as they are met. */
export interface Tally {
  /** Notes that an object, of a name, has a value; nothing where it has none. */
  add(value: string | undefined, where: string, name: string): void
  /** Values seen most often first. */
  values(): readonly Pick<SeenValue, 'value' | 'seen'>[]
}

export function openTally(): Tally {
  const counted = new Map<string, Map<string, { count: number; examples: string[] }>>()
  return {
    add(value, where, name) {
      if (value === undefined) return
      const places = counted.get(value) ?? new Map()
      const place = places.get(where) ?? { count: 0, examples: [] }
      place.count += 1
      if (place.examples.length < EXAMPLES) place.examples.push(name)
      counted.set(value, places.set(where, place))
    },
    values: () =>
      [...counted]
        .map(([value, places]) => ({
          value,
          seen: [...places].map(([where, place]) => ({ where, ...place })),
        }))
        .toSorted((one, other) => total(other.seen) - total(one.seen)),
  }
}

const total = (seen: readonly Sighting[]): number => seen.reduce((sum, { count }) => sum + count, 0)
