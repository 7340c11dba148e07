/** Sells every product of a list once, and uses one of each kind. */
import { join } from 'node:path'
import { countriesOfTadig, countryName } from '../../src/countries.ts'
import {
  memoryLedger,
  openProvisioner,
  type Provisioner,
  type Sale,
} from '../../src/provision/index.ts'
import type { SimulatedInstance } from '../../src/simulator/world.ts'
import type { Desk } from '../cli/desk.ts'
import { PASSWORD } from '../cli/run-cli.ts'
import type { Promised } from './lists.ts'

const MB = 1024 ** 2
const DAY = 24 * 3600 * 1000

/** What kind of product it is, whatever its country, size and length. */
export const kindOf = ({ megabytes, daily, throttle, sms, lasts }: Promised): string =>
  [
    megabytes === undefined ? 'unlimited' : daily ? 'daily' : 'data',
    throttle ?? 'not throttled',
    sms === undefined ? 'no SMS' : 'SMS',
    'months' in lasts ? 'months' : 'days',
  ].join(', ')

/** What is used of one of each kind. */
const USED_MB = 10

/** Sales at a time. */
const AT_ONCE = 20

/**
 * Sells each SKU to a buyer of its own. `wrong`: what a buyer has that was not promised; `used`: kinds of which one was
 * used and read back.
 */
export async function sellAll(
  desk: Desk,
  promised: ReadonlyMap<string, Promised>,
): Promise<{ readonly wrong: readonly string[]; readonly used: ReadonlySet<string> }> {
  await using shop = await openProvisioner({
    state: join(desk.folder, 'state.json'),
    ledger: memoryLedger(),
    sft: {
      baseUrl: desk.simulator.url,
      username: 'seller',
      password: PASSWORD,
      callsPerSecond: Number.POSITIVE_INFINITY,
    },
    budget: 'memory:',
    env: {},
  })
  const wrong: string[] = []
  const used = new Set<string>()
  const left = [...promised]
  const sell = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [sku, promise] = next
      const sale = await shop.purchase({ orderId: sku, sku })
      const has = granted(desk, instanceOf(desk, sale))
      const wants = wanted(promise)
      if (has !== wants) wrong.push(`${sku} grants ${has}, not ${wants}`)
      const kind = kindOf(promise)
      if (used.has(kind)) continue
      used.add(kind)
      wrong.push(...(await use(desk, shop, sale, promise)).map(what => `${sku}, used: ${what}`))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sell))
  return { wrong, used }
}

function instanceOf({ simulator }: Desk, { endpointId }: Sale): SimulatedInstance {
  const { instances = [] } = simulator.world.endpoints.get(endpointId) ?? {}
  const [instance, ...others] = instances
  if (instance === undefined || others.length > 0)
    throw new Error(`${endpointId} has ${instances.length} instances`)
  return instance
}

/** Countries of a zone by its networks. */
function countriesOf({ simulator: { world } }: Desk, zoneId: string): readonly string[] {
  const networks = [...world.networks.values()]
  const tadigs = (world.zones.get(zoneId)?.networks ?? []).map(
    ({ operatorId, sponsorId }) =>
      networks.find(one => one.operatorId === operatorId && one.sponsorId === sponsorId)?.tadig,
  )
  return [...new Set(tadigs.flatMap(tadig => countriesOfTadig(tadig ?? '')).map(countryName))]
}

const granted = (desk: Desk, { terms = {}, grantedBytes, rateZoneId }: SimulatedInstance): string =>
  JSON.stringify([
    countriesOf(desk, rateZoneId),
    terms.unlimited === true ? 'unlimited' : grantedBytes / MB,
    terms.daily ?? false,
    terms.throttle ?? 'none',
    terms.sms ?? 0,
    terms.lasts ?? 'days',
  ])

const wanted = ({ country, megabytes, daily, throttle, sms, lasts }: Promised): string =>
  JSON.stringify([
    [country],
    megabytes ?? 'unlimited',
    daily ?? false,
    throttle ?? 'none',
    sms ?? 0,
    'months' in lasts ? 'months' : 'days',
  ])

/** Uses some of it in its zone: what is wrong with what usage tells then. */
async function use(
  desk: Desk,
  shop: Provisioner,
  { endpointId }: Sale,
  promise: Promised,
): Promise<readonly string[]> {
  const { megabytes, daily, sms, lasts } = promise
  await desk.control('traffic', { endPointId: endpointId, megabytes: USED_MB })
  const { instances } = await shop.usage({ endpointId })
  const [usage] = instances
  const days = (Date.parse(usage?.expiresAt ?? '') - Date.parse(usage?.startsAt ?? '')) / DAY
  const isLong = 'days' in lasts ? days === lasts.days : days >= 28 && days <= 31
  const expected: readonly (readonly [string, boolean])[] = [
    ['active', usage?.status === 'active'],
    ['it lasts', isLong],
    ['unlimited', (usage?.unlimitedData ?? false) === (megabytes === undefined)],
    ['daily', (usage?.dailyData ?? false) === (daily ?? false)],
    ['SMS', (usage?.benefits?.[0]?.granted ?? 0) === (sms ?? 0)],
    ['used', megabytes === undefined || usage?.usedBytes === USED_MB * MB],
  ]
  return expected.flatMap(([what, isSo]) => (isSo ? [] : [`${what}: ${JSON.stringify(usage)}`]))
}
