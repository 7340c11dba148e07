import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { nodeWords, PROGRAM } from '../program.ts'
import { openDesk, smallCatalog } from './desk.ts'
import { PASSWORD, runCli, startCli } from './run-cli.ts'

const cwd = t.testdir({ catalog: { 'c.yaml': smallCatalog([])['catalog/catalog.yaml'] ?? '' } })
const run = (args: readonly string[], env: Record<string, string> = {}) =>
  runCli(args, { cwd, env })
/** As a shell runs it. */
const runAlone = (args: readonly string[]) => runCli(args, { cwd, ownProcess: true })

t.test('it tells its version and its commands', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const ask of [runAlone, run]) {
    const { code, stdout, stderr } = await ask([ask === run ? '-v' : '--version'])
    t.same(
      [code, stdout, stderr],
      [0, `${version} (node ${process.version}, ${process.platform} ${process.arch})\n`, ''],
    )
  }
  const help = await run(['--help'])
  t.equal(help.code, 0)
  t.match(
    help.stdout,
    /^sft-catalog \d\S+ \(node v\d\S+, \w+ \w+\): configuration as code for BICS SIM for Things\n/,
  )
  t.match(help.stdout, /^sft-catalog --version tells/m)
  for (const name of [
    'validate',
    'plan',
    'apply',
    'coverage',
    'state',
    'provision',
    'simulate',
    'demo',
  ])
    t.match(help.stdout, new RegExp(`^ {2}${name} +\\S`, 'm'))
  const none = await run([])
  t.same([none.code, none.stdout], [64, help.stdout])
  const plan = await run(['plan', '--help'])
  t.equal(plan.code, 0)
  t.match(plan.stdout, /^sft-catalog plan \[flags\]\n/)
  t.same((await run(['help', 'plan'])).stdout, plan.stdout)
  t.same((await run(['help', 'constructor'])).stdout, help.stdout)
})

t.test('a process ends with the exit code of its command, and writes what it would', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  for (const [args, code] of [
    ['plan --prnue', 64],
    ['plan --detailed-exitcode', 2],
    ['apply --auto-approve --max-minutes 0.00001', 4],
    ['plan --json', 0],
  ] as const) {
    const ended = await desk.run(args, { ownProcess: true })
    t.equal(ended.code, code, `${args}\n${ended.stderr}`)
    const inside = await desk.run(args)
    if (!args.startsWith('apply')) t.same(ended, inside, args)
  }
})

t.test('wrong usage is one line that says where to look, exit code 64', async t => {
  for (const [args, text] of [
    [['plna'], 'sft-catalog: no command "plna"; did you mean plan? See sft-catalog --help'],
    [['constructor'], 'sft-catalog: no command "constructor". See sft-catalog --help'],
    [
      ['plan', '--prnue'],
      "sft-catalog plan: Unknown option '--prnue'; did you mean --prune? See sft-catalog plan --help",
    ],
    [['plan', 'now'], 'sft-catalog plan: unexpected argument "now". See sft-catalog plan --help'],
    [
      ['plan', '--canary', '1.5'],
      'sft-catalog plan: --canary takes a whole number. See sft-catalog plan --help',
    ],
    [
      ['apply', '--max-minutes', '0'],
      'sft-catalog apply: --max-minutes 0: give a number above 0. See sft-catalog apply --help',
    ],
    [
      ['apply', '--max-minutes', 'soon', '--auto-approve'],
      'sft-catalog apply: --max-minutes soon: give a number above 0. See sft-catalog apply --help',
    ],
    [
      ['apply', '--parallel', 'x', '--auto-approve'],
      'sft-catalog apply: --parallel x: give a number above 0. See sft-catalog apply --help',
    ],
    [
      ['plan', '--calls-per-second', '-1'],
      'sft-catalog plan: --calls-per-second needs a value; one that begins with a dash is given as --calls-per-second=-…. See sft-catalog plan --help',
    ],
    [
      ['validate', '--iccid-check-digit', 'no'],
      'sft-catalog validate: --iccid-check-digit is "no": give one of error, warning, off. See sft-catalog validate --help',
    ],
    [
      ['provision', '--sku', 'X'],
      'sft-catalog provision: --order is missing. See sft-catalog provision --help',
    ],
    [
      ['provision', '--order', 'A', '--sku', 'X', '--qr', 'q.jpg'],
      'sft-catalog provision: --qr takes a file ending in .png or .svg, or -. See sft-catalog provision --help',
    ],
    [
      ['topup', '--order', 'A', '--sku', 'X'],
      'sft-catalog topup: --endpoint is missing. See sft-catalog topup --help',
    ],
    [['usage'], 'sft-catalog usage: give --endpoint or --order. See sft-catalog usage --help'],
    [
      ['suspend', '--endpoint', '1', '--reason', 'anger'],
      'sft-catalog suspend: --reason is one of support, non-payment, system. See sft-catalog suspend --help',
    ],
    [
      ['remove-addon', '--endpoint', '1'],
      'sft-catalog remove-addon: --instance is missing. See sft-catalog remove-addon --help',
    ],
    [
      ['order'],
      'sft-catalog order: an argument is missing (ID [--qr FILE] | settle ID --instance UNIQUE_ID | settle ID --not-sold [flags]). See sft-catalog order --help',
    ],
  ] as const) {
    const { code, stdout, stderr } = await run(args, {
      SFT_BASE_URL: 'http://127.0.0.1:9',
      SFT_USERNAME: 'nobody',
      SFT_PASSWORD: PASSWORD,
    })
    t.same([code, stdout, stderr], [64, '', `${text}\n`], args.join(' '))
  }
  t.notOk(existsSync(join(cwd, 'state.json')), 'nothing is left behind')
})

