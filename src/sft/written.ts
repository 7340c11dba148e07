/**
 * When requests are written to their connection, which is later than `fetch` is called where one has to be made
 * first. Node's HTTP client tells it on a channel for whoever watches, for all that the process sends.
 */
import { subscribe } from 'node:diagnostics_channel'
import { Duplex } from 'node:stream'

const CHANNEL = 'undici:client:sendHeaders'

/** Told right before a request is written; whether it may still be. */
type Asked = () => boolean

/** Who waits for a request, by method, origin and path; of equal ones the first is the first. */
const waiting = new Map<string, Asked[]>()

let isWatching = false

/**
 * Asks right before the next such request is written; where it may not be, its connection is ended in place of that,
 * with an `UnsentError` as its cause. Where nothing tells of requests, nothing is asked. What it returns ends that.
 */
export function whenWritten(method: string, url: string, written: Asked): () => void {
  if (!isWatching) subscribe(CHANNEL, note)
  isWatching = true
  const key = `${method} ${url}`
  const queue = waiting.get(key) ?? []
  waiting.set(key, queue)
  queue.push(written)
  return () => {
    const index = queue.indexOf(written)
    if (index >= 0) queue.splice(index, 1)
    if (queue.length === 0 && waiting.get(key) === queue) waiting.delete(key)
  }
}

function note(message: unknown): void {
  const { request, socket } = isRecord(message) ? message : {}
  const { method, origin, path } = isRecord(request) ? request : {}
  const ask = waiting.get(`${method} ${origin}${path}`)?.shift()
  if (ask?.() === false && socket instanceof Duplex) socket.destroy(new UnsentError())
}

/** A request that was not sent, since it would have been too late. */
export class UnsentError extends Error {
  constructor() {
    super('this machine took too long to send it, so it was not sent')
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
