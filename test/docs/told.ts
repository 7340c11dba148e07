// How the blocks of each page are run or checked, and what is not run, each with its reason. A block that none of
// this takes fails test/docs/blocks.test.ts.

import { blocksOf } from './blocks.ts'

/** What is there before a page's first command. */
export type SetUp =
  /** An empty folder; the page starts what it needs. */
  | 'nothing'
  /** A catalog that `init` began, and a simulated account that it was not applied to. */
  | 'begun'
  /** The same, applied. */
  | 'applied'
  /** The same, with a sale: order A-1001. */
  | 'sold'
  /** Files of release 0.1.0, and their account. */
  | 'release 0.1.0'
  /** `begun`, with a database. */
  | 'database'

/** How the shell blocks of a page are run. */
export interface PageRun {
  readonly setUp: SetUp
  /** Files that the reader has by then. */
  readonly files?: Readonly<Record<string, string>>
  /** Commands that say something by another exit code than 0. */
  readonly exits?: Readonly<Record<string, number>>
  /** What the reader did before, or has. */
  readonly before?: readonly string[]
  /** What happens elsewhere before a command. */
  readonly meanwhile?: Readonly<Record<string, string>>
  /** What stands for something that only the reader has. */
  readonly instead?: Readonly<Record<string, string>>
  /** Commands that go on until somebody ends them: they run beside those that follow. */
  readonly forever?: readonly string[]
}

const PRICES = `Package,Country,Data,Validity,Price
FR-5,France,5 GB,30,9.50
IT-1,Italy,1 GB,7,3.00
`

/** A SIM of the account that is not in the catalog. */
export const SPARE_ICCID = '8932042000010000905'

/** Pages with commands. */
export const RUNS: Readonly<Record<string, PageRun>> = {
  'README.md': {
    setUp: 'nothing',
    // In the checkout, which has its packages.
    instead: { 'npm ci && npm run demo': `npm --prefix ${process.cwd()} run --silent demo` },
  },
  'docs/adopting.md': {
    setUp: 'applied',
    // An account that nobody here has a catalog of. Plans have their IDs in the order in which their calls arrived.
    before: [
      `PLAN=$(sft-catalog state list | grep -F 'Benelux 5 GB 30 days' | cut -f 2)`,
      'rm -r catalog state.json*',
    ],
    meanwhile: {
      'sft-catalog drift': `curl -s "$SFT_BASE_URL/_simulator/portal" -d '{"plan":"'"$PLAN"'","set":{"basicInfo":{"addOnPriority":"3"}}}' >/dev/null`,
    },
    exits: { 'sft-catalog drift': 2, 'sft-catalog drift --endpoints': 2 },
    instead: { 'addonPlan/eu-10gb': 'addonPlan/benelux-5-gb-30-days' },
  },
  'docs/encryption.md': { setUp: 'sold', instead: { '/etc/shop/keys': 'keys' } },
  'docs/fleet.md': {
    setUp: 'database',
    before: [
      'SFT_STATE=postgres://sft@db.example:5432/sft sft-catalog apply --init --auto-approve --target rateZone/benelux',
    ],
    forever: ['sft-catalog worker'],
  },
  'docs/for-engineers.md': {
    setUp: 'nothing',
    // The account of the reader: another simulated one.
    meanwhile: {
      'mkdir tried && mv state.json* orders.json* tried':
        'sft-catalog simulate --port 8080 --catalog catalog & export SFT_BASE_URL=http://127.0.0.1:8080',
    },
    instead: { 'simulate --port': 'simulate --calls-per-second 2000 --port' },
  },
  'docs/for-operators.md': { setUp: 'sold' },
  'docs/for-pipelines.md': { setUp: 'begun' },
  'docs/for-portals.md': { setUp: 'applied' },
  'docs/for-support.md': { setUp: 'sold' },
  'docs/importing.md': { setUp: 'applied', files: { 'prices.csv': PRICES } },
  'docs/observability.md': { setUp: 'applied' },
  'docs/operations.md': {
    setUp: 'database',
    before: [
      'export SFT_STATE=postgres://sft@db.example:5432/sft',
      'export SFT_LEDGER=$SFT_STATE',
      'sft-catalog apply --init --auto-approve',
    ],
    forever: ['sft-catalog worker --health-port 8080 --drain-seconds 20'],
  },
  'docs/pictures.md': {
    setUp: 'applied',
    // A change to be shown.
    before: [`sed -i 's/"9.50"/"9.90"/' catalog/catalog.yaml`],
  },
  'docs/policy.md': {
    setUp: 'begun',
    // A checkout whose base branch has rules.
    before: [
      'git config --global user.email a@example.com',
      'git config --global user.name a',
      'git init --quiet --initial-branch main . && git add policy && git commit --quiet -m rules',
      'git clone --quiet --bare . origin.git && git remote add origin ./origin.git',
    ],
  },
  'docs/postgres.md': {
    setUp: 'database',
    // Files that are moved there in the end, to another database.
    before: ['sft-catalog apply --init --auto-approve', 'sft-catalog resume'],
    forever: ['sft-catalog worker --health-port 8080'],
  },
  'docs/simulator.md': {
    setUp: 'begun',
    forever: [
      'sft-catalog simulate --port 8099 --calls-per-second 2 --catalog catalog --save world.json',
    ],
  },
  'docs/state.md': {
    setUp: 'applied',
    // A branch that has the state, and a runner that has nothing.
    before: [
      'git config --global user.email a@example.com',
      'git config --global user.name a',
      'git init --quiet --initial-branch sft-state branch && sft-catalog state push branch',
      'git -C branch add -A && git -C branch commit --quiet -m state',
      'git clone --quiet --bare branch repository && rm -r state.json*',
      'export REPOSITORY=repository',
    ],
  },
  'docs/stock.md': {
    setUp: 'applied',
    before: [
      "sed -i 's/  - key: first/&\\n    tags: [spring]/' catalog/catalog.yaml",
      `printf 'version: 1\\nendpointBatches:\\n  - { key: reserve, create: on-demand, iccids: ["${SPARE_ICCID}"] }\\n' >catalog/reserve.yaml`,
      'sft-catalog apply --auto-approve',
    ],
    instead: { '--limit 500': '--limit 1', 'EU-10GB-30D': 'BNL-1GB-7D' },
  },
  'docs/tables.md': { setUp: 'sold', instead: { 'A-7731': 'A-1001' } },
  'docs/upgrading.md': { setUp: 'release 0.1.0' },
}

