import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { noPostgres } from '../postgres/server.ts'
import { nodeWords } from '../program.ts'

const isAsked = process.env['FLEET_ORDERS'] !== undefined

t.test(
  'the demo of the fleet loses nothing, fits a terminal, and says so by its exit code',
  { skip: noPostgres || !isAsked, timeout: 300_000 },
  async t => {
    const [file, ...words] = nodeWords([
      '--import',
      import.meta.resolve('tsx'),
      'test/fleet/demo.ts',
    ])
    const { stdout, stderr } = await promisify(execFile)(file, words)
    t.equal(stderr, '')
    const lines = stdout.split('\n')
    t.ok(lines.length <= 60, `${lines.length} lines`)
    for (const line of lines) t.ok(line.length <= 80, line)
    t.equal(lines.filter(line => line.startsWith('ok ')).length, 4)
    t.notMatch(stdout, 'NOT OK')
  },
)
