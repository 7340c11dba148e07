import t from 'tap'
import { memoryLedger, openProvisioner } from '../../src/provision/index.ts'
import type { AddonPlanRecord } from '../../src/resources/addon-plan.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import type { State } from '../../src/state/state.ts'
import { openTestSft } from './support.ts'

const network = (operatorId: string, tadig?: string) => ({
  operatorId,
  sponsorId: '1',
  ...(tadig !== undefined && { tadig }),
})

const plan = (planId: string, more: Partial<AddonPlanRecord> = {}): AddonPlanRecord => ({
  planId,
  name: `Plan ${planId}`,
  rateZone: 'benelux',
  rateZoneId: '7',
  spec: { dataMB: 1024, validityDays: 7, activation: 'first-use', charge: '2.5' },
  portal: { sku: `SKU-${planId}`, prices: { EUR: '9.50' } },
  ...more,
})

const STATE: State = {
  version: 2,
  lineage: 'test',
  serial: 1,
  rateZones: {
    benelux: {
      id: '7',
      name: 'Benelux',
      spec: {},
      networks: [
        network('1', 'BELMO'),
        network('2', 'NLDLT'),
        network('3', 'BELTB'),
        network('4', 'AAZTS'),
        network('5'),
      ],
      portal: { picture: 'canal.jpg' },
    },
  },
  addonPlans: {
    small: plan('1'),
    unlimited: plan('2', {
      spec: { dataMB: 'unlimited', dataPer: 'day', validityDays: '1 month', throttleKbps: 512 },
    }),
    elsewhere: plan('3', {}),
    retired: plan('4', { retired: true }),
    'not made yet': plan('', { portal: { sku: 'SKU-5' } }),
    'without a SKU': plan('6', { portal: {} }),
  },
  endpoints: {},
  learnt: {},
  pending: {},
}

t.test(
  'offers are the plans that a purchase takes, with zone, countries and the terms',
  async t => {
    await using simulator = await startSimulator()
    await using sft = openTestSft(simulator)
    const { rateZone: _zone, ...elsewhere } = plan('3')
    const state = { ...STATE, addonPlans: { ...STATE.addonPlans, elsewhere } }
    await using shop = await openProvisioner({
      state: async () => state,
      ledger: memoryLedger(),
      sft,
      env: {},
    })
    const before = simulator.calls.length
    const zone = {
      key: 'benelux',
      name: 'Benelux',
      countries: ['BE', 'NL'],
      portal: { picture: 'canal.jpg' },
    }
    const shared = { dataMB: 1024, validityDays: 7, activation: 'first-use', charge: '2.5' }
    t.strictSame(await shop.offers(), [
      {
        sku: 'SKU-1',
        key: 'small',
        planId: '1',
        name: 'Plan 1',
        zone,
        ...shared,
        portal: { sku: 'SKU-1', prices: { EUR: '9.50' } },
      },
      {
        sku: 'SKU-2',
        key: 'unlimited',
        planId: '2',
        name: 'Plan 2',
        zone,
        dataMB: 'unlimited',
        dataPer: 'day',
        throttleKbps: 512,
        validityDays: '1 month',
        portal: { sku: 'SKU-2', prices: { EUR: '9.50' } },
      },
      {
        sku: 'SKU-3',
        key: 'elsewhere',
        planId: '3',
        name: 'Plan 3',
        ...shared,
        portal: { sku: 'SKU-3', prices: { EUR: '9.50' } },
      },
    ])
    t.equal(simulator.calls.length, before, 'no call is made')
  },
)
