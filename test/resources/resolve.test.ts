import t from 'tap'
import type { JsonObject } from '../../src/model.ts'
import { resolveCatalog } from '../../src/plan/resolve.ts'
import { observedPlan } from '../../src/resources/addon-plan-observed.ts'
import type { Network } from '../../src/sft/api.ts'
import { emptyState } from '../../src/state/apply-entry.ts'
import type { State } from '../../src/state/state.ts'
import {
  APPLIED,
  BATCH,
  catalogFrom,
  type Draft,
  ICCIDS,
  NETWORKS,
  NOTHING_READ,
  PLAN,
  REPORTED_PLAN,
  ZONE,
} from '../plan/support.ts'

/** The resources of a catalog by address, and what was said about it. */
async function resolve(
  draft: Draft,
  networks: readonly Network[] = NETWORKS,
  state: State = emptyState('test'),
  destGroupIds: readonly string[] = ['2515'],
) {
  const { resources, issues } = resolveCatalog(
    await catalogFrom(draft),
    { ...NOTHING_READ, destGroupIds, networks: { items: networks } },
    state,
  )
  return {
    specs: Object.fromEntries([...resources].map(([address, { spec }]) => [address, spec])),
    issues: issues.map(({ code, severity, message, position }) => ({
      code,
      severity,
      message,
      at: position === undefined ? undefined : [position.line, position.column > 1],
    })),
  }
}

const zone = (patch: JsonObject): Draft => ({ rateZones: [{ ...ZONE, ...patch }] })
const networksOf = async (patch: JsonObject, networks = NETWORKS) =>
  (await resolve(zone(patch), networks)).specs['rateZone/z']?.['networks']

const SECOND: Network = { ...(NETWORKS[0] as Network), sponsorId: '102' }

t.test('countries are all networks there, networks are single ones, exclude takes out', async t => {
  t.strictSame(await networksOf({}), ['1/101', '2/101'])
  t.strictSame(await networksOf({ countries: ['Belgium', 'NL'] }), ['1/101', '2/101', '5/101'])
  t.strictSame(
    await networksOf({ countries: [], networks: ['BELPR', { operatorId: '3', sponsorId: '101' }] }),
    ['1/101', '3/101'],
  )
  t.strictSame(await networksOf({ countries: ['BE', 'FR'], exclude: ['BELMO', 'FRAF1'] }), [
    '1/101',
    '4/101',
  ])
  t.strictSame(
    await networksOf({ countries: [], networks: ['BELPR', 'NLDPT'] }, [...NETWORKS, SECOND]),
    ['1/101', '1/102', '5/101'],
    'a TADIG code is the operator through every sponsor',
  )
  t.strictSame(
    await networksOf({ exclude: [{ operatorId: '1', sponsorId: '102' }] }, [...NETWORKS, SECOND]),
    ['1/101', '2/101'],
    'IDs are one operator through one sponsor',
  )
})

t.test('what a zone asks for and the account does not have is told with its place', async t => {
  const issues = async (patch: JsonObject, networks = NETWORKS, state?: State) =>
    (await resolve(zone(patch), networks, state)).issues
  t.match(await issues({ countries: ['BE', 'US'] }), [
    { code: 'COUNTRY_WITHOUT_NETWORK', severity: 'warning', at: [1, true] },
  ])
  t.match(await issues({ networks: ['USAXX', { operatorId: '9', sponsorId: '9' }] }), [
    { code: 'TADIG_UNKNOWN', severity: 'error', message: /no network with TADIG code USAXX/ },
    { code: 'NETWORK_UNKNOWN', severity: 'error', message: /operatorId 9 with sponsorId 9/ },
  ])
  t.match(await issues({ exclude: ['USAXX'] }), [{ code: 'TADIG_UNKNOWN', severity: 'warning' }])
  t.match(await issues({ countries: ['NL'] }), [
    { code: 'ZONE_ONE_NETWORK', severity: 'warning', message: /has a single network/ },
  ])
  t.match(await issues({ exclude: ['BELPR', 'BELMO'] }), [
    { code: 'ZONE_EMPTY', severity: 'error' },
  ])
  t.match(
    await issues(
      { networks: ['BELMO'] },
      NETWORKS.filter(network => network.tadig !== 'BELMO'),
      APPLIED,
    ),
    [
      {
        code: 'TADIG_UNKNOWN',
        severity: 'warning',
        message: /BELMO has left the account's coverage/,
      },
      { code: 'ZONE_ONE_NETWORK' },
    ],
    'a network that the zone had is lost coverage, not a slip',
  )
  const { tadig: _tadig, ...untold } = NETWORKS[1] as Network
  t.strictSame(
    await issues({}, [NETWORKS[0] as Network, untold]),
    [],
    'the name of the country decides',
  )
  t.match(
    await issues({}, [NETWORKS[0] as Network, { ...(NETWORKS[1] as Network), tadig: 'FRAXX' }]),
    [
      {
        code: 'COUNTRY_DISAGREES',
        severity: 'warning',
        message: /left out.*Belgium: FRAXX/,
        at: [1, true],
      },
      { code: 'ZONE_ONE_NETWORK' },
    ],
  )
})

