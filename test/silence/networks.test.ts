// A list of networks that says less than there is: no zone is made smaller, and none is made with less.
import t from 'tap'
import type { Sft } from '../../src/sft/api.ts'
import { SftError } from '../../src/sft/errors.ts'
import type { Fault, SimulatedWire } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import {
  applyOnce,
  applyUntilDone,
  catalogWith,
  openTestSft,
  planOnce,
  simulate,
} from '../apply/helpers.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'

/** What the account says of its networks, and what a plan of a zone that is not there yet comes to. */
const DOUBTS: readonly {
  readonly name: string
  readonly wire?: SimulatedWire
  readonly faults?: readonly Fault[]
  /** `create`: the doubt is over by the second reading, or by another list. */
  readonly becomes: 'blocked' | 'create' | 'an error'
}[] = [
  ...(['nulls', 'mixed', 'bare'] as const).flatMap(junk => [
    {
      name: `rows that are none (${junk}): the roaming profiles tell the networks`,
      wire: { junkRows: { fetchNetworkList: junk } },
      becomes: 'create' as const,
    },
    {
      name: `rows that are none (${junk}), in the roaming profile too`,
      wire: { junkRows: { fetchNetworkList: junk, tadigList: junk } },
      becomes: 'blocked' as const,
    },
    {
      name: `rows that are none (${junk}) in the roaming profile, and no other list`,
      wire: { networkList: 'unknown' as const, junkRows: { tadigList: junk } },
      becomes: 'blocked' as const,
    },
    {
      name: `rows that are none (${junk}) among the networks of zones`,
      wire: { junkRows: { operatorIdList: junk } },
      becomes: 'create' as const,
    },
  ]),
  {
    name: 'a roaming profile without any network, and no other list',
    wire: { networkList: 'unknown', hiddenRows: { tadigList: 1000 } },
    becomes: 'blocked',
  },
  {
    name: 'a list without the networks that zones have',
    wire: { hiddenRows: { fetchNetworkList: 20 } },
    becomes: 'blocked',
  },
  ...(['html', 'failure', 'nothing', 'no-data', 'bad-request', 'unauthorised'] as const).flatMap(
    odd => [
      {
        name: `a list that answers "${odd}": the roaming profiles tell the networks`,
        wire: { oddAnswers: { fetchNetworkList: odd } },
        becomes: 'create' as const,
      },
      {
        name: `two lists that answer "${odd}"`,
        wire: { oddAnswers: { fetchNetworkList: odd, GetRoamingProfiles: odd } },
        becomes: 'an error' as const,
      },
    ],
  ),
  {
    name: 'nothing but rows that are none, in place of roaming profiles too',
    wire: { junkRows: { fetchNetworkList: 'nulls', GetRoamingProfiles: 'nulls' } },
    becomes: 'an error',
  },
  {
    name: 'one wrong "No data available"',
    faults: [{ operation: 'fetchNetworkList', kind: 'no-data' }],
    becomes: 'create',
  },
  {
    name: 'an empty list, once',
    faults: [{ operation: 'fetchNetworkList', kind: 'lists-empty' }],
    becomes: 'create',
  },
]

const ZONES = 'rateZones:\n  - { key: alps, name: Alps, countries: [FR, DE] }\n'
const MORE = `${ZONES}  - { key: benelux, name: Benelux, countries: [BE, NL] }\n`

t.test('a list of networks in doubt makes no zone smaller, and none with less', async t => {
  for (const { name, wire = {}, faults = [], becomes } of DOUBTS)
    await t.test(name, async t => {
      await using simulator = await simulate()
      await using store = memoryState()
      const open = () => openTestSft(simulator)
      const [applied, grown] = [await catalogWith(ZONES), await catalogWith(MORE)]
      await applyUntilDone(applied, open, store)
      const sizes = () => [...simulator.world.zones.values()].map(zone => zone.networks.length)
      const before = sizes()
      const writes = () => simulator.calls.filter(({ operation }) => /Zone$/.test(operation))
      const setWire = async (wire: SimulatedWire) => {
        const body = JSON.stringify({ wire })
        await fetch(`${simulator.url}/_simulator/settings`, { method: 'POST', body })
      }
      /** A run of a process of its own; none where the account cannot be read. */
      const run = async <Value>(work: (sft: Sft) => Promise<Value>): Promise<Value | undefined> => {
        for (const fault of faults) simulator.fault(fault)
        await using sft = open()
        try {
          return await work(sft)
        } catch (error) {
          if (error instanceof SftError) return undefined
          throw error
        } finally {
          simulator.clearFaults()
        }
      }
      await setWire(wire)
      const sent = writes().filter(isWrite).length
      await run(sft => applyOnce(applied, sft, store))
      t.equal(writes().filter(isWrite).length, sent, 'what there is stays as it is')
      const made = await run(sft => planOnce(grown, sft, store))
      const zone = made?.plan.changes.find(({ address }) => address === 'rateZone/benelux')
      t.equal(zone?.action ?? 'an error', becomes)
      if (zone?.action === 'blocked') t.match(zone, { notKnown: true, reason: /not known/ })
      await run(sft => applyOnce(grown, sft, store))
      await setWire(USUAL)
      simulator.clearFaults()
      await applyUntilDone(grown, open, store)
      t.strictSame(sizes()[0], before[0], 'no zone is smaller')
      const wanted = [...simulator.world.networks.values()].filter(({ tadig }) =>
        /^(BEL|NLD)/.test(tadig),
      )
      t.equal(sizes()[1], wanted.length, 'and none is made with less')
    })
})

const isWrite = ({ operation }: { readonly operation: string }) => !operation.startsWith('Get')

/** What each row may have set otherwise. */
const USUAL: SimulatedWire = { networkList: 'works', junkRows: {}, hiddenRows: {}, oddAnswers: {} }

t.test('the command line: networks that are not known are 5, none at all are 1', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  desk.write('catalog/more.yaml', `version: 1\n${MORE.replace(/.*alps.*\n/, '')}`)
  await desk.control('settings', {
    wire: { junkRows: { fetchNetworkList: 'mixed', tadigList: 'mixed' } },
  })
  const blocked = await desk.run('plan --detailed-exitcode')
  t.equal(blocked.code, 5)
  t.match(blocked.stdout, /which networks it should have is not known/)
  await desk.control('settings', {
    wire: { oddAnswers: { fetchNetworkList: 'html', GetRoamingProfiles: 'html' } },
  })
  const failed = await desk.run('plan --detailed-exitcode')
  t.equal(failed.code, 1)
  t.match(failed.stderr, /^error .*GetRoamingProfiles/m)
  t.strictSame(desk.writes(), [])
})
