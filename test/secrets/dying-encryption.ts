/** `dying-encryption.ts '{"part":…,"place":…,"keys":…,"dieAt":3}'`: encrypts, and kills itself at its third step. */
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { encryptStore, type MovedPart, readKeyFile, withKeys } from '../../src/index.ts'

interface Job {
  readonly part: MovedPart
  readonly place: string
  /** A file of keys. */
  readonly keys: string
  readonly dieAt: number
}

const job = JSON.parse(process.argv[2] ?? '') as Job
let steps = 0

function step(): void {
  steps += 1
  if (steps >= job.dieAt) process.kill(process.pid, 'SIGKILL')
}

// A state is written file by file: each renaming is a step.
const files: { rename: (from: string, to: string) => Promise<void> } = createRequire(
  import.meta.url,
)('node:fs/promises')
const { rename } = files
files.rename = async (from, to) => {
  step()
  await rename(from, to)
}
syncBuiltinESMExports()

await withKeys(readKeyFile(job.keys), () => encryptStore(job.part, job.place, step))
