import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Json } from '../model.ts'
import type { LoggedCall } from './call-log.ts'
import type { Played } from './play-fault.ts'
import { json, type Reply } from './wire.ts'

const LARGEST_BODY = 16 * 1024 * 1024

/** The token of `X-Authorization: Bearer` (contract 1.2). */
export function bearer(header: string | undefined): string | undefined {
  const [, token] = /^Bearer (.+)$/.exec(header ?? '') ?? []
  return token
}

/** Undefined where the client went away before its request was whole. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  const ended = new Promise<boolean>(resolve => {
    request.once('end', () => resolve(true))
    request.once('close', () => resolve(false))
    request.once('error', () => resolve(false))
  })
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= LARGEST_BODY) chunks.push(chunk)
    else request.destroy()
  })
  return (await ended) ? Buffer.concat(chunks).toString('utf8') : undefined
}

/** Undefined where the body is empty or not JSON. */
export function parseBody(raw: string): Json | undefined {
  if (raw === '') return undefined
  try {
    return JSON.parse(raw)
  } catch (error) {
    // Not JSON is an answer of its own later on, with the operation's name in the log.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Sends, or breaks off, what the client gets to see. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  entry: LoggedCall,
  played: Played,
): void {
  switch (played.kind) {
    case 'reply':
      entry.status = played.reply.status
      send(response, played.reply)
      return
    case 'half': {
      entry.status = played.reply.status
      const whole = Buffer.from(played.reply.body)
      response.writeHead(played.reply.status, {
        'content-type': played.reply.type,
        'content-length': whole.length,
      })
      response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => {
        request.socket.destroySoon()
      })
      return
    }
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'silence':
      return
  }
}

/** Sends a whole reply. */
export function send(response: ServerResponse, reply: Reply): void {
  const compressed = reply.compressed === true
  const body = compressed ? gzipSync(reply.body) : Buffer.from(reply.body)
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': body.length,
    ...(compressed && { 'content-encoding': 'gzip' }),
  })
  response.end(body)
}

/** Answers HTTP 500 for a mistake of the simulator itself. */
export function fail(response: ServerResponse, error: unknown): void {
  if (!response.headersSent) send(response, failureOf(error))
}

/** HTTP 500 with the mistake of the simulator itself. */
export function failureOf(error: unknown): Reply {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { ...json({ error: `the simulator itself failed: ${message}` }, {}), status: 500 }
}
