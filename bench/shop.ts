/** An account with a catalog applied to it and eSIMs in stock, as a platform of its own, and shops that sell from it. */
import { join } from 'node:path'
import { openProvisioner, type Provisioner } from '../src/provision/index.ts'
import { iccidsFrom, writeBatch, writeZones } from './catalogs.ts'
import { type Platform, startPlatform } from './platform.ts'
import { CLI, run } from './processes.ts'

export const SKU = 'Z0-1GB'

export interface Market {
  readonly platform: Platform
  /** Where its state is. */
  readonly state: string
}

/** Starts a platform and applies a zone, four plans and a batch of as many endpoints. */
export async function openMarket(
  folder: string,
  state: string,
  { endpoints, latencyMs = 0 }: { readonly endpoints: number; readonly latencyMs?: number },
): Promise<Market> {
  const iccids = iccidsFrom(endpoints)
  const platform = await startPlatform({ sims: 1, iccids, latencyMs })
  const catalog = join(folder, 'catalog')
  await writeZones(catalog, 1)
  await writeBatch(catalog, iccids, 'batch.yaml')
  await run({
    args: [CLI, 'apply', '--init', '--auto-approve', '--catalog', catalog],
    env: { ...platform.env, SFT_STATE: state },
  })
  return { platform, state }
}

export interface Shop {
  /** Sells once; how long it took, and what of it its calls (ms). */
  readonly sell: (orderId: string) => Promise<{ readonly took: number; readonly calls: number }>
  readonly provisioner: Provisioner
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A shop in this process, with a client of its own. */
export async function openShop(
  { platform, state }: Market,
  ledger: string,
  callsPerSecond = Number.POSITIVE_INFINITY,
): Promise<Shop> {
  let inCalls = 0
  const provisioner = await openProvisioner({
    env: {
      ...platform.env,
      SFT_CALLS_PER_SECOND: String(callsPerSecond),
      SFT_STATE: state,
      SFT_LEDGER: ledger,
    },
    onCall: ({ seconds }) => {
      inCalls += 1000 * seconds
    },
  })
  return {
    provisioner,
    async sell(orderId) {
      inCalls = 0
      const began = performance.now()
      await provisioner.purchase({ orderId, sku: SKU })
      return { took: performance.now() - began, calls: inCalls }
    },
    [Symbol.asyncDispose]: async () => {
      await provisioner[Symbol.asyncDispose]()
    },
  }
}
