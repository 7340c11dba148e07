import { type Clock, SYSTEM_CLOCK } from '../clock.ts'
import type { Fetch } from '../fetch.ts'
import { openTelemetry } from '../telemetry/opentelemetry.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { createAccountReads } from './account-reads.ts'
import type { OperationName, Sft } from './api.ts'
import { type CallBudget, createCallBudget } from './budget.ts'
import type { CallTrace } from './call-trace.ts'
import { createCalls } from './calls.ts'
import { createCatalogWrites } from './catalog-writes.ts'
import { createEndpointReads } from './endpoint-reads.ts'
import { createEndpointWrites } from './endpoint-writes.ts'
import { fileSlots } from './file-slots.ts'
import { memorySlots } from './memory-slots.ts'
import { OPERATIONS } from './operations.ts'
import { createProbe } from './probe.ts'
import { type ProxyEnvironment, proxyFor } from './proxy.ts'
import { createRedact } from './redact.ts'
import { createSession, type Session } from './session.ts'
import type { SlotSource } from './slots.ts'
import { createTransport, type DeliveryEvent } from './transport.ts'
import { createWire } from './wire.ts'
import { checkWireSettings, mergeWire, type WireOverrides, wireFormOf } from './wire-settings.ts'

/** How to reach an account. */
export interface SftOptions {
  /** `https://host[:port]`; `/api/…` is added. Plain http is refused unless the host is this machine. */
  readonly baseUrl: string
  readonly username: string
  readonly password: string
  /** A reseller's child account to act in (contract 1.3). */
  readonly targetAccountId?: string
  /** Calls per second of the account (contract 1.10). Default 2; Infinity switches the budget off. */
  readonly callsPerSecond?: number
  /**
   * Where call times come from, shared with all who use the account: `sharedSlots(address)`, or a source of your
   * own. It is closed with the client. Default: this client alone.
   */
  readonly slots?: SlotSource
  /** File by which processes of this machine share the account's rate, in place of `slots`. */
  readonly budgetFile?: string
  /** Seconds to settle every write, in place of the documented timeouts (contract 1.9). */
  readonly settleSeconds?: number
  /** Seconds to wait for every answer, in place of a little more than the documented timeouts. */
  readonly timeoutSeconds?: number
  /** ASSUMED (contract 4.7): creation in bulk. Defaults: auto, /api/CreateBulkEndPoint, 100. */
  readonly bulk?: {
    readonly mode?: 'on' | 'off' | 'auto'
    readonly path?: string
    readonly size?: number
  }
  /** Paths in place of assumed ones (see WIRE_ASSUMPTIONS). */
  readonly paths?: Partial<Readonly<Record<OperationName, string>>>
  /** Values, units and forms in place of assumed ones, by the ID of the assumption. */
  readonly wire?: WireOverrides
  /** A call throttled for longer is an `SftThrottledError`. Default 120. */
  readonly throttlePatienceSeconds?: number
  /** Waits before a failed read or connection is tried again. Default 1, 2, 4 s. */
  readonly retryDelaysSeconds?: readonly number[]
  /** Time and sleep, for tests. */
  readonly clock?: Clock
  /** What sends requests in place of Node's `fetch`, for tests: `simulator.fetch` needs no socket. */
  readonly fetch?: Fetch
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are looked up. Default: `process.env`. */
  readonly env?: ProxyEnvironment
  /** Told of every call, without secrets. */
  readonly onCall?: (call: CallTrace) => void
  /** Told what happens to calls on their way, for whoever shows what is waited for. */
  readonly onDelivery?: (event: DeliveryEvent) => void
}

/**
 * Opens an account. Nothing is sent before the first call, which logs in. Throws a `TypeError` or
 * `RangeError` where an option cannot be used.
 */
