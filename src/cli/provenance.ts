import { execFile } from 'node:child_process'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { thisProcess } from '../durable/owner.ts'
import type { Environment } from '../settings.ts'
import type { ApplyAbout } from '../state/apply-log.ts'

/** Who applies, where, and which commit of the catalog. */
type Provenance = Pick<ApplyAbout, 'by' | 'host' | 'commit' | 'isChanged'>

const COMMIT = /^[0-9a-f]{7,64}$/i
/** A name is shown to people: what is longer is none. */
const LONGEST_NAME = 100

/**
 * Whom a pipeline names (`GITHUB_ACTOR`, `GITLAB_USER_LOGIN`), else the user of this process; the commit that it
 * names (`GITHUB_SHA`, `CI_COMMIT_SHA`), else that of the catalog's folder, as far as git tells.
 */
export async function provenanceOf(env: Environment, folder: string): Promise<Provenance> {
  const named = [env['GITHUB_ACTOR'], env['GITLAB_USER_LOGIN']].find(name => name)
  const by = (named ?? thisProcess().user ?? 'unknown').slice(0, LONGEST_NAME)
  const where = { by, host: hostname() }
  const told = [env['GITHUB_SHA'], env['CI_COMMIT_SHA']].find(sha => COMMIT.test(sha ?? ''))
  if (told !== undefined) return { ...where, commit: told.toLowerCase() }
  const commit = await git(folder, env, 'rev-parse', 'HEAD')
  if (commit === undefined || !COMMIT.test(commit)) return where
  const changes = await git(folder, env, 'status', '--porcelain', '--', '.')
  // A commit without what was changed since would say more than is known.
  if (changes === undefined) return where
  return { ...where, commit, ...(changes !== '' && { isChanged: true as const }) }
}

const GIT_MS = 10_000

/** What git says of a folder; undefined where there is no git, or no repository. */
async function git(
  folder: string,
  { PATH, HOME }: Environment,
  ...words: readonly string[]
): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', folder, ...words], {
      env: { PATH, HOME, GIT_OPTIONAL_LOCKS: '0' },
      timeout: GIT_MS,
    })
    return stdout.trim()
  } catch {
    return undefined
  }
}
