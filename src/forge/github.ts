import type { JsonObject } from '../model.ts'
import { type Forge, LABEL, type Post } from './forge.ts'
import {
  type Call,
  type ForgeAccess,
  ForgeError,
  nameIn,
  openCalls,
  partOf,
  rowOf,
  rowsOf,
  textOf,
} from './request.ts'

const ADVICE =
  'give the job "permissions: pull-requests: write, issues: write" and GITHUB_TOKEN; a pull request of a fork has neither'

const postOf = (row: JsonObject): Post => ({
  id: textOf(row, 'number') || textOf(row, 'id'),
  body: textOf(row, 'body'),
  url: textOf(row, 'html_url'),
})

/** GitHub, by its REST API. */
export function openGithub(
  access: { readonly apiUrl: string; readonly repository: string; readonly token: string } & Pick<
    ForgeAccess,
    'fetch'
  >,
): Forge {
  const { apiUrl, repository, token, fetch } = access
  const call = openCalls({
    name: 'GitHub',
    baseUrl: apiUrl,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      'user-agent': 'sft-catalog',
    },
    advice: ADVICE,
    fetch,
  })
  const repo = `/repos/${repository.split('/').map(encodeURIComponent).join('/')}`
  return {
    async *comments(change) {
      const isOurs = await whoAmI(call)
      for await (const row of rowsOf(call, `${repo}/issues/${change}/comments`))
        if (isOurs(partOf(row, 'user'))) yield postOf(row)
    },
    addComment: async (change, body) =>
      postOf(rowOf(await call('POST', `${repo}/issues/${change}/comments`, { body }))),
    editComment: async (_change, id, body) =>
      postOf(rowOf(await call('PATCH', `${repo}/issues/comments/${id}`, { body }))),
    async *issues() {
      for await (const row of rowsOf(call, `${repo}/issues?state=open&labels=${LABEL}`))
        if (row['pull_request'] === undefined) yield postOf(row)
    },
    addIssue: async (title, body) =>
      postOf(rowOf(await call('POST', `${repo}/issues`, { title, body, labels: [LABEL] }))),
    editIssue: async (id, title, body) =>
      postOf(rowOf(await call('PATCH', `${repo}/issues/${id}`, { title, body }))),
    closeIssue: async (id, comment) => {
      await call('POST', `${repo}/issues/${id}/comments`, { body: comment })
      await call('PATCH', `${repo}/issues/${id}`, { state: 'closed' })
    },
    changeOf: async commit => {
      for await (const row of rowsOf(call, `${repo}/commits/${encodeURIComponent(commit)}/pulls`))
        return Number(textOf(row, 'number'))
      return undefined
    },
  }
}

/** Whose comments are ours: those of the token's user; a token of GitHub Actions has none and is a bot. */
async function whoAmI(call: Call): Promise<(user: JsonObject) => boolean> {
  try {
    const login = nameIn(rowOf(await call('GET', '/user')), 'login')
    return user => textOf(user, 'login') === login
  } catch (error) {
    if (!(error instanceof ForgeError) || (error.status !== 403 && error.status !== 401))
      throw error
    return user => textOf(user, 'type') === 'Bot'
  }
}
