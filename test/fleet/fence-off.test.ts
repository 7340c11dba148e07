import { fileURLToPath } from 'node:url'
import t from 'tap'
import { noPostgres, startPostgres } from '../postgres/server.ts'
import { REPOSITORY } from '../program.ts'
import { type ChaosEnd, runChaos } from './chaos.ts'

/** Rounds within which an order must be sold twice where the fence's check is off: some minutes, so not every day. */
const ROUNDS = Number(process.env['FENCE_ROUNDS'] ?? 0)
const SEED = Number(process.env['FLEET_SEED'] ?? Date.now() % 2 ** 31)

/** Portals that are stopped for longer than their lease, and go on; workers finish their orders meanwhile. */
const stops = {
  orders: 40,
  rate: 10,
  portals: 2,
  workers: 1,
  hits: ['SIGSTOP'],
  stoppedMs: 9000,
} as const

const skip = ROUNDS === 0 ? 'npm run test:all has it' : noPostgres
if (skip === false) {
  const server = await startPostgres(t)
  t.test(
    `without the check of the fence orders are sold twice, with it they are not, seed ${SEED}`,
    async t => {
      const off = fileURLToPath(new URL('test/fleet/fence-off.mjs', REPOSITORY))
      let found: ChaosEnd | undefined
      let rounds = 0
      while (found === undefined && rounds < ROUNDS) {
        const seed = SEED + rounds
        const place = (name: string) => `${server.url}?schema=${name}_${rounds}`
        const words = ['--import', off]
        const end = await runChaos(t, place('off'), { ...stops, seed, portalWords: words })
        const fenced = await runChaos(t, place('on'), { ...stops, seed })
        t.same(fenced.problems, [], `with the check, seed ${seed}`)
        rounds += 1
        if (end.problems.length > 0) found = end
      }
      t.ok(found !== undefined, `without it, round ${rounds}: ${found?.problems[0]}`)
    },
  )
} else t.test('a fleet without a fence', { skip }, async () => {})