t.test('a network of no certain country joins no zone, leaves none, and is told', async t => {
  const doubtful: Network = {
    operatorId: '90',
    sponsorId: '101',
    countryName: 'Caribbean',
    tadig: 'BELXX',
  }
  const networks = [...NETWORKS, doubtful]
  const left = await resolve(zone({}), networks)
  t.strictSame(left.specs['rateZone/z']?.['networks'], ['1/101', '2/101'])
  t.match(left.issues, [{ code: 'COUNTRY_UNCERTAIN', message: /left out.*Caribbean/ }])
  const named = await resolve(zone({ exclude: [{ operatorId: '90', sponsorId: '101' }] }), networks)
  t.strictSame(named.issues, [], 'excluded by name: nothing to say')
  const record = APPLIED.rateZones['z']
  const had = {
    ...APPLIED,
    rateZones: record && {
      z: { ...record, networks: [...record.networks, { operatorId: '90', sponsorId: '101' }] },
    },
  } as State
  const kept = await resolve(zone({}), networks, had)
  t.strictSame(kept.specs['rateZone/z']?.['networks'], ['1/101', '2/101', '90/101'])
  t.match(kept.issues, [{ code: 'COUNTRY_UNCERTAIN', message: /kept.*Caribbean/ }])
})

t.test('a destination group that is not known, or not the only one, must be given', async t => {
  const told = async (destGroupIds: readonly string[], account = {}) =>
    (await resolve({ ...zone({}), account }, NETWORKS, emptyState('test'), destGroupIds)).issues
  t.match(await told([]), [{ code: 'DEST_GROUP_UNKNOWN', message: /did not tell a destGroupId/ }])
  t.match(await told(['1', '2']), [{ code: 'DEST_GROUP_UNKNOWN', message: /several.*1, 2/ }])
  t.strictSame(await told(['1', '2'], { destGroupId: '2' }), [])
})

t.test('a plan takes the account’s defaults, and its own where it has them', async t => {
  const { specs } = await resolve({
    ...zone({}),
    account: { planType: 'postpaid', destinationGroup: '77' },
    addonPlans: [
      PLAN,
      {
        ...PLAN,
        key: 'q',
        name: 'Other',
        portal: { sku: 'Q' },
        rateZone: { id: '1201' },
        charge: '4.50',
        renewal: { on: 'exhaustion', times: 2 },
        serviceProfile: 'SP_9',
        currencyId: '45',
        destinationGroup: '78',
        sft: { notification: [] },
      },
    ],
  })
  t.match(specs['addonPlan/p'], {
    rateZone: { ref: 'rateZone/z' },
    dataMB: 1024,
    validityDays: 7,
    charge: '5',
    renewal: null,
    planType: 'postpaid',
    destinationGroup: '77',
    serviceProfile: 'SP_1335',
  })
  t.match(specs['addonPlan/q'], {
    rateZone: '1201',
    charge: '4.5',
    renewal: { on: 'exhaustion', times: 2 },
    serviceProfile: 'SP_9',
    currencyId: '45',
    destinationGroup: '78',
    sft: { notification: [] },
  })
})

t.test('a plan as reported is read in the catalog’s terms, and only what is reported', async t => {
  t.strictSame(observedPlan({ planId: 'P', name: 'Bare' }).spec, { name: 'Bare' })
  const seen = (patch: Partial<typeof REPORTED_PLAN>) =>
    observedPlan({ ...REPORTED_PLAN, ...patch }).spec
  t.equal(seen({})['renewal'], null, 'one subscription is one time')
  t.equal(
    seen({ subscription: { reSubscription: 'false', rule: '2', occurrences: '5' } })['renewal'],
    null,
    'and so is no resubscription',
  )
  t.strictSame(seen({ subscription: { rule: '1', occurrences: '5' } })['renewal'], {
    on: 'expiry',
    times: 5,
  })
  t.notOk('validityDays' in seen({ validity: { type: '2', factor: '1' } }), 'months are not days')
  t.notOk('dataMB' in seen({ benefits: [] }), 'a plan without a data benefit')
  t.notOk('dataMB' in seen({ benefits: [{ value: '1' }, { value: '2' }] }), 'or with several')
  t.equal(seen({ charge: '05.500' })['charge'], '5.5')
})

t.test(
  'an endpoint has a name of its own and the settings of its batch or the account',
  async t => {
    const { specs } = await resolve({
      endpointBatches: [
        { ...BATCH, name: '{batch} {n} of {iccid}', iccids: ICCIDS, apnGroup: 'PDP_2' },
      ],
    })
    t.strictSame(specs[`endpoint/${ICCIDS[1]}`], {
      name: `b 2 of ${ICCIDS[1]}`,
      basePlan: 'DEFAULTPRE41274807',
      apnGroup: 'PDP_2',
      roamingProfiles: ['3017'],
    })
  },
)
