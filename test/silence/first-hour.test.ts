// What somebody meets in the first hour: a row a case, through the real command line.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ISSUE_CODES } from '../../src/issues.ts'
import { OUTCOMES } from '../../src/outcome.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { PASSWORD, runCli } from '../cli/run-cli.ts'
import { nodeWords, PROGRAM } from '../program.ts'

const inFolder =
  (cwd: string, env: Record<string, string> = {}) =>
  (words: string) =>
    runCli(words.split(' '), { cwd, env })

t.test('a catalog that init began is applied, and its second plan is empty', async t => {
  const desk = await openDesk(t, () => ({}), {
    iccids: ['8932042000010000004', '8932042000010000012', '8932042000010000020'].concat(
      '8932042000010000038',
      '8932042000010000046',
    ),
  })
  const alone = { ownProcess: true, asTyped: true }
  const began = await desk.run('init --simulator --ci github', alone)
  t.equal(began.code, 0, began.stderr)
  t.match(began.stdout, /What next\n.*simulate --port 8099[\s\S]*sft-catalog apply --init/)
  t.same((await desk.run('validate', alone)).code, 0)
  t.match((await desk.run('apply --init --auto-approve', alone)).stdout, /Done: 8 done, 0 failed/)
  t.match(await desk.run('plan --detailed-exitcode', alone), {
    code: 0,
    stdout: /Nothing to do: 8 unchanged/,
  })
  t.match(desk.read('catalog/catalog.yaml'), /^# yaml-language-server: \$schema=/)
  t.equal((await desk.run('fmt --check')).code, 0, 'it is in the one form')
  t.match(desk.read('.gitignore'), /^\.env$/m)
  t.match(desk.read('.env.example'), /^SFT_USERNAME=$/m)
  t.type(parse(desk.read('.github/workflows/catalog.yml')), 'object')
})

t.test(
  'with an account, init writes the IDs that its objects have, and where it saw them',
  async t => {
    const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    const folder = t.testdir({})
    const before = desk.simulator.calls.length
    const { code, stdout } = await runCli(['init'], { cwd: folder, env: desk.env })
    t.equal(code, 0)
    t.match(stdout, /^Account: 127\.0\.0\.1:\d+ as seller/)
    t.same(desk.writes(before), [], 'it only reads')
    const text = readFileSync(join(folder, 'catalog/catalog.yaml'), 'utf8')
    t.match(text, /addonServiceProfile: SP_1335 {2}# .*seen in .*add-on plans/)
    t.match(text, /basePlan: DEFAULTPRE41274807 {2}# .*seen in/)
    t.match(text, /roamingProfiles: \["3017"\]/)
    const inside = { ...desk.env, SFT_STATE: join(desk.folder, 'state.json') }
    t.equal((await runCli(['validate'], { cwd: folder, env: inside })).code, 0)
  },
)

t.test('init overwrites nothing, and says what it left as it is', async t => {
  const folder = t.testdir({ '.gitignore': 'mine\n' })
  const run = inFolder(folder)
  const { code, stdout } = await run('init')
  t.equal(code, 0)
  t.match(stdout, '.gitignore is there already, and stays as it is')
  writeFileSync(join(folder, 'catalog/catalog.yaml'), 'mine: too\n')
  t.equal((await run('init')).code, 0)
  t.equal(readFileSync(join(folder, '.gitignore'), 'utf8'), 'mine\n')
  t.equal(readFileSync(join(folder, 'catalog/catalog.yaml'), 'utf8'), 'mine: too\n')
  t.match(await run('init --ci jenkins'), { code: 64, stderr: /give one of github, gitlab, none/ })
})

t.test('every issue code, exit code and field is explained', async t => {
  const run = inFolder('.')
  for (const code of Object.keys(ISSUE_CODES)) {
    const { stdout } = await run(`explain ${code}`)
    t.equal(stdout.split('\n')[0], code)
    t.ok(stdout.split('\n').length >= 4, `${code} has a meaning and a way out`)
  }
  for (const { code } of Object.values(OUTCOMES))
    t.match((await run(`explain ${code}`)).stdout, new RegExp(`^exit code ${code} \\(`))
  const rows: readonly [word: string, said: RegExp][] = [
    ['change_share', /^CHANGE_SHARE\n/],
    ['NoEsimAvailableError', /stock is empty/],
    ['addonPlans.validity', /^addonPlans\.validity\n.*\n.*30 days/],
    ['account', /It has .*basePlan/],
    ['addonPlans.portal.sku', /unique among plans/],
  ]
  for (const [word, said] of rows) t.match((await run(`explain ${word}`)).stdout, said, word)
  const slips: readonly [word: string, said: string][] = [
    ['CHANGE_SHAER', 'did you mean CHANGE_SHARE?'],
    ['addonPlans.validty', 'did you mean addonPlans.validity?'],
    ['zzz', 'give an issue code'],
  ]
  for (const [word, said] of slips)
    t.match(await run(`explain ${word}`), { code: 64, stderr: said }, word)
})

t.test('a misspelt --target is told before the account is asked', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  for (const command of ['plan', 'apply --auto-approve']) {
    const { code, stderr } = await desk.run(`${command} --target addonPlan/alps-1gbb`)
    t.equal(code, 1)
    t.match(stderr, /TARGET_UNKNOWN.*\n.*did you mean addonPlan\/alps-1gb\?/)
  }
  t.equal(desk.simulator.calls.length, 0)
})

/** Whether a shell is there; the checks that run all tests say which ones must be. */
const has = (shell: string): boolean =>
  (process.env['TEST_SHELLS'] ?? '').split(' ').includes(shell) ||
  spawnSync('sh', ['-c', `command -v ${shell}`], { stdio: 'ignore' }).status === 0

t.test('commands, flags, addresses and SKUs are completed', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  const rows: readonly [line: string, words: readonly string[]][] = [
    ['sft-catalog val', ['validate']],
    ['sft-catalog plan --can', ['--canary']],
    ['sft-catalog plan --target rate', ['rateZone/alps']],
    ['sft-catalog provision --order A --sku ALP', ['ALPS-1GB-7D']],
    ['sft-catalog completion b', ['bash']],
    ['sft-catalog explain CHANGE', ['CHANGE_SHARE']],
    ['sft-catalog plan --out ', []],
    ['sft-catalog nothing --x', []],
  ]
  for (const [line, words] of rows) {
    const { stdout } = await desk.run('completion words', { env: { COMP_LINE: line } })
    t.same(stdout.split('\n').filter(Boolean), words, line)
  }
  const bin = join(desk.folder, 'bin')
  mkdirSync(bin)
  const program = nodeWords(PROGRAM).map(word => `'${word}'`)
  writeFileSync(join(bin, 'sft-catalog'), `#!/bin/sh\nexec ${program.join(' ')} "$@"\n`, {
    mode: 0o755,
  })
  await t.test('in bash', { skip: !has('bash') }, async t => {
    const typed = 'sft-catalog plan --target addon'
    const { stdout, stderr } = spawnSync(
      'bash',
      [
        '-c',
        `eval "$(sft-catalog completion bash)"; COMP_LINE='${typed}'; COMP_POINT=${typed.length}; _sft_catalog; echo "\${COMPREPLY[@]}"`,
      ],
      {
        cwd: desk.folder,
        encoding: 'utf8',
        env: { ...desk.env, PATH: `${bin}:${process.env['PATH']}` },
      },
    )
    t.equal(stdout, 'addonPlan/alps-1gb\n', stderr)
  })
  const completed = (shell: string, script: string) =>
    spawnSync(shell, ['-c', script], {
      cwd: desk.folder,
      encoding: 'utf8',
      env: { ...desk.env, HOME: desk.folder, PATH: `${bin}:${process.env['PATH']}` },
    })
  await t.test('in fish', { skip: !has('fish') }, async t => {
    const { stdout, stderr } = completed(
      'fish',
      'sft-catalog completion fish | source; complete -C "sft-catalog plan --target addon"',
    )
    t.equal(stdout.trim(), 'addonPlan/alps-1gb', stderr)
  })
  await t.test('in zsh', { skip: !has('zsh') }, async t => {
    // A shell of its own in a pseudo-terminal: zsh completes only what is typed.
    const { stdout, stderr } = completed(
      'zsh',
      `zmodload zsh/zpty; zpty shell zsh -f -i; all=""
until_seen() { repeat 600 { while zpty -rt shell part; do all+=$part; done; [[ $all == *$1* ]] && return; sleep 0.1 } }
zpty -w shell 'autoload -U compinit; compinit -u -D; eval "$(sft-catalog completion zsh)"; echo rea""dy'
until_seen ready; all=""
zpty -wn shell "sft-catalog plan --target addon"$'\\t'
until_seen alps-1gb; print -r -- $all`,
    )
    t.match(stdout, 'addonPlan/alps-1gb', stderr)
  })
  for (const shell of ['zsh', 'fish'])
    await t.test(`what ${shell} is given can be read by it`, { skip: !has(shell) }, async t => {
      const { stdout } = await desk.run(`completion ${shell}`)
      const script = join(desk.folder, `completion.${shell}`)
      writeFileSync(script, stdout)
      const checked = spawnSync(shell, ['-n', script], { encoding: 'utf8' })
      t.equal(checked.status, 0, checked.stderr)
    })
  t.match(await desk.run('completion tcsh'), { code: 64, stderr: /give bash, zsh or fish/ })
})

t.test('no password is asked for on the command line, or written by init', async t => {
  const folder = t.testdir({})
  await runCli(['init'], { cwd: folder, env: { SFT_PASSWORD: PASSWORD } })
  t.notMatch(readFileSync(join(folder, '.env.example'), 'utf8'), PASSWORD)
})

t.test('a port where nobody listens is told while it is tried again', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const { code, stderr } = await desk.run('plan', {
    env: { SFT_BASE_URL: 'http://127.0.0.1:9' },
    keepWaits: true,
  })
  t.equal(code, 1)
  t.match(
    stderr,
    /^ {2}no connection \(.*\), tried again.*; reading the account \(\d+ seconds?\)\n/m,
  )
  t.match(stderr, /error .*no connection/)
})

t.test('an account that does not answer is not waited for in silence', async t => {
  const desk = await openDesk(t, () => smallCatalog([]), { latencyOf: { QueryRatePlan: 4000 } })
  const { code, stderr } = await desk.run('plan', { keepWaits: true })
  t.equal(code, 0)
  t.match(stderr, /^ {2}reading the account.*\((\d+ seconds?|under a second)\)\n/m)
})
