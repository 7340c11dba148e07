import type { Json } from '../model.ts'
import type { Session, Tokens } from './auth.ts'
import type { LoggedCall } from './call-log.ts'
import type { Controlled } from './control.ts'
import { nameFields, understand, understandQuery } from './dialect.ts'
import { isObject, optionalText } from './fields.ts'
import { createLimiter, type Limiter } from './limiter.ts'
import { pageOfList } from './list-pages.ts'
import { oddReply, underOuterOne } from './odd-answers.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { type Execution, type Played, playFault } from './play-fault.ts'
import { CODES, Rejection } from './rejection.ts'
import type { SimulatedWire, SimulatorClock, SimulatorSettings } from './settings.ts'
import {
  failureReply,
  htmlReply,
  json,
  type Reply,
  successReply,
  throttledReply,
  unauthorisedReply,
} from './wire.ts'

/** What a running simulator has. */
export interface Running extends Controlled {
  readonly limiters: Map<string, Limiter>
  readonly pauses: Set<() => void>
  /** Tokens, delays and late executions go by it. */
  readonly clock: SimulatorClock
  /** Time since whenever, in ms, that nobody sets. */
  readonly elapsedMs: () => number
  closing: boolean
}

const ROUTES = new Map(
  OPERATIONS.map(operation => [`${operation.method} ${operation.path}`, operation]),
)

/** The operation that a method and a path mean. */
export interface Route {
  readonly name: string
  readonly write: boolean
}

/** Undefined where the platform has no such call. */
export function routeOf(method: string, path: string): Route | undefined {
  const key = `${method} ${path}`
  if (key === 'POST /api/login') return { name: 'Login', write: false }
  if (key === 'GET /api/RefreshToken') return { name: 'RefreshToken', write: false }
  return ROUTES.get(key)
}

/** The parts of a request that matter to the platform. */
export interface Incoming {
  readonly token: string | undefined
  readonly body: Json | undefined
  readonly query: URLSearchParams
  readonly arrived: number
}

/** Takes a call through limiter, authorisation, fault, latency and execution, and notes the outcome. */
export async function play(
  running: Running,
  route: Route | undefined,
  entry: LoggedCall,
  incoming: Incoming,
): Promise<Played> {
  const { settings } = running
  const username = usernameOf(incoming)
  const limiter = running.limiters.get(username) ?? createLimiter(() => settings.callsPerSecond)
  running.limiters.set(username, limiter)
  if (!limiter.admit(incoming.arrived)) {
    entry.outcome = 'throttled'
    const reply = throttledReply(settings.wire.throttle ?? '429', running.now(), settings.wire)
    return { kind: 'reply', reply }
  }
  if (route === undefined || isUnknown(route.name, settings)) {
    entry.outcome = 'unknown-operation'
    return { kind: 'reply', reply: htmlReply(404, 'Not Found') }
  }
  // Authorised on arrival: what is executed late needs no token that is still good by then.
  const session = running.auth.session(incoming.token, running.clock.now())
  const operation = OPERATIONS.find(one => one.name === route.name)
  if (operation !== undefined && (session === undefined || !mayCall(session, operation))) {
    entry.outcome = 'unauthorised'
    const why = session === undefined ? 'Authorization Failed' : 'Authorisation Failure'
    const reply = unauthorisedReply(settings.wire.authFailure ?? 'inner', why, running.now())
    return { kind: 'reply', reply }
  }
  const odd = settings.wire.oddAnswers?.[route.name]
  if (odd !== undefined) {
    entry.outcome = `odd:${odd}`
    return { kind: 'reply', reply: oddReply(odd, running.now(), settings.wire) }
  }
  const fault = running.faults.take(route.name, route.write)
  const latency = settings.latencyOf[route.name] ?? settings.latencyMs
  await pause(running, latency / 2)
  const execution = executionOf(running, operation ?? route, entry, incoming)
  const played: Played =
    fault === undefined
      ? { kind: 'reply', reply: execution(settings.wire).reply }
      : playFault(fault, execution, {
          now: running.now(),
          wire: settings.wire,
          operation: route.name,
          later: (delayMs, run) => later(running, delayMs, run),
          expireTokens: () => running.auth.expireAll(),
        })
  if (fault !== undefined) entry.outcome = `fault:${fault.kind}`
  await pause(running, latency / 2)
  return played
}

