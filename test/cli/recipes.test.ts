import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { NEEDS } from '../../src/cli/pages.ts'
import { nodeWords, REPOSITORY } from '../program.ts'
import { openDesk, smallCatalog } from './desk.ts'
import { startLittleGithub, TOKEN } from './little-github.ts'
import { putProgram, shellOf } from './shell.ts'

const text = (path: string) => readFile(new URL(path, REPOSITORY), 'utf8')
const shell = shellOf(TOKEN)

interface Step {
  readonly id?: string
  readonly if?: string
  readonly run?: string
  readonly uses?: string
  readonly with?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

/** A desk whose pipeline speaks to a little GitHub; `sft-catalog` is in its PATH. */
async function openPipeline(t: Test) {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)))
  const github = await startLittleGithub(t)
  const { program, env: own } = putProgram(desk)
  desk.write('event.json', JSON.stringify(eventOf('org/shop')))
  const env = {
    ...own,
    GITHUB_API_URL: github.url,
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_TOKEN: TOKEN,
    GITHUB_EVENT_PATH: join(desk.folder, 'event.json'),
  }
  return { desk, github, env, program }
}

const eventOf = (from: string) => ({
  pull_request: { number: 7, head: { repo: { full_name: from } } },
})

/** The title of the one page that was uploaded. */
const titleOf = (uploads: readonly string[]): string | undefined =>
  uploads.length === 1 ? /<title>(.*?)<\/title>/.exec(uploads[0] ?? '')?.[1] : undefined

/** Runs the steps of the composite action as a runner would, as far as shells go. */
async function runAction(
  inputs: Readonly<Record<string, string>>,
  { desk, env, program }: Awaited<ReturnType<typeof openPipeline>>,
) {
  const action = parse(await text('action.yml'))
  const defaults = Object.fromEntries(
    Object.entries<{ readonly default?: string }>(action.inputs).map(([name, input]) => [
      name,
      input.default ?? '',
    ]),
  )
  const known: Record<string, string> = { 'steps.install.outputs.program': program }
  for (const [name, value] of Object.entries({ ...defaults, token: TOKEN, ...inputs }))
    known[`inputs.${name}`] = value
  const steps: readonly Step[] = action.runs.steps
  let result = { code: 0, output: '' }
  const uploads: string[] = []
  for (const step of steps) {
    if (step.id === 'install') continue
    if (step.uses !== undefined) {
      t.equal(step.if, "always() && steps.run.outputs.page != ''")
      const page = known['steps.run.outputs.page'] ?? ''
      t.match(step.uses, /^actions\/upload-artifact@/)
      t.match(step.with?.['path'], /^\$\{\{ steps\.run\.outputs\.page \}\}$/)
      if (page !== '') uploads.push(readFileSync(join(desk.folder, page), 'utf8'))
      continue
    }
    if (step.if !== undefined && known['inputs.publish'] !== 'true') continue
    const filled = Object.entries(step.env ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ ([\w.-]+) \}\}/g, (_, path: string) => known[path] ?? ''),
    ])
    const file = join(desk.folder, 'outputs')
    writeFileSync(file, '')
    result = await shell(['-e', '-o', 'pipefail', '-c', step.run ?? ''], desk, {
      ...env,
      ...Object.fromEntries(filled),
      GITHUB_OUTPUT: file,
      GITHUB_ACTIONS: 'true',
    })
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [name = '', value = ''] = line.split(/=(.*)/s)
      if (name !== '') known[`steps.${step.id}.outputs.${name}`] = value
    }
    if (result.code !== 0) break
  }
  return { ...result, known, uploads }
}

t.test('the action and the workflow are what GitHub reads', async t => {
  const script = new URL('test/cli/read-workflows.ts', REPOSITORY).pathname
  const wrong = (...files: readonly string[]) => {
    const [node, ...words] = nodeWords(['--import', 'tsx', script, ...files])
    const { status, stdout, stderr } = spawnSync(node, words, { encoding: 'utf8' })
    t.equal(status, 0, stderr)
    return stdout
  }
  t.equal(wrong('action.yml', 'examples/github/catalog.yml'), '')
  const folder = t.testdir({ 'x.yml': 'on: push\njobs: { a: { runs_on: x } }\n' })
  t.match(wrong(join(folder, 'x.yml')), "Unexpected value 'runs_on'")
})

