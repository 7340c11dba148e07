/** What a snapshot says of where it stands, and of its journal. */
export interface SnapshotPlace {
  readonly serial: number
  /** Whether a journal goes with it; undefined where its form does not say. */
  readonly journal: boolean | undefined
}

/**
 * Why a journal is not the one that goes with its snapshot; undefined where it is. A journal begins with a
 * line of the number that it continues, so that one that was emptied or put back from elsewhere is told
 * from one that has nothing yet.
 *
 * @param numbers of the journal's lines; undefined where there is no journal.
 */
export function journalProblem(
  { serial, journal }: SnapshotPlace,
  numbers: readonly number[] | undefined,
): string | undefined {
  if (journal === undefined) return undefined
  const last = numbers?.at(-1)
  if (!journal)
    return last !== undefined && last > serial
      ? `goes on to serial ${last}, but the snapshot ends at ${serial} and says that no journal goes with it: one of the two is of another time`
      : undefined
  if (numbers === undefined) return 'is missing, and the snapshot says that it goes on there'
  if (last === undefined) return 'is empty, and the snapshot says that it goes on there'
  const first = numbers[0] ?? last
  if (first > serial)
    return `begins at serial ${first}, but the snapshot ends at ${serial}: entries are missing`
  return last < serial
    ? `ends at serial ${last}, but the snapshot is at ${serial}: it is an older one`
    : undefined
}
