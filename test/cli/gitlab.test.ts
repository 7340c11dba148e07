import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { REPOSITORY } from '../program.ts'
import { openDesk, smallCatalog } from './desk.ts'
import { GITLAB_TOKEN, startLittleGitlab, TOKEN_USER } from './little-gitlab.ts'
import { putProgram, shellOf } from './shell.ts'

const shell = shellOf(GITLAB_TOKEN)

/** A desk whose pipeline speaks to a little GitLab; `job` runs a job's script of the template, as a runner does. */
async function openPipeline(t: Test) {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)))
  const gitlab = await startLittleGitlab(t)
  const env = {
    ...putProgram(desk).env,
    CI_API_V4_URL: gitlab.url,
    CI_PROJECT_ID: '12',
    CI_COMMIT_SHA: 'abc',
    GITLAB_TOKEN,
  }
  const template = parse(
    await readFile(new URL('examples/gitlab/catalog.gitlab-ci.yml', REPOSITORY), 'utf8'),
  )
  const job = (name: string, more: Readonly<Record<string, string>> = {}) => {
    const lines: readonly string[] = template[name].script
    return shell(['-eo', 'pipefail', '-c', lines.join('\n')], desk, { ...env, ...more })
  }
  return { desk, gitlab, env, job }
}

t.test(
  'the GitLab template: reviewed, applied, gone on with when due, drift is one issue',
  async t => {
    const { desk, gitlab, env, job } = await openPipeline(t)
    await desk.run('apply --init --auto-approve')
    desk.write('catalog/catalog.yaml', desk.read('catalog/catalog.yaml').replace('"4.50"', '"5"'))
    const forged = { id: 1, body: '<!-- sft-catalog plan -->', author: { id: 1 } }
    gitlab.notes.push(
      forged,
      ...Array.from({ length: 120 }, (_, n) => ({ id: n + 2, body: 'words', author: { id: 1 } })),
    )
    t.equal((await job('catalog-validate')).code, 0)
    t.match(desk.read('junit.xml'), '<testsuite')
    for (const _ of [1, 2]) {
      const { code, output } = await job('catalog-plan', { CI_MERGE_REQUEST_IID: '7' })
      t.equal(code, 0, output)
    }
    const ours = gitlab.notes.filter(({ author }) => author.id === TOKEN_USER)
    t.equal(ours.length, 1, 'the second run updates')
    t.match(ours[0]?.body, '## sft-catalog plan: 1 operation\n')
    t.equal(forged.body, '<!-- sft-catalog plan -->', "somebody else's is not ours")
    t.match(desk.read('sft-catalog-ci/page.html'), '<title>Plan: 1 change<')
    const resumed = await job('catalog-resume')
    t.equal(resumed.code, 0, resumed.output)
    t.match(resumed.output, /^no apply waits\n$/)
    const deaf = await job('catalog-resume', { CI_API_V4_URL: 'http://127.0.0.1:9' })
    t.equal(deaf.code, 1, 'that nobody tells whether something waits is no "nothing waits"')

    const applied = await job('catalog-apply')
    t.equal(applied.code, 0, applied.output)
    t.equal(gitlab.issues.length, 0)
    const stale = await job('catalog-apply')
    t.equal(stale.code, 3, 'a plan of before does not hold')
    t.match(gitlab.issues[0], { state: 'opened', title: 'sft-catalog apply: refused' })

    const outOfTime = { step: 'apply', outcome: 'outOfTime' }
    desk.write('sft-catalog-ci/report.json', JSON.stringify(outOfTime))
    desk.write('sft-catalog-ci/comment.md', '<!-- sft-catalog apply -->\n## time is over\n')
    t.equal((await desk.run('ci publish', { env })).code, 0)
    t.match(gitlab.issues[0], { title: 'sft-catalog apply: time limit reached', state: 'opened' })
    t.equal(gitlab.issues.length, 1, 'the same issue')
    t.equal((await job('catalog-resume')).code, 0)
    t.match(gitlab.issues[0], { state: 'closed', notes: [/everything is as it should be/] })

    const { addonPlans } = await desk.state()
    const portal = (planName: string) =>
      desk.control('portal', { plan: addonPlans['alps-1gb']?.planId, set: { planName } })
    await portal('Other')
    for (const _ of [1, 2]) t.equal((await job('catalog-drift')).code, 2, 'the job is allowed to')
    t.equal(gitlab.issues.length, 2, 'one issue for drift, opened once and updated')
    await portal('Alps 1 GB 7 days')
    t.equal((await job('catalog-drift')).code, 0)
    t.match(gitlab.issues[1], { state: 'closed' })
  },
)

t.test('what GitLab answers is told, and looked up where it is unknown', async t => {
  const { desk, gitlab, env } = await openPipeline(t)
  await desk.run('ci plan --init')
  const publish = (more = {}) => desk.run('ci publish', { env: { ...env, ...more } })
  gitlab.fail('POST /projects/12/merge_requests/7/notes', 502, true)
  const found = await publish()
  t.equal(found.code, 0, 'it was made after all, and found; the change is that of the commit')
  t.equal(gitlab.notes.length, 1)
  gitlab.fail('GET /user', 403)
  const refused = await publish()
  t.equal(refused.code, 1)
  t.match(refused.stderr, /GitLab answers 403 .*insufficient_scope; give GITLAB_TOKEN/)
  t.equal((await publish({ GITLAB_TOKEN: '' })).code, 64)
  t.equal((await publish({ GITLAB_TOKEN: 'wrong' })).code, 1)
  const proxied = await publish({ HTTP_PROXY: 'http://127.0.0.1:9' })
  t.equal(proxied.code, 1, 'it takes the proxy that calls to the account take')
  t.match(proxied.stderr, 'GitLab cannot be reached')
  gitlab.nameless = true
  const nobody = await publish()
  t.equal(nobody.code, 1, 'notes without an author are not ours because the token has no name')
  t.match(nobody.stderr, 'the answer to whose the token is has no id')
})
