import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

interface Note {
  readonly id: number
  body: string
  readonly author: { readonly id: number }
}

interface Issue {
  readonly iid: number
  title: string
  description: string
  state: string
  readonly labels: readonly string[]
  readonly notes: string[]
}

/** A little GitLab: notes of one merge request, issues of one project, and whose a token is. */
export interface LittleGitlab {
  /** What the runner gives as `CI_API_V4_URL`. */
  readonly url: string
  readonly notes: Note[]
  readonly issues: Issue[]
  /** Answers the next call of this kind so; `executed`: it is carried out all the same. */
  /** Nothing tells whose the token is. */
  nameless: boolean
  readonly fail: (call: string, status: number, executed?: boolean) => void
}

export const GITLAB_TOKEN = 'a-project-token-nobody-may-see'
/** Who the token speaks for; everybody else's notes have another author. */
export const TOKEN_USER = 41

type Body = Readonly<Record<string, string>>

/** Starts one, for project 12 and merge request 7; its lists come in pages of `per_page`. */
export async function startLittleGitlab(t: Test): Promise<LittleGitlab> {
  const told = { nameless: false }
  const notes: Note[] = []
  const issues: Issue[] = []
  const failures = new Map<string, { readonly status: number; readonly executed: boolean }>()
  const pageOf = <Row>(rows: readonly Row[], query: URLSearchParams) => {
    const size = Number(query.get('per_page') ?? '20')
    const at = (Number(query.get('page') ?? '1') - 1) * size
    return rows.slice(at, at + size)
  }
  const addNote = (body: string) => {
    const note = { id: 900 + notes.length, body, author: { id: TOKEN_USER } }
    notes.push(note)
    return note
  }
  const addIssue = ({ title = '', description = '', labels = '' }: Body) => {
    const made = { title, description, labels: labels.split(','), state: 'opened', notes: [] }
    issues.push({ iid: issues.length + 1, ...made })
    return issues.at(-1)
  }
  const editIssue = (iid: number, { state_event, ...fields }: Body) => {
    const issue = issues[iid - 1]
    if (issue === undefined) return undefined
    return Object.assign(issue, fields, state_event === 'close' && { state: 'closed' })
  }
  const open = (query: URLSearchParams) =>
    issues.filter(
      ({ state, labels }) =>
        state === query.get('state') && labels.includes(query.get('labels') ?? ''),
    )
  const answer = (call: string, query: URLSearchParams, body: Body): unknown => {
    const path = call.replace('/projects/12', '')
    const id = Number(/\/(\d+)(?:\/notes)?$/.exec(path)?.[1])
    switch (path.replace(/\d+(?=(\/notes)?$)/, 'N')) {
      case 'GET /user':
        return told.nameless ? {} : { id: TOKEN_USER, username: 'project_12_bot' }
      case 'GET /merge_requests/N/notes':
        return id === 7 ? pageOf(notes, query) : undefined
      case 'POST /merge_requests/N/notes':
        return id === 7 ? addNote(body['body'] ?? '') : undefined
      case 'PUT /merge_requests/7/notes/N': {
        const note = notes.find(one => one.id === id)
        return note && Object.assign(note, body)
      }
      case 'GET /issues':
        return pageOf(open(query), query)
      case 'POST /issues':
        return addIssue(body)
      case 'PUT /issues/N':
        return editIssue(id, body)
      case 'POST /issues/N/notes':
        issues[id - 1]?.notes.push(body['body'] ?? '')
        return {}
      case 'GET /repository/commits/abc/merge_requests':
        return [{ iid: 7 }]
      default:
        return undefined
    }
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost')
      const call = `${request.method} ${url.pathname.replace('/api/v4', '')}`
      const send = (status: number, data: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(data))
      if (request.headers['private-token'] !== GITLAB_TOKEN)
        return send(401, { message: '401 Unauthorized' })
      const failure = failures.get(call)
      failures.delete(call)
      if (failure !== undefined && !failure.executed)
        return send(failure.status, { error: 'insufficient_scope' })
      const text = Buffer.concat(chunks).toString()
      const data = answer(call, url.searchParams, text === '' ? {} : JSON.parse(text))
      if (failure !== undefined) return send(failure.status, { message: 'timeout' })
      return data === undefined ? send(404, { message: '404 Not found' }) : send(200, data)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return Object.assign(told, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`,
    notes,
    issues,
    fail: (call: string, status: number, executed = false) =>
      void failures.set(call, { status, executed }),
  })
}
