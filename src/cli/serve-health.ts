import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Health } from '../fleet/health.ts'
import { plainly } from '../plain-error.ts'
import { text, UsageError, type Values, whole } from './flags.ts'

export const HEALTH_FLAGS = {
  'health-port': whole('N', 'answer /healthz (it runs) and /readyz (it does its work, else 503)'),
  'health-host': text('HOST', 'address to answer on (default 127.0.0.1; 0.0.0.0: all)'),
} as const

/** Tells whoever watches the process that it lives, and whether it does its work. */
export async function serveHealth(
  flags: Values<typeof HEALTH_FLAGS>,
  tell: () => Health,
): Promise<Disposable> {
  const port = flags['health-port']
  const host = flags['health-host']
  if (port === undefined) {
    if (host !== undefined) throw new UsageError('--health-host needs --health-port')
    return { [Symbol.dispose]: () => {} }
  }
  if (port > 65_535) throw new UsageError(`--health-port ${port}: a port is at most 65535`)
  const server = createServer((request, response) => {
    const health = tell()
    response.writeHead(statusOf(request.url, health), { 'content-type': 'application/json' })
    response.end(JSON.stringify(health))
  })
  server.listen(port, host ?? '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw plainly(error)
  }
  return {
    [Symbol.dispose]: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function statusOf(path: string | undefined, { isReady }: Health): number {
  switch (path) {
    case '/healthz':
      return 200
    case '/readyz':
      return isReady ? 200 : 503
    default:
      return 404
  }
}
