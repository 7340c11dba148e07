import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createAuth } from './auth.ts'
import { type LoggedCall, logCall, redact } from './call-log.ts'
import {
  answerControl,
  checkOperation,
  playTraffic,
  type SimulatedTraffic,
  type TrafficRequest,
} from './control.ts'
import { createFaultQueue, type Fault } from './faults.ts'
import { answer, bearer, fail, parseBody, readBody, send } from './http.ts'
import { answerInProcess, type Handled, type Received } from './in-process.ts'
import { play, type Running, routeOf } from './pipeline.ts'
import type { SimulatedWire, SimulatorClock, SimulatorSettings } from './settings.ts'
import { loadWorld, saveWorld } from './store.ts'
import type { World } from './world.ts'

/** How a simulator starts. Everything has a default. */
export interface SimulatorOptions {
  /** Port to listen on; 0, the default, takes any that is free. */
  readonly port?: number
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string
  /** Calls that the account may make in a second, logins included. Default 2; Infinity: no limit. */
  readonly callsPerSecond?: number
  /** Milliseconds that every call takes; it is executed after half of them. Default 0. */
  readonly latencyMs?: number
  /** Milliseconds by name of operation, instead of `latencyMs`. */
  readonly latencyOf?: Partial<Record<string, number>>
  /** Default `simulator`. */
  readonly username?: string
  /** Default `simulator`. */
  readonly password?: string
  /** Life of an access token. Default 600. */
  readonly accessTokenSeconds?: number
  /** SIMs in stock besides `iccids`. Default 2000. */
  readonly sims?: number
  /** SIMs to have in stock first, in this order. */
  readonly iccids?: readonly string[]
  /** Part of the ICCIDs that are made up. The same options give the same world. Default 1. */
  readonly seed?: number
  /** Whether CreateBulkEndPoint works, is unknown (HTTP 404), or does nothing. Default `works`. */
  readonly bulk?: 'works' | 'unknown' | 'wrong'
  /** Default `adds`. */
  readonly modifyRateZone?: 'adds' | 'replaces'
  /** A reseller must give `targetAccountId` for endpoint calls (SIMULATED_ACCOUNT.childAccountId). */
  readonly accountType?: 'enterprise' | 'reseller'
  /** File that the world is loaded from, where it exists, and saved to on closing (mode 0600). */
  readonly save?: string
  readonly wire?: SimulatedWire
  /** Time and delay, for tests. Tokens and the world go by it. */
  readonly clock?: SimulatorClock
}

/** A running simulator. */
export interface Simulator extends AsyncDisposable {
  /** `http://host:port`, without a path. */
  readonly url: string
  readonly port: number
  /** The living world. Read it freely; SIMs must not be changed by hand. */
  readonly world: World
  /** Calls in order of arrival, control API left out. */
  readonly calls: readonly LoggedCall[]
  /** Plays a fault on coming calls. Throws for an operation that does not exist. */
  fault(fault: Fault): void
  clearFaults(): void
  /**
   * A traveller uses data: add-ons start and are used up, as by `POST traffic` of the control API. What no add-on covers is
   * `blockedBytes`. Throws where there can be no traffic: no such endpoint, one that is not Active, a network that the
   * account does not have.
   *
   * @example
   * const { usedBytes } = simulator.traffic({ iccid: sale.iccid, megabytes: 120, country: 'CHE' })
   */
  traffic(request: TrafficRequest): SimulatedTraffic
  /**
   * Answers as over HTTP, without a socket: for clients in this process, and for tests in which time must
   * not pass by itself. Knows the platform's calls, not the control API.
   */
  fetch(url: string, init: RequestInit): Promise<Response>
  /** Executes what is still late, saves the world where it has a file, and frees the port. */
  close(): Promise<void>
}

