import { join } from 'node:path'
import { isJsonObject } from '../../src/json.ts'
import type { Json, LoggedCall } from '../../src/simulator/index.ts'
import { temporaryFolder, writeZones } from '../catalogs.ts'
import { againstFloor, byItself, type Figure, type Row } from '../figure.ts'
import { startPlatform } from '../platform.ts'
import { CLI, run } from '../processes.ts'
import { span } from './creates.ts'

const LATENCY_MS = 20
const IN_FLIGHT = 10

/** Applies rate zones with four plans each, then plans again, as a pipeline does. */
async function round(zones: number) {
  await using folder = await temporaryFolder()
  await writeZones(folder.path, zones)
  await using platform = await startPlatform({ sims: 1, latencyMs: LATENCY_MS })
  const env = { ...platform.env, SFT_STATE: join(folder.path, 'state.json') }
  const catalog = ['--catalog', folder.path]
  await run({
    args: [CLI, 'apply', '--init', '--auto-approve', '--parallel', `${IN_FLIGHT}`, ...catalog],
    env,
  })
  const applied = await platform.calls()
  const again = await run({ args: [CLI, 'plan', '--detailed-exitcode', ...catalog], env })
  const all = await platform.calls()
  return { applied, again, againCalls: all.length - applied.length }
}

const isWrite = ({ operation }: LoggedCall): boolean => operation.startsWith('Create')

/** The same writes, zones before plans, from a loop that keeps nothing but the IDs of the zones. */
async function replay(calls: readonly LoggedCall[]): Promise<number> {
  await using platform = await startPlatform({ sims: 1, latencyMs: LATENCY_MS })
  const post = async (path: string, body: Json, token = ''): Promise<string> => {
    const answer = await fetch(platform.url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-requested-with': 'XMLHttpRequest',
        ...(token !== '' && { 'x-authorization': `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    })
    return answer.text()
  }
  const login = await post('/api/login', { username: 'simulator', password: 'simulator' })
  const token = /"AccessToken":"([^"]+)"/.exec(login)?.[1] ?? ''
  const ids: string[] = []
  const inFlight = async (some: readonly LoggedCall[], take: (answer: string) => void) => {
    const queue = some.values()
    const work = async () => {
      for (const { path, body = null } of queue) {
        const written = withZone(body, ids[0])
        take(await post(path, written, token))
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  }
  await inFlight(
    calls.filter(call => call.operation === 'CreateRateZone'),
    answer => ids.push(/"rateZoneId":"?([^",}]+)/.exec(answer)?.[1] ?? ''),
  )
  await inFlight(
    calls.filter(call => isWrite(call) && call.operation !== 'CreateRateZone'),
    () => undefined,
  )
  const made = (await platform.calls()).filter(isWrite)
  const refused = made.find(call => call.outcome !== 'ok')
  if (refused !== undefined)
    throw new Error(`the loop's ${refused.operation} was answered ${refused.outcome}`)
  return span(made)
}

/** A body with the first zone of this account in place of that of another. */
function withZone(body: Json, id: string | undefined): Json {
  if (id === undefined) return body
  if (Array.isArray(body)) return body.map(one => withZone(one, id))
  if (!isJsonObject(body)) return body
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      name === 'rateZoneId' ? id : withZone(value, id),
    ]),
  )
}

export const zones: Figure = {
  key: 'zones',
  title: `Rate zones with four add-on plans each, ${LATENCY_MS} ms a call`,
  async measure({ rounds, shrink, say }) {
    const small = Math.round(200 / shrink)
    const large = Math.round(1000 / shrink)
    const of = (count: number) =>
      `${count.toLocaleString('en')} zones, ${(4 * count).toLocaleString('en')} plans`
    const rows: Row[] = []
    say(of(small))
    const few = []
    for (let n = 0; n < rounds; n += 1) few.push(await round(small))
    rows.push(
      byItself(
        `plan of ${of(small)}, no change: the whole process`,
        's',
        few.map(({ again }) => again.seconds),
        { most: 0.6 },
      ),
      byItself(
        `plan of ${of(small)}, no change: calls`,
        'calls',
        few.map(({ againCalls }) => againCalls),
        { most: 6 },
      ),
    )
    say(of(large))
    const many = []
    const loops = []
    for (let n = 0; n < rounds; n += 1) {
      const one = await round(large)
      many.push(one)
      loops.push(await replay(one.applied))
    }
    rows.push(
      againstFloor(
        `first apply of ${of(large)}, first to last write`,
        's',
        many.map(({ applied }) => span(applied.filter(isWrite))),
        { what: 'the same writes in a loop', values: loops },
        { most: 1.05 },
      ),
      byItself(
        `plan of ${of(large)}, no change: the whole process`,
        's',
        many.map(({ again }) => again.seconds),
        { most: 1 },
      ),
    )
    return rows
  },
}
