import type { AddonPlanRecord } from '../../src/resources/addon-plan.ts'
import type { EndpointRecord } from '../../src/resources/endpoint.ts'
import type { RateZoneRecord } from '../../src/resources/rate-zone.ts'
import type { Intent, PutEntry } from '../../src/state/state.ts'

export const zone = (id: string, name = `Zone ${id}`): RateZoneRecord => ({
  id,
  name,
  networks: [{ operatorId: '1', sponsorId: '7', tadig: 'BELTB' }],
  portal: { destination: 'europe' },
  spec: { name, networks: ['1/7'] },
})

export const plan = (planId: string, rateZone = 'europe'): AddonPlanRecord => ({
  planId,
  name: `Plan ${planId}`,
  rateZone,
  rateZoneId: '1201',
  portal: { sku: `SKU-${planId}` },
  spec: { name: `Plan ${planId}`, dataMB: 1024, validityDays: 30, activation: 'first-use' },
})

export const endpoint = (endpointId: string): EndpointRecord => ({
  endpointId,
  name: `travel-${endpointId}`,
  batch: 'batch-1',
  tags: ['a', 'b'],
  spec: { basePlan: 'BASE' },
})

export const putZone = (key: string, id: string): PutEntry => ({
  type: 'put',
  kind: 'rateZone',
  key,
  record: zone(id),
})

export const putPlan = (key: string, id: string, rateZone?: string): PutEntry => ({
  type: 'put',
  kind: 'addonPlan',
  key,
  record: plan(id, rateZone),
})

export const putEndpoint = (key: string, id: string): PutEntry => ({
  type: 'put',
  kind: 'endpoint',
  key,
  record: endpoint(id),
})

export const intent = (id: string, key = 'europe'): Intent => ({
  id,
  operation: 'CreateRateZone',
  at: '2026-11-21T09:00:00.000Z',
  settleSeconds: 60,
  action: 'create',
  drafts: [{ kind: 'rateZone', key, naturalKey: 'Zone 1', record: zone('') }],
})