export function openSft(options: SftOptions): Sft {
  const url = readBaseUrl(options.baseUrl)
  for (const field of ['username', 'password'] as const)
    if (options[field] === '')
      throw new TypeError(`${field} is empty; set it (SFT_${field.toUpperCase()})`)
  const callsPerSecond = options.callsPerSecond ?? 2
  if (!(callsPerSecond > 0))
    throw new RangeError(`callsPerSecond is ${callsPerSecond}; it must be more than 0`)
  const bulkSize = options.bulk?.size ?? 100
  if (!Number.isInteger(bulkSize) || bulkSize < 1)
    throw new RangeError(`bulk.size is ${bulkSize}; it must be a whole number from 1`)
  const clock = options.clock ?? SYSTEM_CLOCK
  const budget = createCallBudget({ callsPerSecond, slots: slotsOf(options, clock), clock })
  const telemetry = openTelemetry()
  const levels = watchBudget(telemetry, budget, url.host)
  const bulkPath = options.bulk?.path
  const proxy = options.fetch === undefined ? proxyFor(url, options.env ?? process.env) : undefined
  const form = wireFormOf(checkWireSettings(options.wire ?? {}))
  const wire = createWire({
    baseUrl: url.href.replace(/\/$/, ''),
    paths: { ...options.paths, ...(bulkPath !== undefined && { CreateBulkEndPoint: bulkPath }) },
    timeoutSeconds: options.timeoutSeconds,
    clock,
    fetch: options.fetch ?? proxy?.fetch,
    proxy: proxy?.told,
    onCall: options.onCall,
    telemetry,
    form,
  })
  const transport = createTransport({
    wire,
    budget,
    clock,
    retryDelaysSeconds: options.retryDelaysSeconds ?? [1, 2, 4],
    throttlePatienceSeconds: options.throttlePatienceSeconds ?? 120,
    onDelivery: options.onDelivery,
  })
  // The session's tokens are secrets that the session's own errors must not show either.
  const redact = createRedact(() => session.secrets())
  const credentials = {
    username: options.username,
    password: options.password,
    targetAccountId: options.targetAccountId,
  }
  const session: Session = createSession(transport, credentials, clock, redact, form.tokenLifeMs)
  const { read, write } = createCalls(transport, session, redact, clock)
  const spoken = (settings: WireOverrides) => {
    const form = wireFormOf(checkWireSettings(settings))
    return {
      read: {
        ...createAccountReads({ read, clock }, form),
        ...createEndpointReads({ read, clock }, form),
      },
      write: {
        ...createCatalogWrites(write, form),
        ...createEndpointWrites(write, bulkSize, redact, form),
      },
      form,
    }
  }
  const given = options.wire ?? {}
  const sft: Sft = {
    ...spoken(given),
    withWire: settings =>
      Object.keys(settings).length === 0 ? sft : { ...sft, ...spoken(mergeWire(given, settings)) },
    probe: createProbe(read, session),
    host: url.host,
    targetAccountId: options.targetAccountId,
    bulkSize,
    bulkMode: options.bulk?.mode ?? 'auto',
    settleSeconds: operation => options.settleSeconds ?? OPERATIONS[operation].timeoutSeconds,
    budget,
    async [Symbol.asyncDispose]() {
      levels[Symbol.dispose]()
      await budget.close()
    },
  }
  return sft
}

/** Shows the rate of the account, and who waits for it, to whoever reads the metrics. */
function watchBudget(telemetry: Telemetry, budget: CallBudget, host: string): Disposable {
  const by = { 'server.address': host }
  return telemetry.levels(
    ['sft.budget.limit', 'sft.budget.rate', 'sft.budget.waiting'],
    async () => ({
      ...(Number.isFinite(budget.callsPerSecond) && {
        'sft.budget.limit': [{ value: budget.callsPerSecond, by }],
        'sft.budget.rate': [{ value: budget.currentRate(), by }],
      }),
      'sft.budget.waiting': Object.entries(budget.waiting()).map(([lane, value]) => ({
        value,
        by: { ...by, 'sft.lane': lane },
      })),
    }),
  )
}

function slotsOf({ slots, budgetFile }: SftOptions, clock: Clock): SlotSource {
  if (slots !== undefined && budgetFile !== undefined)
    throw new TypeError('slots and budgetFile are both given; keep one of them')
  if (budgetFile === undefined) return slots ?? memorySlots(clock)
  return fileSlots(async () => budgetFile, clock)
}

function readBaseUrl(text: string): URL {
  const advice = 'give it as https://host, without /api'
  if (!URL.canParse(text)) throw new TypeError(`the base URL is not a URL; ${advice}`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`the base URL holds a user name or password; ${advice}`)
  if (url.search !== '' || url.hash !== '' || /\/api\/?$/.test(url.pathname))
    throw new TypeError(`the base URL ${url.origin}${url.pathname} has parts too many; ${advice}`)
  const { hostname, protocol } = url
  const isLoopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback))
    throw new TypeError(
      `the base URL ${url.origin} is not https: the password would be sent in clear; ${advice}`,
    )
  return url
}
