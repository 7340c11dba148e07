/** The web server: what protects every page, and nothing of the shop itself. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import csrfProtection from '@fastify/csrf-protection'
import formBody from '@fastify/formbody'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import secureSession, { type Session } from '@fastify/secure-session'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { isProvisionError } from 'sft-catalog/provision'
import { htmlOf, Message } from './pages/layout.tsx'
import type { Settings } from './settings.ts'

/** What a customer's cookie holds, sealed. */
interface CustomerSession {
  readonly customer: string
}

/** What the operator's cookie holds, which browsers send to its pages only. */
interface OperatorSession {
  readonly name: string
}

declare module 'fastify' {
  interface FastifyRequest {
    operator: Session<OperatorSession>
  }
}

declare module '@fastify/secure-session' {
  interface SessionData extends CustomerSession {}
}

/** A page that is not there, or is not this visitor's: both look the same. */
export class NotFound extends Error {
  readonly statusCode = 404
}

/** A form that this shop did not give out to this visitor. */
export class ForeignForm extends Error {
  readonly statusCode = 403
}

const MONTH = 30 * 24 * 3600
const SHIFT = 8 * 3600

export type App = Awaited<ReturnType<typeof openServer>>

/** Opens it without routes; `files` is the folder with its style, script and icon. */
export async function openServer(settings: Settings, files: URL) {
  const app = fastify({
    // A line a request with method, address and status; neither cookies, forms nor answers are in it.
    logger: { level: settings.logLevel },
    trustProxy: settings.trustProxy,
    bodyLimit: 16 * 1024,
    routerOptions: { maxParamLength: 200 },
    genReqId: () => randomUUID(),
  })
    .setValidatorCompiler(TypeBoxValidatorCompiler)
    .withTypeProvider<TypeBoxTypeProvider>()
  const isHttps = settings.origin.startsWith('https:')

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(isHttps && { upgradeInsecureRequests: [] }),
      },
    },
    strictTransportSecurity: isHttps && { maxAge: 365 * 24 * 3600 },
  })
  await app.register(rateLimit, { max: settings.ratePerMinute, timeWindow: '1 minute' })
  await app.register(formBody)
  const cookie = { httpOnly: true, secure: isHttps } as const
  const key = [...settings.sessionKeys]
  await app.register(secureSession, [
    {
      sessionName: 'session',
      cookieName: 'customer',
      key,
      expiry: MONTH,
      cookie: { ...cookie, path: '/', sameSite: 'lax', maxAge: MONTH },
    },
    {
      sessionName: 'operator',
      cookieName: 'operator',
      key,
      expiry: SHIFT,
      cookie: { ...cookie, path: '/operator', sameSite: 'strict', maxAge: SHIFT },
    },
  ])
  await app.register(csrfProtection, {
    sessionPlugin: '@fastify/secure-session',
    getToken: ({ body }) => (hasToken(body) ? body._csrf : undefined),
  })
  app.addHook('preValidation', (request, reply, done) => {
    if (request.method === 'POST') app.csrfProtection(request, reply, done)
    else done()
  })
  // Pages show codes and orders: neither a shared computer nor a proxy keeps them.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  await addFiles(app, files)
  app.get('/health', async () => 'ok')
  app.setNotFoundHandler((request, reply) => answer(new NotFound(), request, reply))
  app.setErrorHandler(answer)
  return app
}

const hasToken = (body: unknown): body is { readonly _csrf: string } =>
  typeof body === 'object' && body !== null && '_csrf' in body && typeof body._csrf === 'string'

const FILES = {
  'portal.css': 'text/css; charset=utf-8',
  'portal.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const

async function addFiles(
  app: {
    get(
      path: string,
      handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
    ): unknown
  },
  files: URL,
): Promise<void> {
  for (const [name, type] of Object.entries(FILES)) {
    const text = await readFile(new URL(name, files))
    app.get(`/static/${name}`, (_request, reply) =>
      Promise.resolve(reply.type(type).header('cache-control', 'max-age=300').send(text)),
    )
  }
}

const WORDS: Readonly<Record<number, readonly [string, string]>> = {
  400: [
    'That did not work',
    'Something in the form was missing or not valid. Go back and try again.',
  ],
  403: [
    'This form is too old',
    'It was not opened by this browser, or your cookies were cleared. Open the page again and repeat it.',
  ],
  404: ['Nothing here', 'There is no such page, or it is not yours.'],
  429: ['Too many requests', 'Wait a minute, then go on.'],
  503: [
    'Not just now',
    'We cannot reach our network now. Your orders are kept; try again in a while.',
  ],
}

/** An error as a page: what went wrong inside stands in the log, under the reference that the page shows. */
function answer(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusOf(error)
  if (status >= 500) request.log.error({ err: error }, 'a request failed')
  const [title, text] = WORDS[status] ?? [
    'Something went wrong',
    'It is our fault. Try again in a while.',
  ]
  const reference = status >= 500 ? { reference: request.id } : {}
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(htmlOf(Message({ title, text, ...reference })))
}

function statusOf(error: unknown): number {
  if (isProvisionError(error)) return error.name === 'UnexpectedError' ? 500 : 503
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500
  const status = Number(error.statusCode)
  return status >= 400 && status < 600 ? status : 500
}

/** Sends a page. */
export const sendPage = (reply: FastifyReply, page: Parameters<typeof htmlOf>[0]): FastifyReply =>
  reply.type('text/html; charset=utf-8').send(htmlOf(page))