t.test(
  'no input stands in a script, where it would be code; readers and writers queue apart',
  async t => {
    const action = parse(await text('action.yml'))
    for (const step of action.runs.steps) t.notMatch(step.run, '${{')
    const { jobs } = parse(await text('examples/github/catalog.yml'))
    const group = (name: string) => String(jobs[name].concurrency.group)
    t.equal(group('apply'), group('resume'))
    t.equal(jobs.apply.concurrency['cancel-in-progress'], false)
    t.not(group('plan'), group('apply'))
    t.match(group('plan'), 'github.ref', 'pull requests do not wait for each other')
    t.not(group('drift'), group('apply'))
    t.match(jobs.plan.if, 'head.repo.full_name == github.repository')
    t.notMatch(await text('examples/github/catalog.yml'), 'pull_request_target')
    const gitlab = parse(await text('examples/gitlab/catalog.gitlab-ci.yml'))
    const { stages, ...templates } = gitlab
    for (const [name, job] of Object.entries<Readonly<Record<string, unknown>>>(templates)) {
      if (name.startsWith('.')) continue
      t.ok(stages.includes(job['stage']), name)
      t.ok(Array.isArray(job['rules']) && Array.isArray(job['script']), name)
    }
    t.equal(gitlab['catalog-apply'].resource_group, gitlab['catalog-resume'].resource_group)
  },
)

t.test(
  'the action: a plan is one comment that is updated, applied as saved, drift is one issue',
  async t => {
    const pipeline = await openPipeline(t)
    const { desk, github } = pipeline
    const forged = {
      id: 1,
      body: '<!-- sft-catalog plan -->',
      user: { login: 'eve', type: 'User' },
    }
    github.comments.push(
      forged,
      ...Array.from({ length: 120 }, (_, n) => ({
        id: n + 2,
        body: 'words',
        user: { login: 'ana', type: 'User' },
      })),
    )
    const first = await runAction({ step: 'plan', arguments: '--init' }, pipeline)
    t.equal(first.code, 0, first.output)
    t.match(first.known['steps.run.outputs.changes'], 'true')
    t.equal(titleOf(first.uploads), 'Plan: 6 changes')
    const without = { step: 'plan', arguments: '--init', page: 'false', publish: 'false' }
    t.strictSame((await runAction(without, pipeline)).uploads, [])
    t.equal((await runAction({ step: 'plan', arguments: '--init' }, pipeline)).code, 0)
    const ours = github.comments.filter(({ user }) => user.type === 'Bot')
    t.equal(ours.length, 1, 'the second run updates')
    t.match(ours[0]?.body, '## sft-catalog plan: 3 operations\n')
    t.equal(forged.body, '<!-- sft-catalog plan -->', "somebody else's is not ours")
    const plan = 'sft-catalog-ci/plan.json'
    const applied = await runAction({ step: 'apply', 'saved-plan': plan }, pipeline)
    t.equal(applied.code, 0, applied.output)
    t.strictSame(applied.uploads, [])
    const { addonPlans } = await desk.state()
    const portal = (planName: string) =>
      desk.control('portal', { plan: addonPlans['alps-1gb']?.planId, set: { planName } })
    await portal('Other')
    for (const _ of [1, 2]) {
      const drifted = await runAction({ step: 'drift' }, pipeline)
      t.equal(drifted.code, 0)
      t.equal(titleOf(drifted.uploads), 'Drift: 1 changed on the account')
    }
    t.equal(github.issues.length, 1, 'one issue, opened once and updated')
    t.match(github.issues[0]?.body, 'Other')
    await portal('Alps 1 GB 7 days')
    t.equal((await runAction({ step: 'drift' }, pipeline)).code, 0)
    t.match(github.issues[0], { state: 'closed' })
    const stale = await runAction({ step: 'apply', 'saved-plan': plan }, pipeline)
    t.equal(stale.code, 3, 'a plan of before does not hold')
    t.match(github.issues[1], { state: 'open', title: 'sft-catalog apply: refused' })
  },
)

