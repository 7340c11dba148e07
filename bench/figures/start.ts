import { fileURLToPath } from 'node:url'
import { againstFloor, type Figure } from '../figure.ts'
import { CLI, run } from '../processes.ts'

const CATALOG = fileURLToPath(new URL('../../catalog', import.meta.url))

/** What each command pays before it does anything. */
export const start: Figure = {
  key: 'start',
  title: 'Starting',
  async measure({ rounds }) {
    const bare: number[] = []
    const version: number[] = []
    const validate: number[] = []
    // The first of each only fills the caches of the file system.
    for (let round = -1; round < rounds * 2; round += 1) {
      const spent = [
        await run({ args: ['-e', '0'] }),
        await run({ args: [CLI, '--version'] }),
        await run({ args: [CLI, 'validate', '--catalog', CATALOG] }),
      ] as const
      if (round < 0) continue
      for (const [at, values] of [bare, version, validate].entries())
        values.push(spent[at]?.seconds ?? Number.NaN)
    }
    const floor = { what: 'node -e 0', values: bare }
    return [
      againstFloor('--version', 's', version, floor, { most: 1.2 }),
      againstFloor('validate of the shipped catalog', 's', validate, floor, { most: 4 }),
    ]
  },
}
