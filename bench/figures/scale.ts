import { join } from 'node:path'
import { openState } from '../../src/stores/states.ts'
import { ENDPOINT_SPEC, iccidsFrom, temporaryFolder, writeBatch } from '../catalogs.ts'
import { againstFloor, byItself, type Figure, median, type Row, type Settings } from '../figure.ts'
import { startPlatform } from '../platform.ts'
import { CLI, run, type Spent } from '../processes.ts'

interface Rounds {
  readonly plan: readonly Spent[]
  readonly bare: readonly Spent[]
}

/** Plans endpoints of which nothing changes, beside a process that reads and parses the same files. */
async function planUnchanged(count: number, rounds: number): Promise<Rounds> {
  await using folder = await temporaryFolder()
  await using platform = await startPlatform({ sims: 10 })
  const state = join(folder.path, 'state.json')
  const iccids = iccidsFrom(count)
  await writeBatch(folder.path, iccids)
  {
    await using store = await openState(state)
    const entries = iccids.map((iccid, at) => ({
      type: 'put' as const,
      kind: 'endpoint' as const,
      key: iccid,
      record: {
        endpointId: String(4_100_001 + at),
        name: `travel-${iccid}`,
        batch: 'batch',
        tags: [],
        spec: { name: `travel-${iccid}`, ...ENDPOINT_SPEC },
      },
    }))
    for (let from = 0; from < count; from += 10_000)
      await store.append(...entries.slice(from, from + 10_000))
  }
  const text = (path: string) => `readFileSync(${JSON.stringify(path)}, 'utf8')`
  const bareProgram = `const { readFileSync } = require('node:fs'); const lines = ${text(join(folder.path, 'inventory.csv'))}.split('\\n'); const state = JSON.parse(${text(state)}); console.log(lines.length, Object.keys(state.endpoints).length)`
  const plan: Spent[] = []
  const bare: Spent[] = []
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await run({ args: ['-e', bareProgram] }))
    plan.push(
      await run({
        args: [CLI, 'plan', '--detailed-exitcode', '--catalog', folder.path],
        env: { ...platform.env, SFT_STATE: state },
      }),
    )
  }
  return { plan, bare }
}

const seconds = (all: readonly Spent[]) => all.map(one => one.seconds)
const megabytes = (all: readonly Spent[]) => all.map(one => one.megabytes)

/** Planning at size, and whether it stays linear. */
export const scale: Figure = {
  key: 'scale',
  title: 'Planning at size, nothing changed',
  async measure({ rounds, shrink, say }: Settings): Promise<readonly Row[]> {
    const [small, middle, large] = [10_000, 100_000, 1_000_000].map(size =>
      Math.round(size / shrink),
    ) as [number, number, number]
    const grouped = (count: number) => count.toLocaleString('en')
    const measured = new Map<number, Rounds>()
    for (const size of [small, middle, large]) {
      say(`${grouped(size)} endpoints`)
      measured.set(size, await planUnchanged(size, size === large ? Math.min(rounds, 5) : rounds))
    }
    const empty = await planUnchanged(1, rounds)
    const at = (size: number): Rounds => measured.get(size) ?? empty
    const rows: Row[] = []
    for (const [size, most, mostMb] of [
      [middle, 1.5, undefined],
      [large, 1.5, 1200],
    ] as const) {
      const { plan, bare } = at(size)
      const what = `plan of ${grouped(size)} endpoints`
      const floor = (values: (all: readonly Spent[]) => readonly number[]) => ({
        what: 'reading and parsing the same files',
        values: values(bare),
      })
      rows.push(againstFloor(what, 's', seconds(plan), floor(seconds), { most }))
      rows.push(
        mostMb === undefined
          ? againstFloor(`${what}: memory`, 'MB', megabytes(plan), floor(megabytes), { most })
          : byItself(`${what}: memory`, 'MB', megabytes(plan), { most: mostMb }),
      )
    }
    const start = median(seconds(empty.plan))
    const each = (size: number) => (median(seconds(at(size).plan)) - start) / size
    rows.push({
      what: `time an endpoint at ${grouped(large)} against ${grouped(small)}, start-up taken off`,
      unit: 'ms',
      value: each(large) * 1000,
      floor: { what: `at ${grouped(small)}`, value: each(small) * 1000 },
      measure: each(large) / each(small),
      target: { most: 1.1, times: true },
    })
    return rows
  },
}
