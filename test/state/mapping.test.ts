import t from 'tap'
import { exportMapping, mappingCsv } from '../../src/state/mapping.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import { plan, putEndpoint, putPlan, putZone } from './records.ts'

t.test('the guide’s three tables come out of a state', async test => {
  const store = memoryState()
  await store.append(putZone('europe', '1201'), putPlan('eu-10gb', 'P1'))
  await store.append(
    putEndpoint('8932042000010000020', 'E2'),
    putEndpoint('8932042000010000012', 'E1'),
  )
  const { endpoints, rateZones, addonPlans } = exportMapping(store.state)
  test.equal(
    mappingCsv(endpoints),
    'endpointId,iccid,name,batch,tags\r\n' +
      'E1,8932042000010000012,travel-E1,batch-1,a b\r\n' +
      'E2,8932042000010000020,travel-E2,batch-1,a b\r\n',
  )
  test.equal(
    mappingCsv(rateZones),
    'rateZoneId,rateZoneName,key,portal.destination\r\n1201,Zone 1201,europe,europe\r\n',
  )
  test.equal(
    mappingCsv(addonPlans),
    'planId,planName,key,rateZoneId,rateZone,dataMB,validityDays,activation,portal.sku\r\n' +
      'P1,Plan P1,eu-10gb,1201,europe,1024,30,first-use,SKU-P1\r\n',
  )
  test.same(addonPlans, [
    {
      planId: 'P1',
      planName: 'Plan P1',
      key: 'eu-10gb',
      rateZoneId: '1201',
      rateZone: 'europe',
      dataMB: 1024,
      validityDays: 30,
      activation: 'first-use',
      portal: { sku: 'SKU-P1' },
    },
  ])
})

t.test('a CSV cell is quoted where it must be, and is no formula', async test => {
  const rows = [
    { text: 'a,b', more: 'say "hi"' },
    { text: 'two\nlines', more: '=HYPERLINK("http://x")' },
    { text: '-10% Europe', more: -5.5, last: { list: [1, { a: null }] } },
    { text: '+32', more: null, last: { list: true } },
  ]
  test.equal(
    mappingCsv(rows),
    'text,more,last.list\r\n' +
      '"a,b","say ""hi""",\r\n' +
      'two lines,"\'=HYPERLINK(""http://x"")",\r\n' +
      '\'-10% Europe,-5.5,"[1,{""a"":null}]"\r\n' +
      "'+32,,true\r\n",
  )
  test.equal(mappingCsv([]), '\r\n')
})

t.test('a retired plan says so', async test => {
  const store = memoryState()
  await store.append({
    type: 'put',
    kind: 'addonPlan',
    key: 'old',
    record: { ...plan('P1'), retired: true },
  })
  test.match(exportMapping(store.state).addonPlans, [{ planId: 'P1', retired: true }])
})
