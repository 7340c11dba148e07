/**
 * `npm run portal`: a simulated account with an applied catalog, travellers who use what they bought, and the shop. With
 * `SFT_LEDGER=postgres://…` two nodes sell from one state, ledger and order book.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCatalog } from 'sft-catalog'
import { type Simulator, startSimulator } from 'sft-catalog/simulator'
import { applyCatalog } from './apply-catalog.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const CALLS_PER_SECOND = 10

const ledger = process.env['SFT_LEDGER']
const isShared = ledger !== undefined && /^postgres(ql)?:/.test(ledger)
// What a database remembers needs a world that is still there the next time.
const folder = isShared ? '.portal' : await mkdtemp(join(tmpdir(), 'sft-portal-'))
await mkdir(folder, { recursive: true })
const state = process.env['SFT_STATE'] ?? (isShared ? ledger : join(folder, 'state.json'))

const { catalog, issues } = await loadCatalog(here('../catalog'))
if (catalog === undefined) throw new Error(issues.map(({ message }) => message).join('; '))
const simulator = await startSimulator({
  callsPerSecond: 2 * CALLS_PER_SECOND,
  iccids: catalog.endpointBatches.flatMap(({ iccids }) => iccids),
  ...(isShared && { save: join(folder, 'world.json') }),
})
const account = {
  baseUrl: simulator.url,
  username: 'simulator',
  password: 'simulator',
  callsPerSecond: CALLS_PER_SECOND,
}
await applyCatalog(catalog, state, account)

const password = process.env['PORTAL_OPERATOR_PASSWORD'] ?? randomBytes(9).toString('base64url')
const port = Number(process.env['PORTAL_PORT'] ?? 8080)
const env = {
  ...process.env,
  SFT_BASE_URL: account.baseUrl,
  SFT_USERNAME: account.username,
  SFT_PASSWORD: account.password,
  SFT_CALLS_PER_SECOND: String(CALLS_PER_SECOND),
  SFT_STATE: state,
  SFT_LEDGER: ledger ?? join(folder, 'orders.db'),
  PORTAL_BOOK: process.env['PORTAL_BOOK'] ?? (isShared ? ledger : join(folder, 'portal.db')),
  PORTAL_SESSION_KEY: process.env['PORTAL_SESSION_KEY'] ?? randomBytes(32).toString('hex'),
  PORTAL_OPERATOR_PASSWORD: password,
  PORTAL_LOG_LEVEL: process.env['PORTAL_LOG_LEVEL'] ?? 'warn',
  PORTAL_USAGE_SECONDS: '2',
}
const ports = isShared ? [port, port + 1] : [port]
const nodes = ports.map(own =>
  spawn(process.execPath, ['--import', 'tsx', here('main.ts')], {
    env: { ...env, PORTAL_PORT: String(own) },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  }),
)
const ended = nodes.map(node => new Promise<number>(resolve => onEnd(node, resolve)))
const travelling = setInterval(() => travel(simulator), 3000)

// A node that cannot start says why on its own, and ends.
await Promise.race([Promise.all(nodes.map(listening)), Promise.race(ended)])
for (const own of ports) console.log(`The shop: http://127.0.0.1:${own}`)
console.log(`The operator: http://127.0.0.1:${port}/operator, name operator, password ${password}`)
console.log(`The simulated account: ${simulator.url}/_simulator/`)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const node of nodes) node.kill('SIGTERM')
  })
// Ctrl-C reaches the nodes as well: they stop at a safe place, and this waits for them.
const codes = await Promise.all(ended)
clearInterval(travelling)
await simulator.close()
if (!isShared) await rm(folder, { recursive: true, force: true })
process.exitCode = Math.max(...codes)

function listening(node: ChildProcess): Promise<unknown> {
  return new Promise(resolve => node.once('message', resolve))
}

function onEnd(node: ChildProcess, resolve: (code: number) => void): void {
  node.once('exit', code => resolve(code ?? 0))
}

/** Each traveller uses some data, so that the pages have something to show. */
function travel({ world, traffic }: Simulator): void {
  for (const { endPointId, status, instances } of world.endpoints.values())
    if (status === 'Active' && instances.length > 0) traffic({ endPointId, megabytes: 5 })
}
