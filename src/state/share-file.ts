import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { copyFileDurably, exists, isMissing, writeFileDurably } from '../durable/files.ts'
import { PlainError } from '../plain-error.ts'
import type { MutableState } from './apply-entry.ts'
import { DEFAULT_BACKUPS, lockState, noState, ordered, putSnapshotInPlace } from './file-store.ts'
import type { SharedState, Sharing } from './keeper.ts'
import { loadState } from './load-state.ts'
import { StateEditError } from './state-errors.ts'
import { type StateFiles, stateFiles } from './state-files.ts'

/** Which state a folder had when the two were alike. */
const BASE = z.object({
  folder: z.string(),
  lineage: z.string(),
  serial: z.int(),
  digest: z.string(),
})

type Base = z.infer<typeof BASE>

/** The two places, what each says, and what they said when they were alike. */
interface Sides {
  readonly files: StateFiles
  readonly shared: StateFiles
  readonly here: MutableState | undefined
  readonly there: MutableState | undefined
  readonly base: Base | undefined
}

/**
 * States in files that are fetched from a folder and put back there: a mounted volume, a checked-out branch. Lineage,
 * serial and digest are compared with those of the last time, so that nobody writes over somebody else's.
 */
export const fileStateSharing: Sharing = {
  pull: (path, folder, { waitMs }) => withBoth('state pull', path, folder, waitMs, pull),
  push: (path, folder, { waitMs }) => withBoth('state push', path, folder, waitMs, push),
}

async function pull(sides: Sides): Promise<SharedState> {
  const { files, shared, here, there, base } = sides
  if (there === undefined) {
    if (base !== undefined) throw gone(shared, base)
    return { how: 'nothing there', serial: here?.serial ?? 0, place: shared.snapshot }
  }
  if (here !== undefined) {
    sameLineage(here, there, sides)
    if (digestOf(here) === digestOf(there)) return await alike(sides, there, 'alike')
    if (isAhead(here, there, base))
      return { how: 'ahead', serial: here.serial, place: shared.snapshot }
    mayReplace(here, there, sides)
  }
  await putSnapshotInPlace(files, there, DEFAULT_BACKUPS)
  await copyHistory(shared, files)
  return await alike(sides, there, 'pulled')
}

/** What is here goes on from what the folder still has. */
const isAhead = (here: MutableState, there: MutableState, base: Base | undefined): boolean =>
  base !== undefined && digestOf(here) !== base.digest && digestOf(there) === base.digest

/** Throws where something of this state, or of time, would be lost. */
function mayReplace(here: MutableState, there: MutableState, { files, shared, base }: Sides): void {
  if (digestOf(here) !== base?.digest)
    throw new StateEditError(
      `${files.snapshot} (serial ${here.serial}) has changes that were never pushed, and ${shared.snapshot} is at serial ${there.serial} by now: move one of the two away, and let "sft-catalog plan" find by name and ICCID what it made`,
    )
  if (there.serial < here.serial) throw older(shared.snapshot, there, here)
}

async function push(sides: Sides): Promise<SharedState> {
  const { files, shared, here, there, base } = sides
  if (here === undefined) throw noState(files)
  if (there === undefined && base !== undefined) throw gone(shared, base)
  if (there !== undefined) {
    sameLineage(here, there, sides)
    if (digestOf(there) === digestOf(here)) return await alike(sides, here, 'alike')
    mayWriteOver(here, there, sides)
  }
  await putSnapshotInPlace(shared, here, DEFAULT_BACKUPS)
  await copyHistory(files, shared)
  return await alike(sides, here, 'pushed')
}

/** Throws where the folder has what this state did not go on from. */
function mayWriteOver(
  here: MutableState,
  there: MutableState,
  { files, shared, base }: Sides,
): void {
  const before =
    base === undefined ? 'was never pulled here' : `was at ${base.serial} when it was pulled`
  if (digestOf(there) !== base?.digest)
    throw new StateEditError(
      `${shared.snapshot} is at serial ${there.serial} and ${before}: somebody else pushed. Nothing was written over; keep a copy of ${files.snapshot}, pull into a new place, and let "sft-catalog plan" find by name and ICCID what this run made`,
    )
  if (here.serial <= there.serial) throw older(files.snapshot, here, there)
}

async function withBoth(
  purpose: string,
  path: string,
  folder: string,
  waitMs: number | undefined,
  work: (sides: Sides) => Promise<SharedState>,
): Promise<SharedState> {
  const files = await stateFiles(path)
  const shared = await stateFiles(join(folder, 'state.json'))
  if (files.snapshot === shared.snapshot)
    throw new PlainError(`${files.snapshot} is in that folder itself: there is nothing to fetch`)
  const options = { purpose, ...(waitMs !== undefined && { waitMs }) }
  await using _here = await lockState(files, options)
  await using _there = await lockState(shared, options)
  if (await exists(shared.journal))
    throw new StateEditError(
      `${shared.journal} is there: a run that worked on ${shared.snapshot} itself was killed. Run "sft-catalog state list" with --state ${shared.snapshot}, and an apply there, or restore it`,
    )
  return await work({
    files,
    shared,
    here: await loadState(files),
    there: await loadState(shared),
    base: await readBase(files, shared),
  })
}

/** What a state says, whatever file it stands in. */
const digestOf = (state: MutableState): string =>
  createHash('sha256')
    .update(JSON.stringify(ordered(state)))
    .digest('hex')

const baseFile = (files: StateFiles): string => `${files.snapshot}.shared`

async function readBase(files: StateFiles, shared: StateFiles): Promise<Base | undefined> {
  let text: string
  try {
    text = await readFile(baseFile(files), 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const base = BASE.parse(JSON.parse(text))
    return base.folder === shared.snapshot ? base : undefined
  } catch (error) {
    throw new StateEditError(
      `${baseFile(files)} is not as it was written: move it away, and pull again`,
      { cause: error },
    )
  }
}

/** Keeps what both places say now. */
async function alike(
  { files, shared }: Sides,
  state: MutableState,
  how: SharedState['how'],
): Promise<SharedState> {
  const { lineage, serial } = state
  const base: Base = { folder: shared.snapshot, lineage, serial, digest: digestOf(state) }
  await writeFileDurably(baseFile(files), `${JSON.stringify(base)}\n`)
  return { how, serial, place: shared.snapshot }
}

async function copyHistory(from: StateFiles, to: StateFiles): Promise<void> {
  if (await exists(from.history)) await copyFileDurably(from.history, to.history)
}

function sameLineage(here: MutableState, there: MutableState, { files, shared }: Sides): void {
  if (here.lineage === there.lineage) return
  throw new StateEditError(
    `${shared.snapshot} is another state (lineage ${there.lineage}; ${files.snapshot} has ${here.lineage}): name the folder of this one, or another --state`,
  )
}

const gone = ({ snapshot }: StateFiles, { serial }: Base): StateEditError =>
  new StateEditError(
    `${snapshot} is gone, and was at serial ${serial} the last time: is the volume mounted, the branch checked out?`,
  )

const older = (place: string, old: MutableState, other: MutableState): StateEditError =>
  new StateEditError(
    `${place} is at serial ${old.serial}, and the other place at ${other.serial}: an older copy was put there. Nothing was written`,
  )
