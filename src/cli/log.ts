import { readLogSecrets } from '../log-secrets.ts'
import type { Logger } from '../provision/index.ts'
import type { Tone } from '../render/paint.ts'
import { createRedact } from '../sft/redact.ts'
import type { Context } from './context.ts'
import { text, UsageError, type Values } from './flags.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof LEVELS)[number]
const FORMATS = ['json', 'text'] as const

export const LOG_FLAGS = {
  'log-level': text('LEVEL', 'what is logged on stderr: debug, info (default), warn, error'),
  'log-format': text(
    'FORM',
    'json: one object a line, the default where stderr is no terminal; or text',
  ),
} as const

const TONES: Readonly<Partial<Record<Level, Tone>>> = { debug: 'dim', warn: 'warn', error: 'error' }

/**
 * The log of a command that runs for long, on stderr: JSON lines by pino, or sentences. Secrets that the process was
 * given, and whatever looks like a token or an activation code, are taken out of every line.
 */
export async function openLog(flags: Values<typeof LOG_FLAGS>, context: Context): Promise<Logger> {
  const level = oneOf('log-level', LEVELS, flags['log-level'] ?? 'info')
  const ownForm = context.isErrTerminal ? 'text' : 'json'
  const form = oneOf('log-format', FORMATS, flags['log-format'] ?? ownForm)
  // The log is all that is said: no line of what is waited for comes between.
  context.live.handOver()
  const redact = createRedact(() => readLogSecrets(context.env))
  if (form === 'text') return textLog(level, line => context.err(redact(line)), context)
  const { pino, stdTimeFunctions } = await import('pino')
  const logger: Logger = pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: (line: string) => context.err(redact(line.trimEnd())) },
  )
  return logger
}

function oneOf<Word extends string>(flag: string, words: readonly Word[], given: string): Word {
  const found = words.find(word => word === given)
  if (found === undefined)
    throw new UsageError(`--${flag} ${given}: it is one of ${words.join(', ')}`)
  return found
}

function textLog(level: Level, write: (line: string) => void, { paintErr }: Context): Logger {
  const at = (own: Level) => (_fields: object, message: string) => {
    if (LEVELS.indexOf(own) < LEVELS.indexOf(level)) return
    const tone = TONES[own]
    write(tone === undefined ? message : paintErr(tone, message))
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
