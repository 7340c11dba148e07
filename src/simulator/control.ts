import type { IncomingMessage } from 'node:http'
import type { Json, JsonObject } from '../model.ts'
import { liveInstances, settleAddons, type Traffic, useData, useMessages } from './addons.ts'
import type { Auth } from './auth.ts'
import type { LoggedCall } from './call-log.ts'
import { endpointOf } from './endpoints.ts'
import { FAULT_KINDS, type Fault, type FaultQueue } from './faults.ts'
import { isObject, oneOf, optionalText, section, text, texts, wholeNumber } from './fields.ts'
import { addNetwork, pickNetworks, removeNetworks } from './networks.ts'
import { OPERATIONS } from './operations.ts'
import { editByHand } from './portal.ts'
import { CODES, Rejection } from './rejection.ts'
import { type SimulatorSettings, WIRE_KEYS } from './settings.ts'
import { addSims } from './sims.ts'
import { json, type Reply } from './wire.ts'
import { networkKey, type SimulatedEndpoint, type SimulatedNetwork, type World } from './world.ts'

/** What the control API works on. */
export interface Controlled {
  readonly world: World
  readonly settings: SimulatorSettings
  readonly calls: LoggedCall[]
  readonly faults: FaultQueue
  readonly auth: Auth
  /** Time of the world, in ms. */
  readonly now: () => number
  /** Undefined where the simulator was given no file. */
  readonly save: (() => void) | undefined
}

/** Data that a traveller uses, and where. */
export type TrafficRequest = (
  | { readonly iccid: string; readonly endPointId?: never }
  | { readonly endPointId: string; readonly iccid?: never }
) & {
  readonly megabytes: number
  /** The network by its TADIG code, or one of a country by its name or three letters; else one that an add-on covers. */
  readonly networkTadig?: string
  readonly country?: string
}

/** What became of it: in which network, and of which add-on instances. */
export interface SimulatedTraffic extends Traffic {
  /** TADIG code. */
  readonly network: string
}

type Control = (given: JsonObject, query: URLSearchParams, on: Controlled) => Json

const PARTS: Readonly<Record<string, (world: World) => Json>> = {
  networks: world => toJson([...world.networks.values()]),
  zones: world => toJson([...world.zones.values()]),
  plans: world => toJson([...world.plans.values()]),
  endpoints: world => toJson([...world.endpoints.values()]),
  instances: world => toJson([...world.endpoints.values()].flatMap(one => one.instances)),
  sims: world => toJson(world.stock.list),
  executions: world => Object.fromEntries(world.executions),
}

/** Traffic of a traveller, of whatever form the request is; throws a Rejection that says why there can be none. */
export function playTraffic(
  { world, now }: Pick<Controlled, 'world' | 'now'>,
  given: JsonObject,
): SimulatedTraffic {
  const endpoint = pickEndpoint(world, given)
  const megabytes = Number(text(given, 'megabytes'))
  if (!(megabytes > 0)) throw new Rejection(CODES.badRequest, 'megabytes must be above 0')
  if (endpoint.status !== 'Active') {
    throw new Rejection(
      CODES.wrongState,
      `endpoint ${endpoint.endPointId} is ${endpoint.status}: only an Active one has traffic`,
    )
  }
  const network = pickTrafficNetwork(world, endpoint, given)
  const bytes = Math.round(megabytes * 1024 * 1024)
  return { network: network.tadig, ...useData(world, endpoint, network, bytes, now()) }
}

