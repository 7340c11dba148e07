// The package as somebody gets it: packed, unpacked in a fresh folder, and used as README says. For `npm run test:all`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const run = (command: string, args: readonly string[], cwd: string) =>
  spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: tmpdir() },
  })

t.test(
  'the packed tarball works in a fresh folder',
  { skip: process.env['FRESH_FOLDER'] === undefined, timeout: 600_000 },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-fresh-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    if (!existsSync('dist/cli/main.js')) {
      const built = run('npm', ['run', '--silent', 'build'], '.')
      t.equal(built.status, 0, built.stderr)
    }
    const packed = run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], '.')
    t.equal(packed.status, 0, packed.stderr)
    const [tarball = ''] = packed.stdout.trim().split('\n').slice(-1)
    const modules = join(folder, 'node_modules')
    const home = join(modules, 'sft-catalog')
    mkdirSync(home, { recursive: true })
    const unpacked = run(
      'tar',
      ['xzf', join(folder, tarball), '--strip-components=1', '-C', home],
      '.',
    )
    t.equal(unpacked.status, 0, unpacked.stderr)
    // What npm would fetch is there already; nothing is asked of a registry.
    symlinkSync(resolve('node_modules'), join(home, 'node_modules'))
    const cli = (...words: string[]) =>
      run(process.execPath, [join(home, 'dist/cli/main.js'), ...words], folder)
    t.match(cli('--version').stdout, /^\d+\.\d+\.\d+ \(node v/)
    const began = cli('init', '--ci', 'github')
    t.equal(began.status, 0, began.stderr)
    t.match(cli('validate').stdout, /^catalog is valid: 1 rate zone, 2 add-on plans, 1 batch/)
    t.match(cli('explain', 'CHANGE_SHARE').stdout, /^CHANGE_SHARE\n/)
    t.match(cli('explain', 'addonPlans.validity').stdout, /30 days/)
    const demo = cli('demo')
    t.equal(demo.status, 0, demo.stderr)
    t.match(demo.stdout, /DEMO-1: delivered/)
  },
)
