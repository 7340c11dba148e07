/** A process of another machine, as its rows say, that sells one order: `sell-one.ts '{"url":…,"state":…}'`. */
import { fileLedger, openProvisioner } from '../../src/provision/index.ts'
import { openSft } from '../../src/sft/client.ts'
import { fromElsewhere } from './elsewhere.ts'

const job = JSON.parse(process.argv[2] ?? '') as {
  readonly url: string
  readonly state: string
  readonly ledger: string
  readonly orderId: string
  readonly callsPerSecond: number
  readonly silenceSeconds: number
}
const sft = openSft({
  baseUrl: job.url,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: job.callsPerSecond,
  settleSeconds: 1,
  timeoutSeconds: 20,
})
const ledger = fromElsewhere(await fileLedger(job.ledger))
const shop = await openProvisioner({
  state: job.state,
  ledger,
  sft,
  env: {},
  resumeAtOpen: false,
  policies: { silenceSeconds: job.silenceSeconds },
})
const { endpointId, addon } = await shop.purchase({ orderId: job.orderId, sku: 'EU-1GB' })
console.log(JSON.stringify({ endpointId, uniqueId: addon.uniqueId }))
await shop[Symbol.asyncDispose]()
await ledger[Symbol.asyncDispose]()
await sft[Symbol.asyncDispose]()
