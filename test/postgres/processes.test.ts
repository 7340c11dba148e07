import t from 'tap'
import { testProcesses } from '../provision/selling-processes.ts'
import { noPostgres, startPostgres } from './server.ts'

if (noPostgres !== false) t.plan(0, noPostgres)
else {
  const server = await startPostgres(t)
  let schemas = 0
  testProcesses(t, 'PostgreSQL', () => {
    schemas += 1
    const place = `${server.url}?schema=shop_${schemas}`
    return { state: place, ledger: place }
  })
}
