import t from 'tap'
import { files, type Places, testMoves } from '../stores/moves.ts'
import { noPostgres, startPostgres } from './server.ts'

if (noPostgres !== false) t.plan(0, noPostgres)
else {
  const server = await startPostgres(t)
  let schemas = 0
  const postgres: Places = {
    name: 'PostgreSQL',
    place: () => {
      schemas += 1
      return `${server.url}?schema=move_${schemas}`
    },
  }
  for (const part of ['state', 'ledger'] as const) {
    testMoves(t, part, files, postgres)
    testMoves(t, part, postgres, files)
  }
}
