import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isJsonObject } from '../../json.ts'
import type { Json } from '../../model.ts'
import { costOf } from '../../plan/operations.ts'
import { duration } from '../../render/paint.ts'
import { showJson } from '../../render/plan-text.ts'
import { startSimulator } from '../../simulator/index.ts'
import { exportMapping } from '../../state/mapping.ts'
import { readState } from '../../stores/states.ts'
import { type Command, defineCommand } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { apply } from './apply.ts'
import { plan } from './plan.ts'
import { provision } from './provision.ts'
import { accountFor } from './simulate.ts'
import { usage } from './usage.ts'
import { validate } from './validate.ts'

/** The demo's account answers ten times as fast as a real one. */
const DEMO_RATE = 20
const REAL_RATE = 2

/** The main job on embedded defaults: no account, no service, nothing left behind. */
export const demo = defineCommand({
  name: 'demo',
  summary: 'show the main job against a simulated account: validate, plan, apply, sell',
  usage: '',
  flags: {},
  hermetic: true,
  run: async (_given, context) => {
    const folder = await mkdtemp(join(tmpdir(), 'sft-catalog-demo-'))
    try {
      return await runDemo(folder, context)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

async function runDemo(folder: string, context: Context): Promise<number> {
  const catalog = relative('.', fileURLToPath(new URL('../../../catalog', import.meta.url))) || '.'
  const title = (text: string) => {
    context.out('')
    context.out(context.paint('strong', text))
  }
  await using simulator = await startSimulator({
    callsPerSecond: DEMO_RATE,
    ...(await accountFor(catalog)),
  })
  const state = join(folder, 'state.json')
  const env = {
    SFT_BASE_URL: simulator.url,
    SFT_USERNAME: 'simulator',
    SFT_PASSWORD: 'simulator',
    SFT_CALLS_PER_SECOND: String(DEMO_RATE),
    SFT_CATALOG: catalog,
    SFT_STATE: state,
    SFT_LEDGER: join(folder, 'orders.json'),
  }
  const run = async (command: Command, ...flags: string[]): Promise<number> => {
    title(`$ sft-catalog ${[command.name, ...flags].join(' ')}`)
    const work = command.read(flags)
    return work === 'help' ? EXIT.usage : work({ ...context, env })
  }
  context.out(`A simulated SFT account runs on ${simulator.url}, at ${DEMO_RATE} calls a second.`)
  for (const [command, ...flags] of [
    [validate],
    [plan],
    [apply, '--init', '--auto-approve'],
    [plan, '--detailed-exitcode'],
  ] as const) {
    const code = await run(command, ...flags)
    if (code !== EXIT.ok) return code
  }

  title('What is now where')
  const mapping = exportMapping(await readState(state))
  for (const [name, rows] of Object.entries(mapping)) {
    const row = rows[0]
    context.out(`${name}: ${rows.length} in the state${row === undefined ? '' : ', such as'}`)
    if (row !== undefined) context.out(`  ${wordsOf(row)}`)
  }
  const calls = simulator.calls.length
  const real = costOf(calls, REAL_RATE)
  context.out(
    `\nUp to here it took ${calls} calls. At the usual ${REAL_RATE} calls a second the same takes about ${duration(real.seconds)}.`,
  )

  const { addonPlans } = mapping
  const offer = addonPlans.find(row => row['activation'] === 'first-use') ?? addonPlans[0]
  const sku = isJsonObject(offer?.['portal']) ? offer['portal']['sku'] : undefined
  if (typeof sku !== 'string') return EXIT.ok
  const sold = await run(provision, '--order', 'DEMO-1', '--sku', sku, '--qr', '-')
  if (sold !== EXIT.ok) return sold
  title('The traveller uses a third of it')
  const sale = [...simulator.world.endpoints.values()].find(
    endpoint => endpoint.status === 'Active',
  )
  await useData(simulator.url, sale?.endPointId ?? '', Math.round(Number(offer?.['dataMB']) / 3))
  return await run(usage, '--order', 'DEMO-1')
}

/** A row of a mapping table in one line. */
const wordsOf = (row: Readonly<Record<string, Json>>): string =>
  Object.entries(row)
    .map(([field, value]) => `${field} ${showJson(value)}`)
    .join(', ')

/** Traffic that the simulator makes up, in the zone of the endpoint's add-on. */
async function useData(url: string, endPointId: string, megabytes: number): Promise<void> {
  const answer = await fetch(`${url}/_simulator/traffic`, {
    method: 'POST',
    body: JSON.stringify({ endPointId, megabytes }),
  })
  if (!answer.ok) throw new Error(`the simulator made no traffic: ${await answer.text()}`)
}
