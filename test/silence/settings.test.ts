import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { PASSWORD, runCli } from '../cli/run-cli.ts'
import { json, rows } from './rows.ts'

/** A `.env` beside the command line, and what comes of it: what is sent for a password, or an error. */
const SETTING_FILES: readonly {
  readonly name: string
  readonly env: string | Buffer
  readonly password?: string
  readonly told?: RegExp
  readonly warned?: RegExp
}[] = [
  {
    name: 'a byte order mark is no part of the first name',
    env: '\ufeffSFT_BASE_URL=@\nSFT_PASSWORD=a',
    password: 'a',
  },
  {
    name: 'lines of Windows, blanks and export',
    env: 'SFT_BASE_URL = @ \r\nexport SFT_PASSWORD= a b \r\n',
    password: 'a b',
  },
  {
    name: 'a # within a value belongs to it',
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a#b',
    password: 'a#b',
  },
  {
    name: 'a # after a blank begins a comment',
    env: 'SFT_BASE_URL=@ # ours\n# SFT_PASSWORD=b\nSFT_PASSWORD=a # b',
    password: 'a',
  },
  {
    name: 'quotes keep blanks, # and backslashes',
    env: "SFT_BASE_URL='@'\nSFT_PASSWORD=' a # \\n'  # kept\n",
    password: ' a # \\n',
  },
  {
    name: 'double quotes have escapes',
    env: 'SFT_BASE_URL="@"\nSFT_PASSWORD="a \\" \\\\ # b"',
    password: 'a " \\ # b',
  },
  {
    name: "somebody else's value of several lines",
    env: 'KEY="-----BEGIN\nSFT_PASSWORD=b\n-----END"\nSFT_BASE_URL=@\nSFT_PASSWORD=a',
    password: 'a',
  },
  {
    name: 'a quote that is not closed',
    env: 'SFT_PASSWORD=a\nSFT_BASE_URL="@\n',
    told: /\.env:2 SFT_BASE_URL: has a quote that is not closed/,
  },
  {
    name: 'text after a quote',
    env: 'SFT_BASE_URL="@"x\n',
    told: /\.env:1 SFT_BASE_URL: has more text/,
  },
  {
    name: 'a line that is none',
    env: 'SFT_BASE_URL: @\n',
    told: /\.env:1 is neither NAME=value nor a comment/,
  },
  {
    name: 'one name with two values',
    env: 'SFT_BASE_URL=@\nSFT_BASE_URL=https://b\n',
    told: /\.env:2 gives SFT_BASE_URL another value/,
  },
  {
    name: 'typographic quotes',
    env: 'SFT_PASSWORD=\u201ca\u201d\n',
    told: /\.env:1 SFT_PASSWORD: begins with a typographic quote/,
  },
  {
    name: 'UTF-16',
    env: Buffer.from('\ufeffSFT_BASE_URL=@', 'utf16le'),
    told: /\.env is no text in UTF-8/,
  },
  {
    name: 'an empty host',
    env: 'SFT_BASE_URL=\nSFT_PASSWORD=a',
    told: /SFT_BASE_URL is set and empty/,
  },
  {
    name: 'an empty account',
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a\nSFT_TARGET_ACCOUNT_ID=',
    told: /SFT_TARGET_ACCOUNT_ID is set and empty/,
  },
  {
    name: 'a misspelt host',
    env: 'SFT_BASEURL=@\nSFT_PASSWORD=a',
    told: /SFT_BASEURL is no setting: did you mean SFT_BASE_URL\?/,
  },
  {
    name: 'a misspelt account, in lower case',
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a\nsft_target_accountid=7',
    told: /sft_target_accountid is no setting: did you mean SFT_TARGET_ACCOUNT_ID\?/,
  },
  {
    name: "somebody else's variable is no mistake",
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a\nSFT_FLEET_REGION=eu',
    password: 'a',
    warned: /^warning: SFT_FLEET_REGION is no setting of sft-catalog/m,
  },
  {
    name: 'a password and a file for one',
    env: 'SFT_BASE_URL=@\nSFT_PASSWORD=a\nSFT_PASSWORD_FILE=b',
    told: /SFT_PASSWORD and SFT_PASSWORD_FILE are both set/,
  },
]

