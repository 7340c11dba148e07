/**
 * A node of a portal: `portal.ts '{"url":…,"place":…,"rate":…,"orders":[…],…}'`. It places its share of the orders, as
 * travellers and their browsers do: in an order of its own, several at once, again where it failed, until each is
 * delivered, cancelled or refused for good.
 */
import { openProvisioner, ProvisionError } from '../../src/provision/index.ts'
import { accountName } from '../../src/settings.ts'
import { openSft } from '../../src/sft/client.ts'
import { sharedSlots } from '../../src/stores/budgets.ts'
import { ordersFor, type PortalJob, type PortalOrder } from './fleet-orders.ts'

const job: PortalJob = JSON.parse(process.argv[2] ?? '')
const sft = openSft({
  baseUrl: job.url,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: job.rate,
  // The name under which the workers share it too.
  slots: sharedSlots(job.place, {
    account: accountName({ baseUrl: job.url, username: 'simulator' }),
  }),
  settleSeconds: 1,
  timeoutSeconds: 20,
  retryDelaysSeconds: [0.05, 0.1],
})
const shop = await openProvisioner({ state: job.place, ledger: job.place, sft, env: {} })

const endpoints = new Map<string, string>()

async function place({ orderId, kind, of }: PortalOrder): Promise<void> {
  const patience = { timeoutSeconds: 60 }
  if (kind === 'cancel') {
    await shop.purchase({ orderId, sku: 'EU-1GB', ...patience }).catch(unlessCancelled)
    await shop.cancel(orderId, patience)
    return
  }
  if (kind === 'purchase') {
    const { endpointId } = await shop.purchase({ orderId, sku: 'EU-1GB', ...patience })
    endpoints.set(orderId, endpointId)
    return
  }
  const base = of ?? ''
  const endpointId =
    endpoints.get(base) ??
    (await shop.purchase({ orderId: base, sku: 'EU-1GB', ...patience })).endpointId
  await shop.topUp({ orderId, endpointId, sku: 'EU-1GB', ...patience })
}

function unlessCancelled(error: unknown): void {
  if (!(error instanceof ProvisionError)) throw error
}

async function untilDone(order: PortalOrder): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await place(order)
      return
    } catch (error) {
      if (!(error instanceof ProvisionError)) throw error
      if (attempt >= 200) throw error
      await new Promise(resolve => setTimeout(resolve, 200))
    }
}

const waiting = ordersFor(job).toSorted(() => Math.random() - 0.5)
await Promise.all(
  Array.from({ length: 24 }, async () => {
    for (let order = waiting.pop(); order !== undefined; order = waiting.pop())
      await untilDone(order)
  }),
)
await shop[Symbol.asyncDispose]()
await sft[Symbol.asyncDispose]()