/** Commands that are not run, by how they begin, and why. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'sft-catalog graph --format dot |': 'it needs Graphviz; test/page/graph.test.ts reads the DOT',
  'npm ci && npm test': 'it is this test',
  'npm ci && npm link':
    'it would change the packages of the machine; test/fresh-folder.test.ts runs what is installed',
  'node --import ./otel.mjs':
    'it needs an SDK beside the program; test/fleet/operations.test.ts runs it',
  'curl http://127.0.0.1:9464': 'it reads what that one tells',
  'npm install':
    'it asks a registry; package.json has the packages as peers, which a test compares',
}

/** Snippets of TypeScript: all are compiled; those that can be run are. */
interface Snippet {
  /** Which blocks of the page it is of, from 0: those that go on with each other's variables are one. */
  readonly blocks: readonly number[]
  /** What the reader has around it. */
  readonly before?: string
  readonly after?: string
  /** Where it is run; or why it is not. */
  readonly run: SetUp | { readonly not: string }
}

const MAIL = 'const mail = async (_to: string, _picture: Buffer): Promise<void> => {}\n'
const SHOP = `import { openProvisioner } from 'sft-catalog/provision'
await using shop = await openProvisioner()
`

/** By page, which has no other TypeScript. */
export const SNIPPETS: Readonly<Record<string, readonly Snippet[]>> = {
  'docs/for-portals.md': [
    {
      blocks: [0, 1, 2, 3, 4, 5],
      before: `${MAIL}const baseUrl = process.env['SFT_BASE_URL'] ?? ''
const username = process.env['SFT_USERNAME'] ?? ''
const password = process.env['SFT_PASSWORD'] ?? ''
`,
      after: `if (undone.length + notUndone.length === 0 || counts.failed > 0) throw new Error('it did not work')\n`,
      run: 'applied',
    },
  ],
  'docs/observability.md': [
    {
      blocks: [0],
      before: `${SHOP}const [orderId, sku] = ['A-1', 'BNL-1GB-7D']
const request = { headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } }
`,
      run: 'applied',
    },
    { blocks: [1], before: `import { pino } from 'pino'\n`, run: 'applied' },
  ],
  'docs/policy.md': [
    {
      blocks: [0],
      before: `import { type Catalog, loadCatalog, openSft, openState } from 'sft-catalog'
const [baseUrl, username, password] = ['', '', '']
const { catalog = {} as Catalog } = await loadCatalog('catalog')
await using sft = openSft({ baseUrl, username, password })
await using store = await openState('state.json')
`,
      after: 'if (broken.length + plan.issues.length > 0) throw new Error()\n',
      run: { not: 'test/policy holds catalogs and plans against rules' },
    },
  ],
  'docs/selling.md': [
    {
      blocks: [0],
      before: `import { openProvisioner } from 'sft-catalog/provision'
const [username, password] = ['', '']
`,
      run: { not: 'its paths are those of a machine of the reader' },
    },
    {
      blocks: [1],
      before: `import { isProvisionError } from 'sft-catalog/provision'
const suggest = (_sku: string | undefined): void => {}
const hold = (_endpoint: string, _settled: boolean): void => {}
const retryLater = (_next: string): void => {}
export function handle(error: unknown): void {
`,
      after: '}\n',
      run: { not: 'it is what a portal does with an error' },
    },
    {
      blocks: [2],
      before: `${SHOP}const { endpointId } = await shop.purchase({ orderId: 'A-1', sku: 'BNL-1GB-7D' })\n`,
      run: 'applied',
    },
  ],
  'docs/simulator.md': [
    {
      blocks: [0],
      before: 'const buySomethingFrom = async (_url: string): Promise<void> => {}\n',
      run: 'nothing',
    },
  ],
  'docs/stock.md': [
    {
      blocks: [0],
      before: `import { loadCatalog } from 'sft-catalog'
${SHOP}const { signal } = new AbortController()
const { catalog } = await loadCatalog('catalog')
if (catalog === undefined) throw new Error('the catalog has errors')
`,
      run: { not: 'its batch has a tag of the reader; test/provision has both functions' },
    },
    {
      blocks: [1],
      before: `import { openProvisioner } from 'sft-catalog/provision'\n`,
      run: { not: 'its batch is one of the reader; test/cli/on-demand.test.ts sells from one' },
    },
  ],
}

/** A snippet as a module: what is around it, and its blocks. */
export function moduleOf(page: string, { blocks, before = '', after = '' }: Snippet): string {
  const all = blocksOf(page).filter(({ language }) => language === 'ts')
  return `${before}${blocks.map(at => all[at]?.text ?? '').join('\n')}${after}export {}\n`
}
