/** One measured thing beside its floor: medians of several rounds, taken in turn, in one run. */
export interface Row {
  /** What was measured, as people say it. */
  readonly what: string
  readonly unit: 's' | 'ms' | 'MB' | 'calls' | 'calls/s' | 'writes' | '%' | 'sales/s'
  /** Median of the rounds. */
  readonly value: number
  /** Median of the floor, and what it is; absent where the figure stands for itself. */
  readonly floor?: { readonly value: number; readonly what: string }
  /** What is compared with the target: the median of the rounds' ratios, or the value. */
  readonly measure: number
  /** Absent where the figure is there to be compared by people. */
  readonly target?: Target
  /** What a reader must know beside the figure. */
  readonly note?: string
}

/** What could not be measured, with the reason. */
export interface Absent {
  readonly what: string
  readonly absent: string
}

/** `most`: at most as much, `least`: at least as much; `times` is a ratio to the floor. */
export interface Target {
  readonly most?: number
  readonly least?: number
  readonly times: boolean
}

export interface Settings {
  readonly rounds: number
  /** Sizes divided by this: 1 for the figures of the table, more for a look. */
  readonly shrink: number
  /** Told of what is under way. */
  readonly say: (text: string) => void
}

export interface Figure {
  readonly key: string
  readonly title: string
  readonly measure: (settings: Settings) => Promise<readonly (Row | Absent)[]>
}

export const isMeasured = (row: Row | Absent): row is Row => !('absent' in row)

/** Whether a target is met; true where there is none. */
export const isMet = ({ measure, target: { most, least } = { times: false } }: Row): boolean =>
  (most === undefined || measure <= most) && (least === undefined || measure >= least)

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Of an empty list: NaN, which meets no target. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN

/** A ratio of each round, so that both halves shared whatever else the machine did. */
export const ratioOf = (values: readonly number[], floors: readonly number[]): number =>
  median(values.map((value, at) => value / (floors[at] ?? Number.NaN)))

/** A row that is judged by its ratio to a floor measured in the same rounds. */
export function againstFloor(
  what: string,
  unit: Row['unit'],
  values: readonly number[],
  floor: { readonly what: string; readonly values: readonly number[] },
  target: Omit<Target, 'times'>,
): Row {
  return {
    what,
    unit,
    value: median(values),
    floor: { what: floor.what, value: median(floor.values) },
    measure: ratioOf(values, floor.values),
    target: { ...target, times: true },
  }
}

/** A row that is judged by its own value. */
export const byItself = (
  what: string,
  unit: Row['unit'],
  values: readonly number[],
  target: Omit<Target, 'times'>,
): Row => ({
  what,
  unit,
  value: median(values),
  measure: median(values),
  target: { ...target, times: false },
})
