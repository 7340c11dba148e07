// Everything that README and docs/ tell a reader to type, typed: for `npm run test:all`.
import t from 'tap'
import { findSecret } from '../cli/run-cli.ts'
import { runPage } from './run-page.ts'
import { RUNS } from './told.ts'

t.setTimeout(900_000)
const only = process.env['DOCS_PAGES']

t.test(
  'every page works as printed',
  { skip: only === undefined && 'npm run test:all runs it', timeout: 900_000 },
  async t => {
    const pages = Object.keys(RUNS).filter(page => only === 'all' || page.includes(only ?? ''))
    // Two at a time: each waits now and then, for an account or a worker.
    t.jobs = 2
    await Promise.all(
      pages.map(page =>
        t.test(page, { buffered: true, timeout: 240_000 }, async t => {
          const { log, failed } = await runPage(t, page)
          t.same(failed, RUNS[page]?.exits ?? {}, `${page} as printed`)
          t.notOk(findSecret(log), 'and shows no secret')
          if (Object.keys(failed).length > 0) t.comment(log)
        }),
      ),
    )
  },
)
