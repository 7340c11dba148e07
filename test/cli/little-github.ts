import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

interface Comment {
  readonly id: number
  body: string
  readonly user: { readonly login: string; readonly type: string }
}

interface Issue {
  readonly number: number
  title: string
  body: string
  state: string
  readonly labels: readonly string[]
}

/** A little GitHub: comments of pull requests, issues, and whose a token is. */
export interface LittleGithub {
  readonly url: string
  readonly comments: Comment[]
  readonly issues: Issue[]
  readonly calls: string[]
  /** Answers the next call of this kind so; `executed`: it is carried out all the same. */
  readonly fail: (call: string, status: number, executed?: boolean) => void
}

export const TOKEN = 'a-token-nobody-may-see'

/** Starts one; its comments come in pages of 100, as GitHub's do. */
export async function startLittleGithub(t: Test): Promise<LittleGithub> {
  const comments: Comment[] = []
  const issues: Issue[] = []
  const calls: string[] = []
  const failures = new Map<string, { readonly status: number; readonly executed: boolean }>()
  const bot = { login: 'github-actions[bot]', type: 'Bot' }
  const page = <Row>(rows: readonly Row[], query: URLSearchParams) => {
    const at = Number(query.get('page') ?? '1') - 1
    return rows.slice(at * 100, at * 100 + 100)
  }
  const answer = (method: string, url: URL, body: Readonly<Record<string, string>>): unknown => {
    const path = url.pathname.replace('/repos/org/shop', '')
    const [, , id = ''] = path.split('/').slice(-3)
    switch (true) {
      case path === '/issues/7/comments' && method === 'GET':
        return page(comments, url.searchParams)
      case /^\/issues\/\d+\/comments$/.test(path) && method === 'POST': {
        const comment = { id: 1000 + comments.length, body: body['body'] ?? '', user: bot }
        comments.push(comment)
        return comment
      }
      case path.startsWith('/issues/comments/') && method === 'PATCH': {
        const comment = comments.find(one => one.id === Number(id))
        if (comment !== undefined) comment.body = body['body'] ?? ''
        return comment
      }
      case path === '/issues' && method === 'GET':
        return page(
          issues.filter(({ state, labels }) => state === 'open' && labels.includes('sft-catalog')),
          url.searchParams,
        )
      case path === '/issues' && method === 'POST': {
        const made = { number: issues.length + 1, title: '', body: '', state: 'open', labels: [] }
        issues.push({ ...made, ...body })
        return issues.at(-1)
      }
      case /^\/issues\/\d+$/.test(path) && method === 'PATCH':
        return Object.assign(issues[Number(id) - 1] ?? {}, body)
      case /^\/commits\/.*\/pulls$/.test(path):
        return [{ number: 7 }]
      default:
        return undefined
    }
  }
  const textOf = async (request: IncomingMessage) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    return text
  }
  const server = createServer((request, response) => {
    void textOf(request).then(text => {
      const url = new URL(request.url ?? '/', 'http://localhost')
      const call = `${request.method} ${url.pathname}`
      calls.push(call)
      const send = (status: number, data: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(data))
      if (request.headers.authorization !== `Bearer ${TOKEN}`)
        return send(401, { message: 'Bad credentials' })
      const failure = failures.get(call)
      failures.delete(call)
      if (failure !== undefined && !failure.executed)
        return send(failure.status, { message: 'Resource not accessible by integration' })
      if (url.pathname === '/user') return send(403, { message: 'Resource not accessible' })
      const data = answer(request.method ?? '', url, text === '' ? {} : JSON.parse(text))
      if (failure !== undefined) return send(failure.status, { message: 'timeout' })
      return data === undefined ? send(404, { message: 'Not Found' }) : send(200, data)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    issues,
    calls,
    fail: (call, status, executed = false) => failures.set(call, { status, executed }),
  }
}
