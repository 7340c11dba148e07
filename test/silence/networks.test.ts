// A list of networks that says less than there is: no zone is made smaller, and none is made with less.
import t from 'tap'
import type { Fault, SimulatedWire } from '../../src/simulator/index.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { json } from './rows.ts'

/** What the account says of its networks, and what a plan of a zone that is not there yet comes to. */
const DOUBTS: readonly {
  readonly name: string
  readonly wire?: SimulatedWire
  readonly faults?: readonly Fault[]
  /** `create`: the doubt is over by the second reading, or by another list. */
  readonly becomes: 'blocked' | 'create' | 'an error'
}[] = [
  {
    name: 'rows that are no objects',
    wire: { junkRows: { fetchNetworkList: 'mixed' } },
    becomes: 'blocked',
  },
  {
    name: 'nothing but rows that are no objects: the roaming profiles tell them',
    wire: { junkRows: { fetchNetworkList: 'nulls' } },
    becomes: 'create',
  },
  {
    name: 'nothing but such rows in the roaming profiles too',
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

t.test('a list of networks in doubt makes no zone smaller', async t => {
  for (const { name, wire, faults = [], becomes } of DOUBTS)
    await t.test(name, async t => {
      const desk = await openDesk(t, () => smallCatalog([]))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      const zones = () => [...desk.simulator.world.zones.values()]
      const before = zones().map(zone => zone.networks.length)
      if (wire !== undefined) await desk.control('settings', { wire })
      for (const fault of faults) desk.simulator.fault(fault)
      const writes = desk.simulator.calls.length
      await desk.run('apply --auto-approve')
      t.strictSame(desk.writes(writes), [], 'what there is stays as it is')
      desk.write(
        'catalog/more.yaml',
        'version: 1\nrateZones:\n  - { key: benelux, name: Benelux, countries: [BE, NL] }\n',
      )
      for (const fault of faults) desk.simulator.fault(fault)
      const { code, stdout, stderr } = await desk.run('plan --json --detailed-exitcode')
      if (becomes === 'an error') {
        t.equal(code, 1)
        t.match(stderr, /^error .*GetRoamingProfiles/m)
      } else {
        const { changes } = json(stdout) as {
          changes: { address: string; action: string; reason?: string }[]
        }
        const zone = changes.find(({ address }) => address === 'rateZone/benelux')
        t.equal(zone?.action, becomes, JSON.stringify(zone))
        t.equal(code, becomes === 'create' ? 2 : 5)
        if (becomes === 'blocked') t.match(zone?.reason, /not known/)
      }
      await desk.run('apply --auto-approve')
      t.strictSame(
        zones()
          .map(one => one.networks.length)
          .slice(0, before.length),
        before,
      )
    })
})
