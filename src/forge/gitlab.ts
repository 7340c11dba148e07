import type { JsonObject } from '../model.ts'
import { type Forge, LABEL, type Post } from './forge.ts'
import { type ForgeAccess, nameIn, openCalls, partOf, rowOf, rowsOf, textOf } from './request.ts'

const ADVICE =
  'give GITLAB_TOKEN, a project access token with the scope api: the token of a job cannot write comments'

/** GitLab, by its REST API. */
export function openGitlab(
  access: { readonly apiUrl: string; readonly project: string; readonly token: string } & Pick<
    ForgeAccess,
    'fetch'
  >,
): Forge {
  const { apiUrl, project, token, fetch } = access
  const call = openCalls({
    name: 'GitLab',
    baseUrl: apiUrl,
    headers: { 'private-token': token, 'user-agent': 'sft-catalog' },
    advice: ADVICE,
    fetch,
  })
  const root = `/projects/${encodeURIComponent(project)}`
  const noteOf = (row: JsonObject): Post => ({
    id: textOf(row, 'id'),
    body: textOf(row, 'body'),
    url: '',
  })
  const issueOf = (row: JsonObject): Post => ({
    id: textOf(row, 'iid'),
    body: textOf(row, 'description'),
    url: textOf(row, 'web_url'),
  })
  const notes = (change: number) => `${root}/merge_requests/${change}/notes`
  return {
    async *comments(change) {
      const me = nameIn(rowOf(await call('GET', '/user')), 'id')
      for await (const row of rowsOf(call, `${notes(change)}?sort=asc&order_by=created_at`))
        if (textOf(partOf(row, 'author'), 'id') === me) yield noteOf(row)
    },
    addComment: async (change, body) => noteOf(rowOf(await call('POST', notes(change), { body }))),
    editComment: async (change, id, body) =>
      noteOf(rowOf(await call('PUT', `${notes(change)}/${id}`, { body }))),
    async *issues() {
      for await (const row of rowsOf(call, `${root}/issues?state=opened&labels=${LABEL}`))
        yield issueOf(row)
    },
    addIssue: async (title, description) =>
      issueOf(rowOf(await call('POST', `${root}/issues`, { title, description, labels: LABEL }))),
    editIssue: async (id, title, description) =>
      issueOf(rowOf(await call('PUT', `${root}/issues/${id}`, { title, description }))),
    closeIssue: async (id, body) => {
      await call('POST', `${root}/issues/${id}/notes`, { body })
      await call('PUT', `${root}/issues/${id}`, { state_event: 'close' })
    },
    changeOf: async commit => {
      const path = `${root}/repository/commits/${encodeURIComponent(commit)}/merge_requests`
      for await (const row of rowsOf(call, path)) return Number(textOf(row, 'iid'))
      return undefined
    },
  }
}