t.test('validate and schema need no account', async t => {
  const good = await run(['validate'])
  t.equal(good.code, 0)
  t.equal(good.stdout, 'catalog is valid: 1 rate zone, 1 add-on plan, 0 batches with 0 endpoints\n')
  t.same(JSON.parse((await run(['validate', '--json'])).stdout), {
    format: 1,
    command: 'validate',
    outcome: 'ok',
    exitCode: 0,
    valid: true,
    issues: [],
  })
  const bad = t.testdir({ 'c.yaml': 'version: 1\nrateZones:\n  - key: a\n    nmae: A\n' })
  const { code, stdout, stderr } = await run(['validate', '--json', '--catalog', bad])
  t.equal(code, 1)
  t.equal(stderr, '')
  const told = JSON.parse(stdout)
  t.match(told, { format: 1, valid: false })
  t.match(
    told.issues.find((issue: { code: string }) => issue.code === 'UNKNOWN_KEY'),
    { severity: 'error', hint: 'did you mean name?', position: { line: 4, column: 5 } },
  )
  const shown = await run(['validate', '--catalog', bad])
  t.equal(shown.code, 1)
  t.match(
    shown.stderr,
    /c\.yaml:4:5: error UNKNOWN_KEY: .*\n {2}4 \| {5}nmae: A\n {4}\| {5}\^+\n {2}hint: .*name/,
  )
  t.match(shown.stderr, /\n3 errors, 1 warning\n$/)
  const schema = JSON.parse((await run(['schema'])).stdout)
  t.match(schema, {
    title: 'sft-catalog, version 1',
    properties: { rateZones: {}, addonPlans: {} },
  })
  t.match((await run(['validate', '--catalog', 'nowhere'])).stderr, /nowhere/)
})

t.test('.env is read; the environment goes before it, and flags before both', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const { SFT_BASE_URL, SFT_CALLS_PER_SECOND } = desk.env
  desk.write(
    '.env',
    `SFT_BASE_URL=${SFT_BASE_URL}\nSFT_USERNAME=seller\nSFT_PASSWORD=${PASSWORD}\nSFT_STATE=other.json\n`,
  )
  const bare = (args: string[], env: Record<string, string> = {}) =>
    runCli(args, {
      cwd: desk.folder,
      env: { SFT_CALLS_PER_SECOND: SFT_CALLS_PER_SECOND ?? '', ...env },
    })
  t.equal((await bare(['apply', '--auto-approve', '--init'])).code, 0)
  t.ok(existsSync(join(desk.folder, 'other.json')))
  t.match((await bare(['plan'])).stdout, 'Nothing to do')
  const wrong = await bare(['plan'], { SFT_BASE_URL: 'http://127.0.0.1:9' })
  t.match(wrong.stderr, 'no connection')
  t.notMatch(wrong.stderr, /Sft\w+Error/)
  const right = await bare(['plan', '--base-url', SFT_BASE_URL ?? '', '--state', 'other.json'], {
    SFT_BASE_URL: 'http://127.0.0.1:9',
    SFT_STATE: 'third.json',
  })
  t.match(right.stdout, 'Nothing to do')
})