/** The control API, by method and path below `/_simulator/`; index.ts tells what each does. */
const CONTROLS: Readonly<Record<string, Control>> = {
  'GET world': (_given, query, { world }) => {
    const part = query.get('part')
    if (part === null) {
      return Object.fromEntries(Object.entries(PARTS).map(([name, get]) => [name, get(world)]))
    }
    const get = PARTS[part]
    if (get !== undefined) return get(world)
    throw new Rejection(
      CODES.badRequest,
      `no part ${part}: choose one of ${Object.keys(PARTS).join(', ')}`,
    )
  },
  'GET calls': (_given, query, { calls }) => {
    const operation = query.get('operation')
    return toJson(calls.filter(call => operation === null || call.operation === operation))
  },
  'DELETE calls': (_given, _query, { calls }) => ({ deleted: calls.splice(0).length }),
  'DELETE faults': (_given, _query, { faults }) => {
    faults.clear()
    return {}
  },
  'POST networks/leave': (given, _query, { world }) => {
    const networks = pickNetworks(world, {
      ...pickText(given, 'tadig'),
      ...pickText(given, 'operatorId'),
      ...pickText(given, 'sponsorId'),
    })
    if (networks.length === 0) {
      throw new Rejection(
        CODES.notFound,
        'no such network in coverage: give tadig, or operatorId and sponsorId',
      )
    }
    removeNetworks(world, networks)
    return { left: toJson(networks) }
  },
  'POST networks/join': (given, _query, { world }) => {
    const network = addNetwork(world, {
      tadig: text(given, 'tadig'),
      countryName: text(given, 'countryName'),
      operatorName: text(given, 'operatorName'),
      ...pickText(given, 'sponsorId'),
    })
    return { joined: toJson(network) }
  },
  'POST traffic': (given, _query, on) => toJson(playTraffic(on, given)),
  'POST messages': (given, _query, { world, now }) => {
    const endpoint = pickEndpoint(world, given)
    const messages = Number(wholeNumber(given, 'count', 1))
    const network = pickTrafficNetwork(world, endpoint, given)
    return { network: network.tadig, ...useMessages(world, endpoint, network, messages, now()) }
  },
  'POST time': (given, _query, { world, now }) => {
    const seconds = Number(wholeNumber(given, 'advanceSeconds', 0))
    world.clockOffsetMs += seconds * 1000
    for (const endpoint of world.endpoints.values()) settleAddons(world, endpoint, now())
    return { now: new Date(now()).toISOString() }
  },
  'POST portal': (given, _query, { world, settings }) =>
    editByHand(world, given, settings.wire.planTerms),
  'POST sims': (given, _query, { world }) => {
    const iccids = texts(given, 'iccids')
    if (iccids.length === 0) throw new Rejection(CODES.badRequest, 'iccids must be a list')
    return { added: addSims(world.stock, iccids) }
  },
  'GET settings': (_given, _query, { settings }) => toJson(settings),
  'POST settings': (given, _query, { settings }) => {
    changeSettings(settings, given)
    return toJson(settings)
  },
  'POST expire-tokens': (_given, _query, { auth }) => {
    auth.expireAll()
    return {}
  },
  'POST unlock': (_given, _query, { auth }) => {
    auth.unlock()
    return {}
  },
  'POST save': (_given, _query, { save }) => {
    if (save === undefined) {
      throw new Rejection(CODES.badRequest, 'no file to save to: start the simulator with one')
    }
    save()
    return {}
  },
}

/** `POST faults`, whose body may be a list. */
function readFaults(body: Json | undefined): Fault[] {
  const list = Array.isArray(body) ? body : [body]
  return list.map((given: Json | undefined) => {
    if (!isObject(given)) throw new Rejection(CODES.badRequest, 'a fault must be an object')
    const operation = text(given, 'operation')
    checkOperation(operation)
    return {
      operation,
      kind: oneOf(given, 'kind', FAULT_KINDS),
      ...pickNumber(given, 'count', 1),
      ...pickNumber(given, 'skip', 0),
      ...pickNumber(given, 'delayMs', 0),
      ...pickNumber(given, 'status', 100),
      ...pickText(given, 'field'),
    }
  })
}

/** Throws for a name that no call has, which a fault would wait for in vain. */
export function checkOperation(operation: string): void {
  const names = ['*', 'writes', 'Login', 'RefreshToken', ...OPERATIONS.map(({ name }) => name)]
  if (names.includes(operation)) return
  throw new Rejection(
    CODES.badRequest,
    `no operation ${operation}: choose one of ${names.join(', ')}`,
  )
}

/** Answers a call of the control API; mistakes with HTTP 400, who is not on this machine with 403. */
export function answerControl(
  on: Controlled,
  request: IncomingMessage,
  url: URL,
  body: Json | undefined,
): Reply {
  const { remoteAddress = '' } = request.socket
  if (!/^(::1|(::ffff:)?127\.)/.test(remoteAddress)) {
    return { ...json({ error: 'the control API answers on loopback only' }, {}), status: 403 }
  }
  const key = `${request.method} ${url.pathname.slice('/_simulator/'.length)}`
  try {
    if (key === 'POST faults') {
      const faults = readFaults(body)
      for (const fault of faults) on.faults.add(fault)
      return json({ added: faults.length }, {})
    }
    const run = CONTROLS[key]
    if (run === undefined) {
      const known = ['POST faults', ...Object.keys(CONTROLS)].join(', ')
      return { ...json({ error: `no ${key}; there are: ${known}` }, {}), status: 404 }
    }
    const result = run(isObject(body) ? body : {}, url.searchParams, on)
    return { status: 200, type: 'application/json', body: JSON.stringify(result) }
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    return { ...json({ error: error.message }, {}), status: 400 }
  }
}