/** Throttling is by account, so a token must tell its account even when it has expired. */
function usernameOf({ token, body }: Incoming): string {
  if (token === undefined) return (isObject(body) && optionalText(body, 'username')) || ''
  try {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return String(payload?.sub ?? '')
  } catch (error) {
    // A token that is no JWT belongs to nobody; anything else is a mistake of ours.
    if (error instanceof SyntaxError) return ''
    throw error
  }
}

function isUnknown(name: string, { bulk, wire }: SimulatorSettings): boolean {
  return (
    (name === 'CreateBulkEndPoint' && bulk === 'unknown') ||
    (name === 'GetCustomerProfile' && wire.customerProfile === 'unknown') ||
    (name === 'fetchNetworkList' && wire.networkList === 'unknown') ||
    (name === 'GetEndpointAddonDetails' && wire.addonDetails === 'unknown')
  )
}

function mayCall(session: Session, operation: Operation): boolean {
  return session.enterprise || !operation.enterpriseOnly
}

/** The call's effect, for whoever decides when and whether it happens. */
function executionOf(
  running: Running,
  operation: Operation | Route,
  entry: LoggedCall,
  incoming: Incoming,
): Execution {
  return wire => {
    try {
      const done =
        'run' in operation
          ? execute(running, operation, incoming, wire)
          : { reply: issueTokens(running, operation.name, incoming) }
      entry.executed = true
      if (entry.outcome === 'pending') entry.outcome = 'ok'
      const { executions } = running.world
      executions.set(operation.name, (executions.get(operation.name) ?? 0) + 1)
      return done
    } catch (error) {
      if (!(error instanceof Rejection)) throw error
      return { reply: rejectionReply(error, entry, wire, running.now()) }
    }
  }
}

function rejectionReply(
  { code, message }: Rejection,
  entry: LoggedCall,
  wire: SimulatedWire,
  now: number,
): Reply {
  const unauthorised = code === CODES.unauthorised
  if (entry.outcome === 'pending')
    entry.outcome = unauthorised ? 'unauthorised' : `rejected:${code}`
  return unauthorised
    ? unauthorisedReply(wire.authFailure ?? 'inner', message, now)
    : failureReply(code, message, now, wire)
}

function execute(
  { settings, world, now: clock }: Running,
  operation: Operation,
  { body, query }: Incoming,
  wire: SimulatedWire,
): ReturnType<Execution> {
  if (operation.write && body === undefined) {
    throw new Rejection(CODES.badRequest, 'the request body is not JSON')
  }
  const now = clock()
  const answered = operation.run({
    world,
    settings,
    now,
    query: understandQuery(operation.name, query, settings.wire),
    body: understand(operation.name, body, settings.wire),
  })
  const paged = pageOfList(operation.name, answered, query, settings.wire)
  const reply = successReply(nameFields(operation.name, paged, settings.wire), now, wire)
  const isDoneCode = operation.write && answered.code !== CODES.done
  const isTurned = isDoneCode && wire.doneOuterCode === '1'
  return { reply: isTurned ? underOuterOne(reply) : reply, answer: answered }
}

/** Tokens live by the clock that clients compare `exp` with, not by the world's. */
function issueTokens(
  { auth, settings, clock }: Running,
  name: string,
  { token, body }: Incoming,
): Reply {
  const { opaqueTokens: opaque = false, tokenNames } = settings.wire
  const named = ({ AccessToken, RefreshToken }: Tokens): Reply =>
    tokenNames === 'accessToken'
      ? json({ accessToken: AccessToken, refreshToken: RefreshToken }, {})
      : json({ AccessToken, RefreshToken }, {})
  if (name === 'Login') return named(auth.login(body, clock.now(), opaque))
  const tokens = auth.refresh(token, clock.now(), opaque)
  if (tokens === undefined) throw new Rejection(CODES.unauthorised, 'Authorization Failed')
  return named(tokens)
}

/** Waits; closing the simulator ends every wait at once. */
function pause(running: Running, ms: number): Promise<void> {
  if (ms <= 0 || running.closing) return Promise.resolve()
  return new Promise(resolve => later(running, ms, resolve))
}

/** Runs something later, at the latest when the simulator closes. */
function later(running: Running, ms: number, run: () => void): void {
  const over = new AbortController()
  const runOnce = () => {
    over.abort()
    if (running.pauses.delete(runOnce)) run()
  }
  running.pauses.add(runOnce)
  // Rejects only where it is over already.
  running.clock.sleep(ms, over.signal).then(runOnce, () => undefined)
}
