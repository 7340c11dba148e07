import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoggedCall } from '../../src/simulator/index.ts'
import { iccidsFrom, temporaryFolder, writeBatch, writeZones } from '../catalogs.ts'
import { againstFloor, type Figure } from '../figure.ts'
import { startPlatform } from '../platform.ts'
import { CLI, run } from '../processes.ts'

const READ_AGAIN = fileURLToPath(new URL('../read-again.mjs', import.meta.url))

/** Seconds in which at least one call was under way. */
function busySeconds(calls: readonly LoggedCall[]): number {
  let busyMs = 0
  let until = 0
  for (const { at, durationMs } of calls.toSorted((a, b) => a.at - b.at)) {
    busyMs += Math.max(0, at + durationMs - Math.max(at, until))
    until = Math.max(until, at + durationMs)
  }
  return busyMs / 1000
}

/** Takes over an account that was made by an apply, and reads the same once more. */
export const adopt: Figure = {
  key: 'adopt',
  title: 'Taking an account over',
  async measure({ rounds, shrink, say }) {
    const [zones, endpoints] = [Math.round(200 / shrink), Math.round(20_000 / shrink)]
    const iccids = iccidsFrom(endpoints)
    await using folder = await temporaryFolder()
    await using platform = await startPlatform({ sims: 1, iccids })
    const made = join(folder.path, 'made')
    await mkdir(made)
    await writeZones(made, zones)
    await writeBatch(made, iccids, 'batch.yaml')
    say('the account is made')
    await run({
      args: [CLI, 'apply', '--init', '--auto-approve', '--catalog', made],
      env: { ...platform.env, SFT_STATE: join(folder.path, 'made.json') },
    })
    const own: number[] = []
    const bare: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const before = (await platform.calls()).length
      const { seconds } = await run({
        args: [CLI, 'adopt', '--catalog', join(folder.path, `taken-${round}`)],
        env: { ...platform.env, SFT_STATE: join(folder.path, `taken-${round}.json`) },
        codes: [0, 2],
      })
      const read = (await platform.calls()).slice(before)
      own.push(seconds - busySeconds(read))
      const list = join(folder.path, 'reads.json')
      await writeFile(list, JSON.stringify(read.filter(({ operation }) => operation !== 'login')))
      const again = await run({ args: [READ_AGAIN, platform.url, list] })
      bare.push(again.seconds - busySeconds((await platform.calls()).slice(before + read.length)))
    }
    return [
      againstFloor(
        `adopt of ${zones} zones, ${4 * zones} plans, ${endpoints.toLocaleString('en')} endpoints: own time`,
        's',
        own,
        { what: 'reading the same answers and parsing them', values: bare },
        { most: 2 },
      ),
    ]
  },
}