t.test('--trace has a line for every call, and no secret', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  const { stderr, stdout } = await desk.run('apply --auto-approve --trace --json')
  JSON.parse(stdout)
  const lines = stderr.split('\n').filter(line => line.startsWith('{'))
  t.equal(lines.length, desk.simulator.calls.length)
  t.ok(lines.some(line => line.includes('"CreateRateZone"')))
})

t.test('the demo is the same whatever the machine holds', { timeout: 120_000 }, async t => {
  const folder = t.testdir({ '.env': 'SFT_BASE_URL=http://127.0.0.1:9\nSFT_STATE=env.json\n' })
  const { code, stdout, stderr } = await runCli(['demo'], {
    cwd: folder,
    env: {
      SFT_BASE_URL: 'http://127.0.0.1:9',
      SFT_USERNAME: 'x',
      SFT_PASSWORD: PASSWORD,
      SFT_CATALOG: 'nowhere',
    },
  })
  t.equal(code, 0, stderr)
  t.match(stdout, /^A simulated SFT account of 10 calls a second/)
  t.match(stdout, /Done: 31 done, 0 failed/)
  t.match(stdout, /Nothing to do: 31 unchanged/)
  t.match(stdout, 'DEMO-1: delivered')
  t.match(stdout, /█+░+/)
  t.match(stdout, /What next.*\n {2}sft-catalog init /)
  const lines = stdout.trimEnd().split('\n')
  // Beside it stand the row of its calls and that stock is low, on stderr.
  t.ok(lines.length <= 58, `${lines.length} lines`)
  t.same(
    lines.filter(line => [...line].length > 80),
    [],
    'each fits into 80 columns',
  )
  t.same(existsSync(join(folder, 'env.json')), false)
})

t.test('simulate says where it is, keeps its world, and ends when told', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-simulate-'))
  const start = async (...flags: string[]) => {
    const running = startCli(
      ['simulate', '--save', 'world.json', '--calls-per-second', '500', ...flags],
      {
        cwd: folder,
        env: { SFT_USERNAME: 'seller', SFT_PASSWORD: PASSWORD },
      },
    )
    await running.until(/\n/)
    const url =
      /^SFT simulator on (http:\/\/127\.0\.0\.1:\d+) \(look and meddle: \1\/_simulator\/\)\n$/.exec(
        running.stdout(),
      )?.[1]
    if (url === undefined) throw new Error(running.stdout())
    return { running, url }
  }
  const { cwd: _cwd, ...env } = {
    cwd,
    SFT_USERNAME: 'seller',
    SFT_PASSWORD: PASSWORD,
    SFT_CALLS_PER_SECOND: '500',
  }
  const first = await start('--sims', '20')
  const applied = await runCli(
    ['apply', '--init', '--auto-approve', '--state', join(folder, 'state.json')],
    {
      cwd,
      env: { ...env, SFT_BASE_URL: first.url },
    },
  )
  t.equal(applied.code, 0, applied.stderr)
  first.running.kill('SIGTERM')
  t.equal((await first.running.ended).code, 0)
  const port = new URL(first.url).port
  const second = await start('--port', port)
  t.equal(second.url, first.url)
  const again = await runCli(['plan', '--state', join(folder, 'state.json')], {
    cwd,
    env: { ...env, SFT_BASE_URL: second.url },
  })
  t.match(again.stdout, 'Nothing to do: 2 unchanged')
  const taken = await runCli(['simulate', '--port', port], { cwd })
  t.equal(taken.code, 1)
  t.match(taken.stderr, /^error port \d+: another program listens there; give another port\n$/)
  second.running.kill('SIGINT')
  t.equal((await second.running.ended).code, 0)
})

t.test('a reader that goes away ends the output, not with an error', async t => {
  const words = nodeWords([...PROGRAM, 'schema']).map(word => `'${word}'`)
  const ended = spawnSync('sh', ['-c', `${words.join(' ')} | head -1`], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  t.equal(ended.stdout, '{\n')
  t.notMatch(ended.stderr, 'EPIPE')
})