t.test('a setting that is there is read whole, or ends the run', async t => {
  const passwords: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += String(chunk)
    })
    request.on('end', () => {
      passwords.push(String(JSON.parse(body || '{}').password))
      response.writeHead(401).end('{}')
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const folder = t.testdir({})
  const run = (cwd: string, env: Readonly<Record<string, string>> = {}) =>
    runCli(['doctor'], { cwd, env: { SFT_USERNAME: 'ana', ...env } })
  const made = (name: string): string => {
    const cwd = join(folder, name)
    mkdirSync(cwd)
    return cwd
  }
  for (const [at, { name, env, password, told, warned }] of SETTING_FILES.entries())
    await t.test(name, async t => {
      const cwd = made(`row-${at}`)
      writeFileSync(join(cwd, '.env'), typeof env === 'string' ? env.replace('@', url) : env)
      passwords.length = 0
      const { code, stdout, stderr } = await run(cwd)
      t.equal(code, 1)
      if (told !== undefined) {
        t.match(stderr, told)
        t.notMatch(stderr, /\n {4}at /)
        t.strictSame(passwords, [])
        return
      }
      t.ok(passwords.length > 0, stderr)
      t.strictSame([...new Set(passwords)], [password])
      if (warned !== undefined) t.match(stderr, warned)
      t.match(stdout, `Account: 127.0.0.1:${port} as ana, no target account, state state.json`)
    })

  await t.test('a folder, a pipe, a device and a dead link are no .env', async t => {
    const make: Readonly<Record<string, (path: string) => void>> = {
      folder: path => mkdirSync(path),
      pipe: path => void spawnSync('sh', ['-c', 'mkfifo "$0"', path]),
      device: path => symlinkSync('/dev/null', path),
      link: path => symlinkSync('nowhere', path),
    }
    for (const [kind, put] of Object.entries(make)) {
      const cwd = made(kind)
      put(join(cwd, '.env'))
      const { code, stderr } = await run(cwd, { SFT_BASE_URL: url, SFT_PASSWORD: 'a' })
      t.equal(code, 1, kind)
      t.match(stderr, /^error \.env is (a folder|a pipe, a device|there and cannot be read)/)
    }
  })

  await t.test('a password file is read whole, or refused', async t => {
    const cwd = made('files')
    for (const [text, told] of [
      ['\ufeffa#b \n', 'a#b '],
      ['"a"\n', /has quotes around the password/],
      ['  \n', /is empty/],
      ['a\nb\n', /has several lines/],
    ] as const) {
      writeFileSync(join(cwd, 'password'), text)
      passwords.length = 0
      const { stderr } = await run(cwd, { SFT_BASE_URL: url, SFT_PASSWORD_FILE: 'password' })
      if (typeof told === 'string') t.strictSame([...new Set(passwords)], [told])
      else t.match(stderr, told)
    }
    const { stderr } = await run(cwd, { SFT_BASE_URL: url, SFT_PASSWORD_FILE: '.' })
    t.match(stderr, /SFT_PASSWORD_FILE names \., which cannot be read: \. is a folder/)
  })
})

rows('host, user, target account and state stand in whatever is said', [
  {
    name: 'plan, comment, prompt, report and data',
    check: async (t, desk) => {
      const host = desk.simulator.url.replace('http://', '')
      const words = `${host} as seller, no target account, state state.json`
      const line = `Account: ${words}\n`
      t.match((await desk.run('plan')).stdout, line)
      t.match((await desk.run('plan --markdown')).stdout, line)
      t.match(json((await desk.run('plan --json')).stdout), {
        account: { host, user: 'seller', targetAccountId: null, state: 'state.json' },
      })
      const asked = desk.start('apply', { terminal: true })
      await asked.until(/Apply these changes to [^?]*\?/)
      asked.type('no\r')
      t.match((await asked.ended).stdout.replaceAll(/\s+/g, ' '), words)
      const applied = (await desk.run('apply --auto-approve')).stdout
      t.equal(applied.split(line).length, 3, 'the plan and the report')
      for (const command of ['drift', 'coverage', 'coverage --markdown', 'doctor', 'adopt'])
        t.match((await desk.run(command)).stdout, line, command)
    },
  },
])

const CERTIFICATE =
  'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=sft.test -addext subjectAltName=DNS:sft.test'