/**
 * Starts a local SFT over HTTP with the behaviours of contract section 9, and a control API below
 * `/_simulator/`. Throws when the port is taken, or when the file to load is not a world.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const running = createRunning(options)
  const active = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const handled = handle(running, request, response).catch(error => fail(response, error))
    active.add(handled)
    handled.finally(() => active.delete(handled)).catch(error => fail(response, error))
  })
  server.keepAliveTimeout = 60_000
  server.requestTimeout = 0
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const port = portOf(server.address())
  let closed: Promise<void> | undefined
  const close = async () => {
    running.closing = true
    for (const resume of running.pauses) resume()
    await Promise.all(active)
    const ended = new Promise<void>((resolve, reject) => {
      server.close(error => (error === undefined ? resolve() : reject(error)))
    })
    server.closeAllConnections()
    await ended
    running.save?.()
  }
  const closeOnce = () => {
    closed ??= close()
    return closed
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    world: running.world,
    calls: running.calls,
    fault(fault) {
      checkOperation(fault.operation)
      running.faults.add(fault)
    },
    clearFaults: () => running.faults.clear(),
    traffic: request => playTraffic(running, { ...request }),
    fetch: (url, init) =>
      answerInProcess(url, init, call => receive(running, call, arrivalIn(running))),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  }
}

const SYSTEM_CLOCK: SimulatorClock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  },
}

function createRunning(options: SimulatorOptions): Running {
  const seed = {
    seed: options.seed ?? 1,
    sims: options.sims ?? 2000,
    iccids: options.iccids ?? [],
  }
  const world = loadWorld(options.save, seed)
  const settings: SimulatorSettings = {
    callsPerSecond: options.callsPerSecond ?? 2,
    latencyMs: options.latencyMs ?? 0,
    latencyOf: options.latencyOf ?? {},
    bulk: options.bulk ?? 'works',
    modifyRateZone: options.modifyRateZone ?? 'adds',
    wire: options.wire ?? {},
  }
  const auth = createAuth({
    username: options.username ?? 'simulator',
    password: options.password ?? 'simulator',
    accessTokenSeconds: options.accessTokenSeconds ?? 600,
    accountType: options.accountType ?? 'enterprise',
  })
  const { save, clock = SYSTEM_CLOCK } = options
  return {
    world,
    settings,
    calls: [],
    faults: createFaultQueue(),
    auth,
    clock,
    // The limiter must not follow a clock that is set: its window is real.
    elapsedMs: options.clock === undefined ? () => performance.now() : clock.now,
    now: () => clock.now() + world.clockOffsetMs,
    save: save === undefined ? undefined : () => saveWorld(world, save),
    limiters: new Map(),
    pauses: new Set(),
    closing: false,
  }
}

async function handle(
  running: Running,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrival = arrivalIn(running)
  const url = new URL(request.url ?? '/', 'http://simulator')
  const raw = await readBody(request)
  if (raw === undefined) return
  const body = parseBody(raw)
  if (url.pathname.startsWith('/_simulator/')) {
    send(response, answerControl(running, request, url, body))
    return
  }
  const header = request.headers['x-authorization']
  const authorisation = typeof header === 'string' ? header : undefined
  const received = { method: request.method ?? 'GET', url, authorisation, body }
  const { entry, played } = await receive(running, received, arrival)
  answer(request, response, entry, played)
}

/** When a call arrived, which is before its body was read. */
interface Arrival {
  readonly at: number
  readonly elapsedMs: number
}

const arrivalIn = ({ clock, elapsedMs }: Running): Arrival => ({
  at: clock.now(),
  elapsedMs: elapsedMs(),
})

/** Takes in one call: logs it and plays what becomes of it. */
async function receive(
  running: Running,
  { method, url, authorisation, body }: Received,
  arrival: Arrival,
): Promise<Handled> {
  const route = routeOf(method, url.pathname)
  const redacted = redact(body)
  const entry: LoggedCall = {
    at: arrival.at,
    operation: route?.name ?? 'unknown',
    method,
    path: url.pathname,
    ...(url.search === '' ? {} : { query: url.search.slice(1) }),
    ...(redacted === undefined ? {} : { body: redacted }),
    status: 0,
    outcome: 'pending',
    executed: false,
    durationMs: 0,
  }
  logCall(running.calls, entry)
  const played = await play(running, route, entry, {
    token: bearer(authorisation),
    body,
    query: url.searchParams,
    arrived: arrival.elapsedMs,
  })
  entry.durationMs = Math.round(running.elapsedMs() - arrival.elapsedMs)
  return { entry, played }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
