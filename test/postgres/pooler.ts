import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Types of the messages of PostgreSQL's protocol that matter here. */
const READY = 0x5a
const TERMINATE = 0x58
/** The state in which a session is between two transactions. */
const IDLE = 0x49

/**
 * A pooler as pgbouncer is in transaction mode, with one connection to the server: whoever begins a transaction has
 * it until that ends. Answers its port.
 */
export async function startPooler(t: Pick<Test, 'teardown'>, serverPort: number): Promise<number> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => {})
  }
  let greeting = Buffer.alloc(0)
  let isGreeted = false
  let upstream: Socket | undefined
  let owner: Socket | undefined
  const turns: { readonly client: Socket; readonly data: Buffer }[] = []

  const next = (): void => {
    if (!isGreeted) return
    const at = turns.findIndex(turn => owner === undefined || turn.client === owner)
    const [turn] = at < 0 ? [] : turns.splice(at, 1)
    if (turn === undefined) return
    owner = turn.client
    upstream?.write(turn.data)
  }

  let rest = Buffer.alloc(0)
  const answered = (data: Buffer): void => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 5 && rest.length >= 1 + rest.readUInt32BE(1)) {
      const message = rest.subarray(0, 1 + rest.readUInt32BE(1))
      rest = rest.subarray(message.length)
      if (isGreeted) owner?.write(message)
      else greeting = Buffer.concat([greeting, message])
      if (message[0] !== READY) continue
      isGreeted = true
      if (message[5] === IDLE) owner = undefined
      next()
    }
  }

  const server = createServer(socket => {
    const client = keep(socket)
    client.once('data', startup => {
      if (upstream === undefined) {
        upstream = keep(connect(serverPort, '127.0.0.1')).on('data', answered)
        upstream.write(startup)
      }
      const greet = (): void => {
        if (isGreeted) client.write(greeting)
        else setTimeout(greet, 5)
      }
      greet()
      client.on('data', data => {
        if (data[0] === TERMINATE) return
        turns.push({ client, data })
        next()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}
