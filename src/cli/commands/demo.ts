import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../../package-file.ts'
import { duration } from '../../render/paint.ts'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import type { Command } from '../command.ts'
import { defineCommand } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { on } from '../flags.ts'
import { apply } from './apply.ts'
import { plan } from './plan.ts'
import { provision } from './provision.ts'
import { accountFor } from './simulate.ts'
import { usage } from './usage.ts'
import { validate } from './validate.ts'

/** What is shown: a small catalog, or the whole one that a seller could start from. */
const SHOWS = {
  small: { catalog: 'examples/demo', callsPerSecond: 10, sku: 'ALP-1GB-7D', megabytes: 341 },
  full: { catalog: 'catalog', callsPerSecond: 20, sku: 'ALP-1GB-7D', megabytes: 341 },
} as const
type Show = (typeof SHOWS)[keyof typeof SHOWS]

/** The main job on embedded defaults: no account, no service, nothing left behind. */
export const demo = defineCommand({
  name: 'demo',
  summary: 'show the main job against a simulated account: validate, plan, apply, sell, use',
  usage: '[flags]',
  flags: {
    full: on('the large catalog that is shipped: 49 zones, 158 plans, 1,000 endpoints'),
  },
  hermetic: true,
  run: async ({ flags }, context) => {
    const here = process.cwd()
    const folder = await mkdtemp(join(tmpdir(), 'sft-catalog-demo-'))
    try {
      const show = flags.full ? SHOWS.full : SHOWS.small
      await fillFolder(folder, show)
      // Its commands are those that a reader types in a folder of their own.
      process.chdir(folder)
      return await runDemo(show, context)
    } finally {
      process.chdir(here)
      await rm(folder, { recursive: true, force: true })
    }
  },
})

async function fillFolder(folder: string, { catalog }: Show): Promise<void> {
  const source = fileURLToPath(packageFile(catalog))
  await mkdir(join(folder, 'catalog'))
  await cp(source, join(folder, 'catalog'), { recursive: true })
}

async function runDemo(show: Show, context: Context): Promise<number> {
  const { callsPerSecond, sku, megabytes } = show
  const { wire, iccids } = await accountFor('catalog')
  await using simulator = await startSimulator({
    // Twice as many as it is asked: a busy machine is not throttled before a newcomer's eyes.
    callsPerSecond: 2 * callsPerSecond,
    iccids,
    wire: { ...wire, counters: 'none' },
  })
  const env = {
    SFT_BASE_URL: simulator.url,
    SFT_USERNAME: 'simulator',
    SFT_PASSWORD: 'simulator',
    SFT_CALLS_PER_SECOND: String(callsPerSecond),
    SFT_BULK: 'on',
  }
  const run = async (command: Command, ...flags: string[]): Promise<number> => {
    const words = ['sft-catalog', command.name, ...flags].join(' ')
    if (command !== validate) context.out('')
    const note = command === usage ? `   # ${megabytes} MB later` : ''
    context.out(`${context.paint('strong', `$ ${words}`)}${note}`)
    const work = command.read(flags)
    return work === 'help' ? EXIT.usage : work({ ...context, env })
  }
  const startedAt = Date.now()
  context.out(`A simulated SFT account of ${callsPerSecond} calls a second; a real one has 2.`)
  const order = 'DEMO-1'
  const steps: readonly (readonly [Command, ...string[]])[] = [
    [validate],
    [apply, '--init', '--auto-approve'],
    [plan, '--detailed-exitcode'],
    [provision, '--order', order, '--sku', sku, '--qr', '-'],
  ]
  for (const [command, ...flags] of steps) {
    const code = await run(command, ...flags)
    if (code !== EXIT.ok) return code
  }
  useData(simulator, megabytes)
  const code = await run(usage, '--order', order)
  if (code === EXIT.ok) for (const line of whatNext(startedAt, context)) context.out(line)
  return code
}

const whatNext = (startedAt: number, { paint }: Context): readonly string[] => [
  '',
  `${paint('strong', 'What next')}  (this took ${duration((Date.now() - startedAt) / 1000)})`,
  '  sft-catalog init         a catalog of your own, from what your account has',
  '  sft-catalog demo --full  the same with 49 zones, 158 plans and 1,000 endpoints',
]

/** Traffic that the simulator makes up, in the zone of the add-on of the endpoint that was sold. */
function useData({ world, traffic }: Simulator, megabytes: number): void {
  const sold = [...world.endpoints.values()].find(endpoint => endpoint.status === 'Active')
  traffic({ endPointId: sold?.endPointId ?? '', megabytes })
}
