/** A process that sells: `sell-orders.ts '{"url":…,"state":…,"ledger":…,"orders":[…],"topUps":[…]}'`. */
import { openProvisioner, ProvisionError } from '../../src/provision/index.ts'
import { openSft } from '../../src/sft/client.ts'

interface Job {
  readonly url: string
  readonly state: string
  readonly ledger: string
  readonly orders: readonly string[]
  /** Top-ups of the first order's endpoint. */
  readonly topUps: readonly string[]
  /** A catalog, and its batch of which endpoints are made on demand. */
  readonly onDemand?: { readonly catalog: string; readonly batch: string }
}

const job = JSON.parse(process.argv[2] ?? '') as Job
const sft = openSft({
  baseUrl: job.url,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: Number.POSITIVE_INFINITY,
  settleSeconds: 1,
  timeoutSeconds: 20,
  retryDelaysSeconds: [0.05, 0.1],
})
const shop = await openProvisioner({
  state: job.state,
  ledger: job.ledger,
  sft,
  env: {},
  ...(job.onDemand !== undefined && {
    catalog: job.onDemand.catalog,
    policies: { createOnDemand: job.onDemand.batch },
  }),
})

/** Says what became of one order; any error but a provisioner's own ends the process. */
async function report(
  sell: () => Promise<{ readonly orderId: string; readonly endpointId: string }>,
) {
  try {
    const { orderId, endpointId } = await sell()
    console.log(JSON.stringify({ orderId, endpointId }))
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error
    console.log(JSON.stringify({ orderId: error.orderId, error: error.name }))
  }
}

await shop.resume()
await Promise.all(
  job.orders.map((orderId, index) =>
    report(async () => {
      const sale = await shop.purchase({ orderId, sku: 'EU-1GB' })
      if (index === 0)
        await Promise.all(
          job.topUps.map(topUp =>
            report(() =>
              shop.topUp({ orderId: topUp, endpointId: sale.endpointId, sku: 'EU-1GB' }),
            ),
          ),
        )
      return sale
    }),
  ),
)
await shop[Symbol.asyncDispose]()
await sft[Symbol.asyncDispose]()
