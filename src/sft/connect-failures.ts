/** What a failed request says by itself: whether it was sent at all, and why it failed. */
import { UnsentError } from './written.ts'

/** The code of an error of a proxy that ended the connection, or spoke no HTTP, where it was asked for a tunnel. */
export const NO_TUNNEL = 'SFT_NO_TUNNEL'

/** Codes of failures before the request was sent: no address, no route, no connection, no trust. */
const UNCONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  NO_TUNNEL,
])

/** What codes of failed connections mean; of a certificate the system's own message is plain. */
const IN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EHOSTUNREACH: 'there is no way to this host from here',
  ENETUNREACH: 'there is no way to this host from here',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'the host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: is it http, or another port',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks no version of TLS that is safe',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'no TLS connection that both sides take',
}

const TUNNEL_REFUSED = /^Proxy response \((\d+)\) !== 200 when HTTP Tunneling/

const BAD_PORT = 'bad port'

/** Whether a failed request was certainly not sent. */
export function isUnconnected(error: unknown): boolean {
  const cause = causeOf(error)
  if (cause instanceof UnsentError) return true
  if (cause instanceof AggregateError) return cause.errors.every(isConnectFailure)
  return isConnectFailure(cause)
}

/** A reset, or a route lost, while connecting is harmless; the same later is not. */
function isConnectFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    ('code' in error && typeof error.code === 'string' && UNCONNECTED.has(error.code)) ||
    ('syscall' in error && error.syscall === 'connect') ||
    // The proxy made no tunnel, so nothing went through it; fetch uses no port that others are known for.
    TUNNEL_REFUSED.test(error.message) ||
    error.message === BAD_PORT
  )
}

function causeOf(error: unknown): unknown {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  // fetch wraps a second time what a dispatcher gave up.
  return cause instanceof DOMException && cause.cause instanceof Error ? cause.cause : cause
}

/** Why a request failed, for people. */
export function failureInWords(error: unknown): string {
  const cause = causeOf(error)
  const first = cause instanceof AggregateError ? (cause.errors[0] ?? cause) : cause
  if (!(first instanceof Error)) return String(first)
  const refused = TUNNEL_REFUSED.exec(first.message)?.[1]
  if (refused !== undefined)
    return refused === '407' ? 'it wants other credentials (407)' : `it answered ${refused}`
  if (first.message === BAD_PORT) return 'this port is kept for something else than HTTP'
  const code = 'code' in first && typeof first.code === 'string' ? first.code : undefined
  if (code === undefined || code === NO_TUNNEL) return first.message
  const words = Object.hasOwn(IN_WORDS, code) ? IN_WORDS[code] : undefined
  if (words !== undefined) return words
  return first.message.includes(code) ? first.message : `${first.message} (${code})`
}
