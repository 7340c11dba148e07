import type { LoggedCall } from './call-log.ts'
import { failureOf, parseBody } from './http.ts'
import type { Played } from './play-fault.ts'
import type { Reply } from './wire.ts'

/** A request as the platform sees it, however it came. */
export interface Received {
  readonly method: string
  readonly url: URL
  /** Value of `X-Authorization`. */
  readonly authorisation: string | undefined
  readonly body: ReturnType<typeof parseBody>
}

/** What a call became, with its entry in the log. */
export interface Handled {
  readonly entry: LoggedCall
  readonly played: Played
}

/** `fetch` without a socket: resets, half answers and silence look to the client as over HTTP. */
export async function answerInProcess(
  address: string,
  init: RequestInit,
  receive: (received: Received) => Promise<Handled>,
): Promise<Response> {
  const { body, signal } = init
  signal?.throwIfAborted()
  const handled = receive({
    method: init.method ?? 'GET',
    url: new URL(address),
    authorisation: new Headers(init.headers).get('x-authorization') ?? undefined,
    body: parseBody(typeof body === 'string' ? body : ''),
  })
  return await new Promise<Response>((resolve, reject) => {
    // Whoever gives up waiting stops nothing: the call goes on here.
    const giveUp = () => reject(signal?.reason)
    signal?.addEventListener('abort', giveUp, { once: true })
    const settled = () => signal?.removeEventListener('abort', giveUp)
    handled.then(
      ({ entry, played }) => {
        if (played.kind === 'silence') return
        settled()
        if (played.kind === 'reset') return reject(reset())
        entry.status = played.reply.status
        resolve(played.kind === 'half' ? halfResponse(played.reply) : wholeResponse(played.reply))
      },
      (error: unknown) => {
        settled()
        resolve(wholeResponse(failureOf(error)))
      },
    )
  })
}

function wholeResponse({ status, type, body }: Reply): Response {
  return new Response(body, { status, headers: { 'content-type': type } })
}

function halfResponse({ status, type, body }: Reply): Response {
  const whole = new TextEncoder().encode(body)
  let sent = false
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent) controller.error(reset())
      else controller.enqueue(whole.slice(0, Math.floor(whole.length / 2)))
      sent = true
    },
  })
  return new Response(stream, { status, headers: { 'content-type': type } })
}

/** As Node's `fetch` tells a connection that was reset. */
function reset(): TypeError {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
  return new TypeError('fetch failed', { cause })
}
