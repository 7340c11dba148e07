import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { outputSchema } from '../../src/render/outputs.ts'
import { CATALOG, rows } from '../silence/rows.ts'
import { type Desk, openDesk, smallCatalog } from './desk.ts'

const validReport = new Ajv2020({ allErrors: false }).compile(outputSchema('ci', { exact: true }))

/** The files that a step left, each of them there and whole. */
function filesOf(t: Test, desk: Desk, code: number | undefined) {
  const file = (name: string) => desk.read(`sft-catalog-ci/${name}`)
  const report = JSON.parse(file('report.json'))
  t.ok(validReport(report), JSON.stringify(validReport.errors?.slice(0, 3)))
  t.equal(report.exitCode, code, 'the report has the code of the process')
  t.match(JSON.parse(file('results.sarif')), { version: '2.1.0' })
  t.match(file('junit.xml'), '</testsuites>')
  return { report, comment: file('comment.md'), annotations: file('annotations.txt') }
}

const CLOSED = { SFT_BASE_URL: 'http://127.0.0.1:9' }

rows('one command a step leaves its files however it ends', [
  {
    name: 'a plan is saved, told and counted, and ends with 0',
    check: async (t, desk) => {
      const env = { GITHUB_STEP_SUMMARY: 'summary.md', GITHUB_OUTPUT: 'outputs' }
      const ended = await desk.run('ci plan --init', { env })
      t.equal(ended.code, 0)
      const { report, comment } = filesOf(t, desk, 0)
      t.match(report, { step: 'plan', plan: { summary: { create: 2 } }, report: null })
      t.match(comment, /^<!-- sft-catalog plan -->\n## sft-catalog plan: 2 operations\n/)
      t.equal(desk.read('summary.md'), comment)
      t.match(desk.read('outputs'), 'outcome=ok\nexit-code=0\nchanges=true\nsaved-plan=sft')
      const applied = await desk.run('ci apply sft-catalog-ci/plan.json')
      t.equal(applied.code, 0)
      t.match(filesOf(t, desk, 0).comment, '## sft-catalog apply: 2 done\n')
      t.equal((await desk.run('ci drift')).code, 0)
      t.match(filesOf(t, desk, 0).comment, '## sft-catalog drift: none\n')
    },
  },
  {
    name: 'a catalog with an error has its comment, with the place',
    check: async (t, desk) => {
      desk.write(CATALOG, desk.read(CATALOG).replace('    countries', '    cuontries'))
      const ended = await desk.run('ci plan', { env: { GITHUB_ACTIONS: 'true' } })
      t.equal(ended.code, 1)
      const { comment, annotations, report } = filesOf(t, desk, 1)
      t.match(comment, /^<!-- sft-catalog plan -->\n## sft-catalog plan: failed, \d errors?; /)
      t.match(comment, `**error** \`UNKNOWN_KEY\` ${CATALOG}:`)
      t.match(annotations, `::error file=${CATALOG},line=`)
      t.match(ended.stdout, annotations.trim(), 'GitHub reads them in the log')
      t.equal(report.plan, null)
      t.notOk(existsSync(join(desk.folder, 'sft-catalog-ci/plan.json')))
    },
  },
  {
    name: 'an account that cannot be reached has its comment, and says so as an annotation',
    check: async (t, desk) => {
      for (const step of ['plan --init', 'apply --init', 'drift']) {
        t.equal((await desk.run(`ci ${step}`, { env: CLOSED })).code, 1, step)
        const { comment, annotations } = filesOf(t, desk, 1)
        t.match(comment, /: failed; /, step)
        t.match(comment, 'Account: 127.0.0.1:9 as seller', step)
        t.match(comment, /```\nerror Login .*no connection/, step)
        t.match(annotations, `::error title=sft-catalog ${step.split(' ')[0]}::error `, step)
      }
    },
  },
  {
    name: 'what is refused and what is blocked is in the headline',
    check: async (t, desk) => {
      t.equal((await desk.run('ci apply --init')).code, 0)
      desk.write(CATALOG, desk.read(CATALOG).replace('[CH, AT]', '[CH]'))
      t.equal((await desk.run('ci plan')).code, 5)
      t.match(filesOf(t, desk, 5).comment, 'plan: 1 entry blocked, nothing else to do\n')
      t.equal((await desk.run('ci plan --allow-blocked')).code, 0)
      t.equal((await desk.run('ci apply')).code, 5)
      t.match(filesOf(t, desk, 5).comment, 'apply: 0 done, 1 blocked\n')
      t.equal((await desk.run('ci plan')).code, 5)
      desk.write(CATALOG, desk.read(CATALOG).replace('[CH]', '[CH, AT]').replace('"4.50"', '"5"'))
      t.equal((await desk.run('ci apply sft-catalog-ci/plan.json')).code, 3)
      const stale = filesOf(t, desk, 3)
      t.match(stale.comment, 'apply: refused, nothing was changed\n')
      t.match(stale.comment, 'the catalog has changed')
    },
  },
  {
    name: 'a lost state refuses the apply, and the comment says what to do',
    check: async (t, desk) => {
      t.equal((await desk.run('ci apply')).code, 3)
      t.match(filesOf(t, desk, 3).comment, /```\nerror there is no state at /)
    },
  },
  {
    name: 'a plan of before is not left where the next one failed',
    check: async (t, desk) => {
      await desk.run('ci plan --init')
      t.ok(existsSync(join(desk.folder, 'sft-catalog-ci/plan.json')))
      t.equal((await desk.run('ci plan --init', { env: CLOSED })).code, 1)
      t.notOk(existsSync(join(desk.folder, 'sft-catalog-ci/plan.json')))
      t.equal(filesOf(t, desk, 1).report.savedPlan, null)
    },
  },
  {
    name: 'drift ends with 2, and its comment has what moved',
    check: async (t, desk) => {
      await desk.run('ci apply --init')
      const { addonPlans } = await desk.state()
      await desk.control('portal', {
        plan: addonPlans['alps-1gb']?.planId,
        set: { planName: 'Other' },
      })
      t.equal((await desk.run('ci drift')).code, 2)
      const { comment, report } = filesOf(t, desk, 2)
      t.match(comment, 'drift: the account is not as it was left\n')
      t.match(comment, 'Other')
      t.match(report.drift, { drift: true })
    },
  },
  {
    name: 'plan --markdown is there as well where there is no plan',
    check: async (t, desk) => {
      const closed = await desk.run('plan --markdown', { env: CLOSED })
      t.equal(closed.code, 1)
      t.match(closed.stdout, /^<!-- sft-catalog plan -->\n## sft-catalog plan: failed; /)
      t.match(closed.stderr, /^error Login .*no connection/m)
      desk.write(CATALOG, 'version: 2\n')
      const invalid = await desk.run('plan --markdown')
      t.equal(invalid.code, 1)
      t.match(invalid.stdout, /failed, \d+ errors?; .*[\s\S]*VERSION_UNKNOWN/)
    },
  },
  {
    name: '--json has the report on stdout and the rest on stderr; wrong usage is told',
    check: async (t, desk) => {
      const ended = await desk.run('ci plan --init --json', { env: { GITHUB_ACTIONS: 'true' } })
      t.ok(validReport(JSON.parse(ended.stdout)))
      t.match(ended.stderr, 'Plan: 2 to create')
      for (const line of [
        'ci',
        'ci paln',
        'ci plan x',
        'ci drift --prune',
        'ci plan --max-minutes 1',
      ])
        t.equal((await desk.run(line)).code, 64, line)
    },
  },
])

t.test(
  'a step that is killed leaves files that say so, and one that is stopped its code',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]), { latencyMs: 900 })
    const killed = desk.start('ci plan --init')
    await killed.until(/reading /)
    killed.kill('SIGKILL')
    await killed.ended
    t.match(desk.read('sft-catalog-ci/comment.md'), 'plan: has not ended yet, or was killed\n')
    const stopped = desk.start('ci plan --init')
    await stopped.until(/reading /)
    stopped.kill('SIGTERM')
    t.equal((await stopped.ended).code, 143)
    t.match(filesOf(t, desk, 143).comment, 'plan: stopped by SIGTERM\n')
  },
)

t.test('an apply that ran out of time ends with 4, and the next one goes on', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 30)), { latencyMs: 300 })
  const env = { SFT_CALLS_PER_SECOND: '4', SFT_BULK: 'off' }
  const late = await desk.run('ci apply --init --max-minutes 0.06', { env, ownProcess: true })
  t.equal(late.code, 4)
  t.match(filesOf(t, desk, 4).comment, /apply: .*time limit reached[,;] the next run goes on\n/)
  const next = await desk.run('ci apply')
  t.equal(next.code, 0)
  t.match(filesOf(t, desk, 0).comment, /apply: \d+ done\n/)
  t.equal(Object.keys((await desk.state()).endpoints).length, 30)
})

t.test(
  'the report is where it was asked for; a place that cannot be written is told first',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    t.equal((await desk.run('ci plan --init --dir out/ci')).code, 0)
    t.match(readFileSync(join(desk.folder, 'out/ci/report.json'), 'utf8'), '"step": "plan"')
    writeFileSync(join(desk.folder, 'file'), '')
    const before = desk.simulator.calls.length
    t.equal((await desk.run('ci plan --dir file')).code, 1)
    t.equal(desk.simulator.calls.length, before)
  },
)
