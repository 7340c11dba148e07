import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'

/** Parsed JSON that a test looks into by path. */
export type Body = Record<string, unknown>

export interface RawClient extends AsyncDisposable {
  readonly simulator: Simulator
  get(path: string): Promise<Body>
  post(path: string, body: unknown, method?: 'POST' | 'PATCH' | 'DELETE'): Promise<Body>
  /** The answer as it stands: HTTP status and text. */
  raw(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>
  login(more?: Body): Promise<Body>
}

/** A simulator without limit, and a client that knows nothing but HTTP; logged in. */
export async function rawClient(options: SimulatorOptions = {}): Promise<RawClient> {
  const simulator = await startSimulator({ callsPerSecond: Infinity, sims: 20, ...options })
  let token = ''
  const raw: RawClient['raw'] = async (method, path, body) => {
    const response = await fetch(simulator.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', 'X-Authorization': `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }
  const login: RawClient['login'] = async more => {
    const credentials = { username: 'simulator', password: 'simulator', ...more }
    const body: Body = JSON.parse((await raw('POST', '/api/login', credentials)).text)
    if (typeof body['AccessToken'] === 'string') token = body['AccessToken']
    return body
  }
  await login()
  return {
    simulator,
    raw,
    login,
    get: async path => JSON.parse((await raw('GET', path)).text),
    post: async (path, body, method = 'POST') => JSON.parse((await raw(method, path, body)).text),
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

/** What stands at a path such as `Response.responseParam.rows.0.iccid`. */
export function at(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (Array.isArray(value) && key === 'length') return value.length
    if (typeof value !== 'object' || value === null) return undefined
    return Object.entries(value).find(([name]) => name === key)?.[1]
  }, body)
}

export const outer = (body: unknown) => at(body, 'Response.resultCode')
export const inner = (body: unknown) => at(body, 'Response.resultParam.resultCode')
export const why = (body: unknown) => String(at(body, 'Response.resultParam.resultDescription'))

export function zoneBody(name: string, networks: readonly object[], more: object = {}): Body {
  const ratezoneDetails = {
    name,
    destGroupId: '2515',
    status: '1',
    operatorIdList: networks,
    ...more,
  }
  return { Request: { requestParam: { ratezoneDetails } } }
}

export function planBody(name: string, rateZone: string, more: Body = {}): Body {
  const { basicInfo, subscription, ...rest } = more
  return {
    Request: {
      totalCount: '1',
      plan: {
        basicInfo: {
          planName: name,
          planCategory: 'ADDON',
          planDescription: 'a plan',
          planType: '0',
          serviceProfile: 'SP_1335',
          currencyId: '44',
          destinationGroup: 3017,
          planStatus: 'Active',
          addOnPriority: '1',
          ...(basicInfo ?? {}),
        },
        benefit: [{ benefitId: '1', value: '1024', rateZone }],
        charge: [{ chargeAmount: '0' }],
        subscription: {
          reSubscription: 'false',
          reSubscriptionRule: '2',
          occurrences: '1',
          activatedBy: '1',
          ...(subscription ?? {}),
        },
        validity: { validityType: '1', validityFactor: '30' },
        ...rest,
      },
    },
  }
}

const ENDPOINT_SETTINGS = {
  isLinkSIM: 'true',
  isDefaultActivation: 'false',
  roamingProfileId: '3017',
  apnGroupId: 'PDP_1785',
  planId: 'DEFAULTPRE41274807',
}

export function endpointBody(name: string, iccid: string, more: Body = {}): Body {
  return { Request: { requestParam: { ...ENDPOINT_SETTINGS, name, iccid, ...more } } }
}

export function bulkBody(endPointList: readonly object[]): Body {
  return { Request: { requestParam: { ...ENDPOINT_SETTINGS, endPointList } } }
}

export function subscribeBody(endPointId: string, planId: string): Body {
  return { Request: { requestParam: { endPointId, planId } } }
}

export function lifecycleBody(endPointId: string, lifeCycle: string): Body {
  return { Request: { endPointId, requestParam: { lifeCycle, reason: '1' } } }
}

/** Networks of a country in the simulator's world, as CreateRateZone wants them. */
export function networksOf(simulator: Simulator, country: string) {
  return [...simulator.world.networks.values()]
    .filter(network => network.countryName === country)
    .map(({ operatorId, sponsorId }) => ({ operatorId, sponsorId }))
}

export function iccidAt(simulator: Simulator, position: number): string {
  const sim = simulator.world.stock.list[position]
  if (sim === undefined) throw new Error(`no SIM at ${position}`)
  return sim.iccid
}

/** A zone of Belgium, a plan on it, an endpoint on the first SIM: their IDs. */
export async function furnish(client: RawClient, plan: Body = {}) {
  const { simulator } = client
  const zone = await client.post(
    '/api/CreateRateZone',
    zoneBody('Belgium', networksOf(simulator, 'Belgium')),
  )
  const zoneId = String(at(zone, 'Response.responseParam.rateZoneList.0.id'))
  const created = await client.post('/api/CreatePlan', planBody('BE 1 GB', zoneId, plan))
  const planId = String(at(created, 'Response.planId'))
  const iccid = iccidAt(simulator, 0)
  const endpoint = await client.post('/api/CreateEndPoint', endpointBody('first', iccid))
  return { zoneId, planId, iccid, endPointId: String(at(endpoint, 'Response.endPointId')) }
}
