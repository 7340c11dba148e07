import { inPlainWords, PlainError } from '../plain-error.ts'
import { isFileState, type OpenStateOptions, openFileState, readFileState } from './file-store.ts'
import { memoryState } from './memory-store.ts'
import type { State, StateStore } from './state.ts'

/** A place where states are kept. */
interface Backend {
  readonly open: (location: string, options: OpenStateOptions) => Promise<StateStore>
  readonly read: (location: string) => Promise<State>
  readonly isThere: (location: string) => Promise<boolean>
}

const fileBackend: Backend = { open: openFileState, read: readFileState, isThere: isFileState }

/** The stores by the scheme of their location; a new store is one line here. */
const BACKENDS: Readonly<Record<string, Backend>> = {
  'file:': fileBackend,
  'memory:': {
    open: async () => memoryState(),
    read: async () => memoryState().state,
    // Whoever asks for it wants one that begins with nothing.
    isThere: async () => true,
  },
}

/** A scheme has two letters at least: `C:\state.json` is a path. */
function backendOf(location: string): readonly [Backend, string] {
  const scheme = /^[a-z][a-z0-9+]+:/i.exec(location)?.[0]
  if (scheme === undefined) return [fileBackend, location]
  const backend = Object.hasOwn(BACKENDS, scheme) ? BACKENDS[scheme] : undefined
  if (backend === undefined)
    throw new PlainError(
      `${scheme} is not a place for a state; give a file's path, or one of ${Object.keys(BACKENDS).join(', ')}`,
    )
  return [backend, backend === fileBackend ? location.slice(scheme.length) : location]
}

/** Opens a state for writing. Throws `LockedError` and `StateDamagedError`. */
export async function openState(
  location: string,
  options: OpenStateOptions = {},
): Promise<StateStore> {
  const [backend, place] = backendOf(location)
  return await inPlainWords(location, () => backend.open(place, options))
}

/** Reads a state as it is now, without a lock. Throws `StateDamagedError`. */
export async function readState(location: string): Promise<State> {
  const [backend, place] = backendOf(location)
  return await inPlainWords(location, () => backend.read(place))
}

/** Whether there is a state. Throws `StateDamagedError` where it was there and is not whole. */
export async function isState(location: string): Promise<boolean> {
  const [backend, place] = backendOf(location)
  return await inPlainWords(location, () => backend.isThere(place))
}

/** The path of a state that is a file. Throws where it is kept elsewhere. */
export function filePathOf(location: string): string {
  const [backend, place] = backendOf(location)
  if (backend !== fileBackend)
    throw new PlainError(`${location} is not a file, so it has no lock file and no backups`)
  return place
}
