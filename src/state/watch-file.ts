import { stat } from 'node:fs/promises'
import { isMissing } from '../durable/files.ts'
import { keysInForce } from '../secrets/keys-in-force.ts'
import { readFileState } from './file-store.ts'
import type { State } from './state.ts'

/**
 * A function that returns the state as it is on disk, reading it again only after its files changed, as
 * `readFileState` does.
 */
export function watchFileState(path: string): () => Promise<State> {
  const keys = keysInForce()
  let seen: string | undefined
  let state: State | undefined
  let looking: Promise<State> | undefined

  const look = async (): Promise<State> => {
    const now = `${await markOf(path)} ${await markOf(`${path}.journal`)}`
    if (state === undefined || now !== seen) {
      state = await readFileState(path, keys)
      seen = now
    }
    return state
  }

  return () => {
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }
}

async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path)
    return `${ino}-${size}-${mtimeMs}`
  } catch (error) {
    if (isMissing(error)) return 'none'
    throw error
  }
}
