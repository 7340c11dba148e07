import type { Test } from 'tap'
import { openSft } from '../../src/sft/client.ts'
import { ACCOUNT, type Desk } from '../cli/desk.ts'
import { PASSWORD } from '../cli/run-cli.ts'
import { CATALOG, rows } from './rows.ts'

/** Plans of one zone, by key: what stands in an entry besides what all have. */
const plansOf = (plans: Readonly<Record<string, string>>): string =>
  `${ACCOUNT}
rateZones:
  - { key: alps, name: Alps, countries: [CH, AT] }
addonPlans:
${Object.entries(plans)
  .map(
    ([key, more]) => `  - { key: ${key}, rateZone: alps, data: 1 GB, validity: 7 days, ${more} }\n`,
  )
  .join('')}`

const planNames = (desk: Desk): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...desk.simulator.world.plans.values()].map(({ planId, basicInfo }) => [
      planId,
      basicInfo.planName,
    ]),
  )

/** Plans X and Y, applied under the keys a and b. */
async function applyTwo(t: Test, desk: Desk): Promise<readonly [string, string]> {
  desk.write(CATALOG, plansOf({ a: 'name: X', b: 'name: Y' }))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const { addonPlans } = await desk.state()
  return [addonPlans['a']?.planId ?? '', addonPlans['b']?.planId ?? '']
}

rows('a name that something else has', [
  {
    name: 'is taken once the other has given it up, by a rename and by a new entry',
    check: async (t, desk) => {
      const [a, b] = await applyTwo(t, desk)
      desk.write(CATALOG, plansOf({ c: 'name: X', a: 'name: Y', b: 'name: Z' }))
      const applied = await desk.run('apply --auto-approve --target addonPlan/c')
      t.equal(applied.code, 0, applied.stdout)
      t.match(applied.stdout, 'takes its name from addonPlan/b, which is renamed first')
      t.match(planNames(desk), { [a]: 'Y', [b]: 'Z' })
      t.ok(Object.values(planNames(desk)).includes('X'))
      t.match((await desk.run('plan')).stdout, 'Nothing to do: 4 unchanged')
    },
  },
  {
    name: 'is not exchanged in a circle, and the rest is done',
    check: async (t, desk) => {
      await applyTwo(t, desk)
      desk.write(CATALOG, plansOf({ a: 'name: Y, charge: "2"', b: 'name: X' }))
      for (const last of [/1 done, 0 failed, .* 2 blocked/, /Blocked: 1 unchanged, 2 blocked/]) {
        const applied = await desk.run('apply --auto-approve')
        t.equal(applied.code, 5)
        t.match(applied.stdout, last)
        t.match(
          applied.stdout,
          /addonPlan\/a and addonPlan\/b exchange their names, .*: give one of them a name of its own, apply/,
        )
      }
      desk.write(CATALOG, plansOf({ a: 'name: T, charge: "2"', b: 'name: X' }))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, plansOf({ a: 'name: Y, charge: "2"', b: 'name: X' }))
      t.equal((await desk.run('apply --auto-approve')).code, 0, 'the way out leads out')
    },
  },
  {
    name: 'is not taken from an entry that leaves; moved: is the way out',
    check: async (t, desk) => {
      const [, b] = await applyTwo(t, desk)
      desk.write(CATALOG, plansOf({ a: 'name: Y' }))
      for (const flags of ['', ' --prune --force', ' --prune --force']) {
        const applied = await desk.run(`apply --auto-approve${flags}`)
        t.equal(applied.code, 5, applied.stdout)
        t.match(applied.stdout, `"Y" (${b}) is addonPlan/b of the state already: use moved:`)
      }
      desk.write(
        CATALOG,
        `${plansOf({ c: 'name: Y' })}moved:\n  - { from: addonPlan/b, to: addonPlan/c }\n`,
      )
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      t.equal((await desk.state()).addonPlans['c']?.planId, b)
    },
  },
  {
    name: 'is not taken from what the portal made',
    check: async (t, desk) => {
      const [a] = await applyTwo(t, desk)
      await desk.run('state rm addonPlan/b')
      desk.write(CATALOG, plansOf({ a: 'name: Y' }))
      const applied = await desk.run('apply --auto-approve')
      t.equal(applied.code, 5)
      t.match(
        applied.stdout,
        /the account has another add-on plan named "Y" \(\d+\): rename that one/,
      )
      t.match(planNames(desk), { [a]: 'X' })
    },
  },
  {
    name: 'of a rate zone is never sent: its rename is blocked, with moved: and a new entry as ways out',
    check: async (t, desk) => {
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      const text = desk.read(CATALOG)
      const before = desk.simulator.calls.length
      desk.write(CATALOG, text.replace('name: Alps\n', 'name: Alpine\n'))
      for (const command of ['plan --detailed-exitcode', 'apply --auto-approve']) {
        const { code, stdout } = await desk.run(command)
        t.equal(code, 5)
        t.match(stdout, /name: the platform does not change the name of a rate zone: .*"moved:"/)
      }
      t.strictSame(desk.writes(before), [])
      const zone = [...desk.simulator.world.zones.values()][0]
      await t.rejects(
        rename(desk, zone?.id ?? '', 'Alpine'),
        /the name of a rate zone cannot be modified/,
      )
      desk.write(
        CATALOG,
        text
          .replace('key: alps\n    name: Alps\n', 'key: alpine\n    name: Alpine\n')
          .replace('rateZone: alps', 'rateZone: alpine'),
      )
      t.equal((await desk.run('apply --auto-approve')).code, 0, 'the way out leads out')
      t.equal((await desk.state()).addonPlans['alps-1gb']?.revision, 2)
    },
  },
])

rows('a field that left the catalog', [
  {
    name: 'stays on the account, and the plan says so once',
    check: async (t, desk) => {
      desk.write(CATALOG, plansOf({ a: 'name: X, description: Old' }))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, plansOf({ a: 'name: X' }))
      const before = desk.simulator.calls.length
      const applied = await desk.run('apply --auto-approve')
      t.equal(applied.code, 0)
      t.match(
        applied.stdout,
        'description (left the catalog: it stays on the account as it is, and is not managed any more)  Old\n',
      )
      t.strictSame(desk.writes(before), [])
      t.match((await desk.run('plan')).stdout, 'Nothing to do: 2 unchanged')
      t.equal([...desk.simulator.world.plans.values()].at(-1)?.basicInfo.planDescription, 'Old')
    },
  },
])

/** ModifyRateZone with another name, which sft-catalog itself never sends. */
async function rename(desk: Desk, id: string, name: string): Promise<void> {
  await using sft = openSft({
    baseUrl: desk.simulator.url,
    username: 'seller',
    password: PASSWORD,
    callsPerSecond: 1000,
  })
  await sft.write.modifyRateZone({ id, name })
}
