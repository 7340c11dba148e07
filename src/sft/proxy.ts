import { BlockList, isIP } from 'node:net'
import type { ProxyAgent } from 'undici'
import type { Fetch } from '../fetch.ts'
import { NO_TUNNEL } from './connect-failures.ts'

/** Variables as `process.env` has them. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/** The way to a host through a proxy. */
export interface Proxy {
  readonly fetch: Fetch
  /** For people, such as `http://proxy:3128 (HTTPS_PROXY)`; without user name and password. */
  readonly told: string
}

/**
 * The proxy that the environment wants for a URL: `HTTPS_PROXY` or `HTTP_PROXY`, unless `NO_PROXY` has the
 * host, each also in lower case, which goes first. Undefined where there is none. Throws a `TypeError`
 * where a variable names no HTTP proxy.
 */
export function proxyFor(url: URL, env: ProxyEnvironment): Proxy | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const text = variable(env, name)
  if (text === undefined || isDirect(url, variable(env, 'NO_PROXY') ?? '')) return undefined
  const proxy = parseProxy(name, text)
  const { username, password } = proxy
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  let agent: Promise<ProxyAgent> | undefined
  // Most have no proxy, and loading undici takes longer than reading a catalog.
  const openAgent = async (): Promise<ProxyAgent> => {
    const { Pool, ProxyAgent: Agent } = await import('undici')
    return new Agent({
      uri: proxy.origin,
      clientFactory: (origin, options) => {
        const pool = new Pool(origin, options)
        const tunnel = pool.connect.bind(pool)
        return Object.assign(pool, {
          connect: (wish: Parameters<typeof tunnel>[0]) => tunnel(wish).catch(refuseTunnel),
        })
      },
      ...((username !== '' || password !== '') && {
        token: `Basic ${Buffer.from(words).toString('base64')}`,
      }),
    })
  }
  return {
    fetch: async (address, init) => {
      agent ??= openAgent()
      // Node's own fetch takes the dispatcher of undici; its types know only the version that Node has inside.
      const through: RequestInit = Object.assign({}, init, { dispatcher: await agent })
      return await fetch(address, through)
    },
    told: `${proxy.origin} (${name})`,
  }
}

/** A proxy that ended the connection, or did not speak HTTP, where it was asked for a tunnel. */
class NoTunnelError extends Error {
  readonly code = NO_TUNNEL
}

/** undici takes a cut connection for one that was idle, and tries it again at once, thousands of times a second. */
function refuseTunnel(error: unknown): never {
  if (!(error instanceof Error)) throw error
  const code = 'code' in error ? error.code : undefined
  const isCut = code === 'UND_ERR_SOCKET' || code === 'UND_ERR_INFO'
  if (!isCut && error.name !== 'HTTPParserError') throw error
  throw new NoTunnelError('it makes no tunnel: it ends the connection, or speaks no HTTP', {
    cause: error,
  })
}

const variable = (env: ProxyEnvironment, name: string): string | undefined =>
  [env[name.toLowerCase()], env[name]].map(value => value?.trim()).find(value => value)

/** `proxy:3128` is meant as `http://proxy:3128`. What is wrong is not shown: it may hold a password. */
function parseProxy(name: string, text: string): URL {
  const full = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(full) || !/^https?:\/\//i.test(full))
    throw new TypeError(`${name} names no HTTP proxy; give it as http://host:port, or unset it`)
  return new URL(full)
}

/** Whether `NO_PROXY` has the host: `*`, a host and all below it, an address, a range; each with or without a port. */
function isDirect(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some(entry => {
      if (entry === '*') return true
      const [, name = '', wanted] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? []
      const isAddress = isIP(entry) > 0
      const place = (isAddress ? entry : name).replace(/^\*?\./, '')
      if (place === '' || (!isAddress && wanted !== undefined && wanted !== port)) return false
      return host === place || host.endsWith(`.${place}`) || isInRange(host, place)
    })
}

function isInRange(host: string, range: string): boolean {
  const [address = '', bits] = range.split('/')
  const family = isIP(address)
  if (bits === undefined || family === 0 || isIP(host) !== family) return false
  const size = Number(bits)
  if (!Number.isInteger(size) || size < 0 || size > (family === 4 ? 32 : 128)) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const ranges = new BlockList()
  ranges.addSubnet(address, size, type)
  return ranges.check(host, type)
}
