import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { WorkerEvent } from '../../fleet/duty.ts'
import { finishOrders } from '../../fleet/finish-orders.ts'
import { openWorker, type Worker } from '../../fleet/worker.ts'
import { plainly } from '../../plain-error.ts'
import { ledgerLocation } from '../../settings.ts'
import { openDispatcher } from '../../stores/work.ts'
import { defineCommand } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { number, UsageError, whole } from '../flags.ts'
import { PROVISIONER_FLAGS, withProvisioner } from '../provisioner.ts'

const { json: _json, ...FLAGS } = PROVISIONER_FLAGS

/** One of the workers of a fleet. */
export const worker = defineCommand({
  name: 'worker',
  summary:
    'finish orders whose process died, of any machine, until it is told to stop (PostgreSQL)',
  usage: '[flags]',
  flags: {
    'at-once': whole('N', 'orders that it works on at once (default 8)'),
    every: number('SECONDS', 'time between two looks for orders that were left (default 2)'),
    'health-port': whole('N', 'answer /healthz and /readyz on 127.0.0.1'),
    ...FLAGS,
  },
  run: async ({ flags }, context) => {
    const address = ledgerLocation(context.env, flags.ledger)
    return await withProvisioner(
      { ...flags, json: false },
      context,
      async (provisioner, signal) => {
        const everySeconds = flags.every
        await using running = await openWorker({
          duties: [finishOrders(provisioner, flags['at-once'])],
          address,
          openDispatcher,
          onEvent: event => context.err(lineOf(event, context)),
          ...(everySeconds !== undefined && { everySeconds }),
        })
        const server = await serveHealth(running, flags['health-port'])
        context.err('the worker runs')
        if (!signal.aborted) await once(signal, 'abort')
        server?.close()
        return EXIT.ok
      },
    )
  },
})

function lineOf(event: WorkerEvent, { paintErr }: Context): string {
  switch (event.type) {
    case 'given out':
      return `${event.orderId}: given out, attempt ${event.attempt}`
    case 'finished':
      return `${event.orderId}: ${event.status}`
    case 'not finished':
      return `${event.orderId}: ${paintErr('warn', 'not finished')}: ${event.message}`
    case 'trouble':
      return `${paintErr('error', 'error')} ${event.message}`
  }
}

/** Tells whoever watches the process that it lives, and that it does its work. */
async function serveHealth(running: Worker, port: number | undefined): Promise<Server | undefined> {
  if (port === undefined) return undefined
  if (port > 65_535) throw new UsageError(`--health-port ${port}: a port is at most 65535`)
  const server = createServer((request, response) => {
    const health = running.health()
    const isFine = request.url === '/healthz' || (request.url === '/readyz' && health.isReady)
    response.writeHead(isFine ? 200 : request.url === '/readyz' ? 503 : 404, {
      'content-type': 'application/json',
    })
    response.end(JSON.stringify(health))
  })
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw plainly(error)
  }
  return server
}
