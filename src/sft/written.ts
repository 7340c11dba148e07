/**
 * When requests are written to their connection, which is later than `fetch` is called where one has to be made
 * first. Node's HTTP client tells it on a channel for whoever watches, for all that the process sends.
 */
import { subscribe } from 'node:diagnostics_channel'

const CHANNEL = 'undici:client:sendHeaders'

/** Who waits for a request, by method, origin and path; of equal ones the first is the first. */
const waiting = new Map<string, (() => void)[]>()

let isWatching = false

/** Tells when the next such request is written; where nothing says so, it does not. What it returns ends that. */
export function whenWritten(method: string, url: string, written: () => void): () => void {
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
  const { method, origin, path } = requestOf(message)
  waiting.get(`${method} ${origin}${path}`)?.shift()?.()
}

function requestOf(message: unknown): Readonly<Record<string, unknown>> {
  const request = isRecord(message) ? message['request'] : undefined
  return isRecord(request) ? request : {}
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
