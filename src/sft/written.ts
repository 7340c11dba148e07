/**
 * The last moment before a request leaves. Node's HTTP client tells it on a channel for whoever watches; it is later
 * than `fetch` is called where a connection has to be made first, or where this process stood still meanwhile.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { Duplex } from 'node:stream'
import { setImmediate as afterThis } from 'node:timers/promises'

const CREATED = 'undici:request:create'
const WRITES = 'undici:client:sendHeaders'

/** Whether a request may leave. */
export interface Leave {
  /** Asked right before its bytes do. Throws a `SentError` where they did already. */
  mayGo(): boolean
  /** Where it may not: resolves when it is to be asked again. What it throws ends the request unsent. */
  again(): Promise<void>
}

/** Whose request is made, and whose was. */
const making = new AsyncLocalStorage<Leave>()
const leaves = new WeakMap<object, Leave>()

let isWatching = false

/**
 * Sends by Node's `fetch`, and holds the request back on its connection until it may leave. One that never may fails
 * with an `UnsentError` as its cause, and its connection ends. Where nothing tells of requests, nothing is asked.
 */
export function heldUntilLeave<Result>(leave: Leave, send: () => Result): Result {
  if (!isWatching) {
    subscribe(CREATED, noteMade)
    subscribe(WRITES, hold)
  }
  isWatching = true
  return making.run(leave, send)
}

function noteMade(message: unknown): void {
  const leave = making.getStore()
  const request = isRecord(message) ? message['request'] : undefined
  // Asking a proxy for a tunnel is no call of the account: what goes through it is.
  if (leave !== undefined && isRecord(request) && request['method'] !== 'CONNECT')
    leaves.set(request, leave)
}

function hold(message: unknown): void {
  const { request, socket } = isRecord(message) ? message : {}
  const leave = isRecord(request) ? leaves.get(request) : undefined
  if (leave === undefined || !(socket instanceof Duplex)) return
  socket.cork()
  void letGo(leave, socket)
}

/** Head and body are there by then, and go together. */
async function letGo(leave: Leave, socket: Duplex): Promise<void> {
  await afterThis()
  try {
    while (!leave.mayGo()) {
      await leave.again()
      if (socket.destroyed) return
    }
  } catch (cause) {
    socket.destroy(cause instanceof SentError ? cause : new UnsentError({ cause }))
    return
  }
  socket.uncork()
}

/** A request that was sent before, and that the HTTP client was about to send once more, of itself. */
export class SentError extends Error {
  constructor() {
    super('the connection was cut after it was sent, and it was not sent a second time')
  }
}

/** A request that was not sent, since it would have been too late. */
export class UnsentError extends Error {
  constructor(options?: ErrorOptions) {
    super('this machine took too long to send it, so it was not sent', options)
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