t.test('the recipes install what draws, of the versions with which it is tested', async t => {
  const { devDependencies } = JSON.parse(await text('package.json'))
  for (const path of ['action.yml', 'examples/gitlab/catalog.gitlab-ci.yml']) {
    const words = (await text(path)).match(/(?<=[("])@dagrejs[^)"]*/)?.[0].split(' ') ?? []
    t.strictSame(
      words.map(word => word.slice(0, word.lastIndexOf('@'))),
      NEEDS,
      path,
    )
    for (const word of words) {
      const at = word.lastIndexOf('@')
      const range: string = devDependencies[word.slice(0, at)]
      t.match(range, new RegExp(`^[~^]${word.slice(at + 1)}\\.`), `${path}: ${word}`)
    }
  }
})

t.test('the shell recipe: reviewed, planned on main, applied, gone on with when due', async t => {
  const { desk, github, env } = await openPipeline(t)
  const recipe = new URL('examples/shell/pipeline.sh', REPOSITORY).pathname
  const run = (word: string, more = {}) => shell([recipe, word], desk, { ...env, ...more })
  await desk.run('apply --auto-approve')
  desk.write('catalog/catalog.yaml', desk.read('catalog/catalog.yaml').replace('"4.50"', '"5"'))
  t.equal((await run('review', { PAGES: 'no' })).code, 0)
  t.match(github.comments[0]?.body, 'plan: 1 operation\n')
  const page = join(desk.folder, 'sft-catalog-ci/page.html')
  t.notOk(existsSync(page))
  t.equal((await run('main')).code, 0)
  t.match(readFileSync(page, 'utf8'), '<title>Plan: 1 change<')
  t.match(await run('resume'), { code: 0, output: /no apply waits/ })
  const deaf = await run('resume', { GITHUB_API_URL: 'http://127.0.0.1:9' })
  t.equal(deaf.code, 1, 'that nobody tells whether something waits is no "nothing waits"')
  const outOfTime = { step: 'apply', outcome: 'outOfTime' }
  desk.write('sft-catalog-ci/report.json', JSON.stringify(outOfTime))
  const before = desk.read('sft-catalog-ci/comment.md')
  desk.write('sft-catalog-ci/comment.md', '<!-- sft-catalog apply -->\n## time is over\n')
  t.equal((await desk.run('ci publish', { env })).code, 0)
  t.match(github.issues[0], { title: 'sft-catalog apply: time limit reached', state: 'open' })
  t.match((await desk.run('ci due', { env })).stdout, /^true\n$/)
  desk.write('sft-catalog-ci/comment.md', before)
  const resumed = await run('resume')
  t.equal(resumed.code, 0, resumed.output)
  t.match(resumed.output, '1 done')
  t.match(github.issues[0], { state: 'closed' })
  t.match((await desk.run('ci due', { env })).stdout, /^false\n$/)
  t.equal((await run('drift')).code, 0)
  t.match(readFileSync(page, 'utf8'), '<title>No drift: nothing moved<')
  t.equal((await run('paln')).code, 64)
})

t.test(
  'what GitHub answers is told, looked up where it is unknown, and never repeated blindly',
  async t => {
    const { desk, github, env } = await openPipeline(t)
    await desk.run('ci plan --init')
    const publish = (more = {}) => desk.run('ci publish', { env: { ...env, ...more } })
    github.fail('POST /repos/org/shop/issues/7/comments', 502, true)
    const found = await publish()
    t.equal(found.code, 0, 'it was made after all, and found')
    t.equal(github.comments.length, 1)
    github.comments.length = 0
    github.fail('POST /repos/org/shop/issues/7/comments', 403)
    const refused = await publish()
    t.equal(refused.code, 1)
    t.match(
      refused.stderr,
      /GitHub answers 403 .*; give the job "permissions: pull-requests: write/,
    )
    desk.write('event.json', JSON.stringify(eventOf('eve/shop')))
    github.fail('POST /repos/org/shop/issues/7/comments', 403)
    const fork = await publish()
    t.equal(fork.code, 0, 'a fork has no right to comment, and that is no failure')
    t.match(fork.stderr, 'a run for a fork may not comment')
    t.equal((await publish({ GITHUB_TOKEN: '' })).code, 64)
    t.equal((await publish({ GITHUB_TOKEN: 'wrong' })).code, 1)
    t.equal((await publish({ GITHUB_API_URL: 'http://127.0.0.1:9' })).code, 1)
    t.equal((await desk.run('ci publish --dir nothing', { env })).code, 1)
    t.equal((await desk.run('ci publish')).code, 64, 'nothing tells where to')
  },
)
