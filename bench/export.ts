/** What exporting a large ledger takes: `npx tsx bench/export.ts [ORDERS]`. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeLedger } from '../src/ledger/make-ledger.ts'
import { exportOrders, fileLedger, type LedgerEntry } from '../src/provision/index.ts'
import { jsonLine } from '../src/render/gate.ts'
import { NO_KEYS } from '../src/secrets/cipher.ts'
import { emptyState } from '../src/state/apply-entry.ts'
import { anEsim, anOrder } from '../test/provision/ledger-contract.ts'

const ORDERS = Number(process.argv[2] ?? 1_000_000)

function* history(): Generator<LedgerEntry> {
  for (let n = 0; n < ORDERS; n++) {
    const endpointId = `E-${n}`
    const orderId = `P-${n}`
    const uniqueId = String(50_000 + n)
    const createdAt = new Date(Date.UTC(2025, 0, 1) + n * 1000).toISOString()
    const order = { status: 'delivered', endpointId, uniqueId, createdAt } as const
    const balances = { [uniqueId]: { grantedBytes: 2 ** 30, leftBytes: 0, usedBytes: 2 ** 30 } }
    yield { table: 'usage', row: { endpointId, refreshedAt: createdAt, balances, told: [] } }
    yield { table: 'orders', row: anOrder(orderId, order) }
    yield { table: 'esims', row: anEsim(endpointId, { status: 'delivered', orderId }) }
    yield { table: 'addons', row: { uniqueId, endpointId, orderId, planId: '1', status: 'active' } }
  }
}

/** In a process of its own, whose memory is that of the export alone. */
async function measure(path: string): Promise<void> {
  await using ledger = await fileLedger(path)
  const began = performance.now()
  let orders = 0
  let bytes = 0
  let most = 0
  for await (const page of exportOrders(ledger, { state: emptyState('lineage') })) {
    for (const order of page.orders) bytes += jsonLine(order).length
    orders += page.orders.length
    most = Math.max(most, process.memoryUsage().rss)
  }
  const seconds = (performance.now() - began) / 1000
  const megabytes = (size: number) => Math.round(size / 1024 / 1024)
  console.log(
    `${orders} orders, ${megabytes(bytes)} MB of JSON in ${seconds.toFixed(1)} s; ${megabytes(most)} MB of memory at most`,
  )
}

const [, file = '', mode, place] = process.argv
if (mode === 'measure' && place !== undefined) await measure(place)
else {
  const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-bench-'))
  try {
    const path = join(folder, 'orders.db')
    await makeLedger(path, { lineage: 'lineage', serial: 1, keys: NO_KEYS }, history())
    console.log(`a ledger of ${Math.round(statSync(path).size / 1024 / 1024)} MB`)
    const child = spawn(process.execPath, ['--import', 'tsx', file, 'measure', path], {
      stdio: 'inherit',
    })
    await new Promise(ended => child.on('close', ended))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