function pickEndpoint(world: World, given: JsonObject): SimulatedEndpoint {
  const iccid = optionalText(given, 'iccid')
  if (iccid === undefined) return endpointOf(world, text(given, 'endPointId'))
  const endPointId = world.sims.get(iccid)?.endPointId
  if (endPointId === undefined) {
    throw new Rejection(CODES.notFound, `no endpoint has SIM ${iccid}`)
  }
  return endpointOf(world, endPointId)
}

/** The network given, else one of the country, else one of the oldest add-on's zone. */
function pickTrafficNetwork(
  world: World,
  endpoint: SimulatedEndpoint,
  given: JsonObject,
): SimulatedNetwork {
  const tadig = optionalText(given, 'networkTadig')
  const country = optionalText(given, 'country')?.toLowerCase()
  const zones = liveInstances(endpoint).map(one => world.zones.get(one.rateZoneId))
  const covered = zones.flatMap(
    zone => zone?.networks.flatMap(one => world.networks.get(networkKey(one)) ?? []) ?? [],
  )
  // Covered ones first: a country may have networks that the zone leaves out.
  const found = [...covered, ...world.networks.values()].find(
    network =>
      (tadig === undefined || network.tadig === tadig) &&
      (country === undefined ||
        network.countryName.toLowerCase() === country ||
        network.tadig.slice(0, 3).toLowerCase() === country),
  )
  if (found !== undefined) return found
  throw new Rejection(
    CODES.notFound,
    `no network ${tadig ?? country ?? ''} in coverage: give networkTadig, or country by its name or three letters`,
  )
}

function changeSettings(settings: SimulatorSettings, given: JsonObject): void {
  refuseUnknown(given, Object.keys(settings))
  if (given['callsPerSecond'] !== undefined) {
    const rate = given['callsPerSecond']
    settings.callsPerSecond =
      rate === null ? Number.POSITIVE_INFINITY : amount(given, 'callsPerSecond')
  }
  if (given['latencyMs'] !== undefined) settings.latencyMs = amount(given, 'latencyMs')
  if (given['latencyOf'] !== undefined) {
    const latencyOf = section(given, 'latencyOf')
    const entries = Object.keys(latencyOf).map(name => [name, amount(latencyOf, name)] as const)
    settings.latencyOf = Object.fromEntries(entries)
  }
  if (given['bulk'] !== undefined) {
    settings.bulk = oneOf(given, 'bulk', ['works', 'unknown', 'wrong'])
  }
  if (given['modifyRateZone'] !== undefined) {
    settings.modifyRateZone = oneOf(given, 'modifyRateZone', ['adds', 'replaces'])
  }
  if (given['wire'] !== undefined) {
    const wire = section(given, 'wire')
    refuseUnknown(wire, WIRE_KEYS)
    settings.wire = { ...settings.wire, ...wire }
  }
}

function refuseUnknown(given: JsonObject, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      throw new Rejection(CODES.badRequest, `no setting ${key}: choose of ${known.join(', ')}`)
    }
  }
}

function amount(given: JsonObject, key: string): number {
  const value = Number(text(given, key))
  if (Number.isFinite(value) && value >= 0) return value
  throw new Rejection(CODES.badRequest, `${key} must be a number that is not negative`)
}

function pickText<K extends string>(given: JsonObject, key: K): { [P in K]?: string } {
  const value = optionalText(given, key)
  const picked: { [P in K]?: string } = {}
  if (value !== undefined) picked[key] = value
  return picked
}

function pickNumber<K extends string>(
  given: JsonObject,
  key: K,
  least: number,
): { [P in K]?: number } {
  const picked: { [P in K]?: number } = {}
  if (given[key] !== undefined) picked[key] = Number(wholeNumber(given, key, least))
  return picked
}

function toJson(value: object): Json {
  return JSON.parse(JSON.stringify(value))
}
