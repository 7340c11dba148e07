/** A node of the shop: `npm start`, with its settings in the environment. SIGTERM lets it stop at a safe place. */
import { openPortal } from './portal.ts'
import { readSettings } from './settings.ts'

const settings = readSettings(process.env)
const portal = await openPortal(settings, process.env)
await portal.app.listen({ host: settings.host, port: settings.port })
// Whoever started it as a child may want to know.
process.send?.('listening')

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    portal[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`the shop did not close cleanly: ${String(error)}\n`)
        process.exit(1)
      },
    )
  })
