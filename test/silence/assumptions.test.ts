import t, { type Test } from 'tap'
import type { Examination, Verdict } from '../../src/examine-account.ts'
import { WIRE_ASSUMPTIONS } from '../../src/sft/assumptions.ts'
import type { WireOverrides } from '../../src/sft/wire-settings.ts'
import type { SimulatorOptions } from '../../src/simulator/index.ts'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'

/** What doctor says, as data. */
async function examine(
  desk: Desk,
  wire: WireOverrides = {},
  env: Readonly<Record<string, string>> = {},
) {
  const { code, stdout, stderr } = await desk.run('doctor --json', {
    env: { ...env, ...(Object.keys(wire).length > 0 && { SFT_WIRE: JSON.stringify(wire) }) },
  })
  if (!stdout.startsWith('{')) throw new Error(`doctor ended with ${code}: ${stderr}`)
  const examination: Examination = JSON.parse(stdout)
  const ids = (verdict: Verdict['verdict']) =>
    examination.verdicts.filter(one => one.verdict === verdict).map(({ id }) => id)
  return { code, ...examination, ids }
}

/** An account with a catalog applied, two sales, and traffic of the first: everything that doctor can look at. */
async function openAccountWithSales(
  t: Test,
  options: SimulatorOptions = {},
  wire: WireOverrides = {},
): Promise<Desk> {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)), options)
  const env = Object.keys(wire).length > 0 ? { SFT_WIRE: JSON.stringify(wire) } : {}
  const applied = await desk.run('apply --auto-approve', { env })
  t.equal(applied.code, 0, `applied: ${applied.stderr}`)
  for (const order of ['A-1', 'A-2']) {
    const sold = await desk.run(`provision --order ${order} --sku ALPS-1GB-7D`, {
      env,
      mayShowActivationCode: true,
    })
    t.equal(sold.code, 0, `sold: ${sold.stderr}`)
  }
  const [first] = [...desk.simulator.world.endpoints.values()].filter(
    one => one.status === 'Active',
  )
  await desk.control('traffic', { endPointId: first?.endPointId, megabytes: 100 })
  return desk
}

t.test('an account that is as assumed is told so', async t => {
  const desk = await openAccountWithSales(t)
  const { code, ids, failures, verdicts } = await examine(desk)
  t.same(ids('contradicted'), [])
  t.same(failures, [])
  t.equal(code, 0)
  t.equal(verdicts.length, WIRE_ASSUMPTIONS.length)
})
