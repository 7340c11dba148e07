/**
 * A node of the demo's portal: `demo-portal.ts N-1 N-2 …`. It places the orders that it is given with the settings of
 * its environment, two at once, and says on stdout which is delivered.
 */
import { openProvisioner } from '../../src/provision/index.ts'

const waiting = process.argv.slice(2)

await using shop = await openProvisioner({ policies: { lowStock: 0 }, resumeAtOpen: false })

async function buyer(): Promise<void> {
  for (let orderId = waiting.shift(); orderId !== undefined; orderId = waiting.shift()) {
    const { iccid } = await shop.purchase({ orderId, sku: 'EU-1GB' })
    process.stdout.write(`${orderId} ${iccid}\n`)
  }
}

await Promise.all([buyer(), buyer(), buyer()])