/** A proxy that makes tunnels, to `to` where that is given, or answers each wish for one with a status. */
async function openProxy(t: Test, status = 200, to?: number) {
  const wishes: { readonly host: string; readonly credentials: string | undefined }[] = []
  const sockets = new Set<Duplex>()
  const server = createServer()
  server.on('connect', (request, socket) => {
    sockets.add(socket)
    wishes.push({ host: request.url ?? '', credentials: request.headers['proxy-authorization'] })
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const [host = '', port = ''] = (request.url ?? '').split(':')
    const there = connect(to ?? Number(port), to === undefined ? host : '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    for (const end of [there, socket]) end.on('error', () => undefined)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { wishes, place: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

rows('a proxy of the environment is obeyed', [
  {
    name: 'calls go through it with its credentials, which are never shown',
    check: async (t, desk) => {
      const proxy = await openProxy(t)
      const env = { HTTP_PROXY: `http://ana:${PASSWORD}@${proxy.place}` }
      const { code, stderr } = await desk.run('plan --trace', { env })
      t.equal(code, 0, stderr)
      const credentials = `Basic ${Buffer.from(`ana:${PASSWORD}`).toString('base64')}`
      t.match(proxy.wishes[0], { host: desk.simulator.url.replace('http://', ''), credentials })
      t.ok(desk.simulator.calls.length > 3)
      t.notMatch(stderr, credentials)
      const before = proxy.wishes.length
      for (const none of ['*', '127.0.0.1', 'example.com, 127.0.0.0/8'])
        t.equal((await desk.run('plan', { env: { ...env, NO_PROXY: none } })).code, 0)
      t.equal(proxy.wishes.length, before, 'NO_PROXY leaves it out')
      desk.write('.env', `http_proxy=${proxy.place}\n`)
      t.equal((await desk.run('plan')).code, 0)
      t.ok(proxy.wishes.length > before, 'from a .env file too')
    },
  },
  {
    name: 'TLS goes through its tunnel, to a host that only the proxy knows',
    check: async (t, desk) => {
      const made = spawnSync('openssl', [...CERTIFICATE.split(' ')], { cwd: desk.folder })
      if (made.status !== 0) return t.comment('there is no openssl here')
      const [key, cert] = [desk.read('key.pem'), desk.read('cert.pem')]
      const { port, hostname } = new URL(desk.simulator.url)
      const ends = new Set<Duplex>()
      const tls = createTlsServer({ key, cert }, socket => {
        const there = connect(Number(port), hostname)
        socket.pipe(there).pipe(socket)
        for (const end of [socket, there]) ends.add(end.on('error', () => undefined))
      })
      await new Promise<void>(done => tls.listen(0, '127.0.0.1', done))
      t.teardown(() => {
        for (const end of ends) end.destroy()
        tls.close()
      })
      const proxy = await openProxy(t, 200, (tls.address() as AddressInfo).port)
      const env = {
        SFT_BASE_URL: 'https://sft.test',
        HTTPS_PROXY: `http://ana:${PASSWORD}@${proxy.place}`,
        NODE_EXTRA_CA_CERTS: join(desk.folder, 'cert.pem'),
      }
      const options = { env, ownProcess: true }
      t.match(await desk.run('apply --auto-approve', options), { code: 0, stdout: /2 done/ })
      t.equal(proxy.wishes[0]?.host, 'sft.test:443')
      const untrusted = await desk.run('plan', {
        env: { ...env, NODE_EXTRA_CA_CERTS: '' },
        ownProcess: true,
      })
      t.equal(untrusted.code, 1)
      t.match(
        untrusted.stderr,
        `through the proxy http://${proxy.place} (HTTPS_PROXY): self-signed certificate`,
      )
      t.notMatch(untrusted.stderr, 'ana')
    },
  },
  {
    name: 'one that makes no tunnel, or is not there, is named in the error',
    check: async (t, desk) => {
      for (const [status, told] of [
        [407, 'it wants other credentials \\(407\\)'],
        [502, 'it answered 502'],
      ] as const) {
        const proxy = await openProxy(t, status)
        const { code, stderr } = await desk.run('plan', {
          env: {
            SFT_BASE_URL: 'https://sft.example.com',
            HTTPS_PROXY: `http://ana:${PASSWORD}@${proxy.place}`,
          },
        })
        t.equal(code, 1)
        t.match(
          stderr,
          new RegExp(`through the proxy http://${proxy.place} \\(HTTPS_PROXY\\): ${told}`),
        )
        t.match(stderr, 'HTTPS_PROXY, HTTP_PROXY, NO_PROXY')
        t.equal(proxy.wishes[0]?.host, 'sft.example.com:443')
      }
      for (const answer of ['', 'no HTTP at all\n']) {
        let tries = 0
        const rude = createTcpServer(socket => {
          tries += 1
          socket.on('error', () => undefined).once('data', () => socket.end(answer))
        })
        await new Promise<void>(done => rude.listen(0, '127.0.0.1', done))
        t.teardown(() => rude.close())
        const { port } = rude.address() as AddressInfo
        const { code, stderr } = await desk.run('plan', {
          env: { HTTP_PROXY: `127.0.0.1:${port}` },
        })
        t.equal(code, 1)
        t.match(stderr, /through the proxy .*: it makes no tunnel: it ends the connection/)
        t.ok(tries < 10, `${tries} connections`)
      }
      const dead = await desk.run('plan', { env: { HTTP_PROXY: 'http://127.0.0.1:1' } })
      t.equal(dead.code, 1)
      t.match(dead.stderr, /through the proxy http:\/\/127\.0\.0\.1:1 \(HTTP_PROXY\)/)
      const wrong = await desk.run('plan', { env: { HTTP_PROXY: `socks5://ana:${PASSWORD}@a` } })
      t.equal(wrong.code, 1)
      t.match(wrong.stderr, /^error HTTP_PROXY names no HTTP proxy/)
    },
  },
])
