import { type ProvisionEvent, type ProvisionListener, sayEvent } from './events.ts'

/** A logger as pino, Fastify and others have it: fields, then a message. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const LEVELS: Readonly<Record<ProvisionEvent['type'], keyof Logger>> = {
  'order started': 'debug',
  'order step': 'debug',
  'order delivered': 'info',
  'order stopped': 'warn',
  'order taken over': 'info',
  'order lost': 'warn',
  'endpoint created': 'info',
  'esim set aside': 'warn',
  'stock low': 'warn',
  'usage at 80 %': 'info',
  'usage exhausted': 'info',
  'usage expired': 'info',
  'background work failed': 'error',
}

/**
 * Writes events as lines of a structured log: the event's fields, and a sentence. The fields hold no secret.
 *
 * @example await openProvisioner({ onEvent: logEvents(pino()) })
 */
export function logEvents(logger: Logger): ProvisionListener {
  return event => {
    // The time is the logger's own.
    const { type, at: _at, ...fields } = event
    const said = 'message' in fields ? withReason(fields) : fields
    logger[LEVELS[type]]({ event: type, ...said }, sayEvent(event))
  }
}

/** `message` is what loggers call their sentence. */
const withReason = <Fields extends { readonly message: string }>({
  message,
  ...fields
}: Fields) => ({ ...fields, reason: message })
