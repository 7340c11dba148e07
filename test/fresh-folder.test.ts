// The package as somebody gets it: packed, unpacked in a fresh folder, and used as README says. For `npm run test:all`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

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

t.test(
  "the action's install step installs the packed tarball, and finds its program",
  { skip: process.env['FRESH_FOLDER'] === undefined, timeout: 600_000 },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-action-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    if (!existsSync('dist/cli/main.js')) run('npm', ['run', '--silent', 'build'], '.')
    const packed = run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], '.')
    const [tarball = ''] = packed.stdout.trim().split('\n').slice(-1)
    const action = parse(readFileSync('action.yml', 'utf8'))
    const step: { readonly run?: string } | undefined = action.runs.steps.find(
      ({ id }: { readonly id?: string }) => id === 'install',
    )
    const output = join(folder, 'output')
    const installed = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', step?.run ?? 'exit 1'], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        npm_config_prefer_offline: 'true',
        PACKAGE: `./${tarball}`,
        SOURCE: folder,
        RUNNER_TEMP: folder,
        GITHUB_OUTPUT: output,
      },
    })
    t.equal(installed.status, 0, installed.stderr)
    t.match(installed.stdout, /\d+\.\d+\.\d+ \(node v/)
    const [, program = ''] = /^program=(.*)$/m.exec(readFileSync(output, 'utf8')) ?? []
    const began = run(program, ['init', '--policy'], folder)
    t.equal(began.status, 0, began.stderr)
    t.match(run(program, ['validate'], folder).stdout, '9 rules of the team')
  },
)
