import { createHmac, createSecretKey } from 'node:crypto'
import { statSync } from 'node:fs'
import { readSettingFile, SettingsError } from '../setting-file.ts'
import { type EncryptionKey, type EncryptionKeys, NO_KEYS } from './cipher.ts'

const KEY_BYTES = 32
const HEX = /^[0-9a-f]{64}$/i
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/

/** The word that stands in the place of the first key where nothing is to be encrypted any more. */
const PLAIN = 'plain'

const ADVICE = 'make one by `openssl rand -base64 32`'

/**
 * The keys of a file, one a line, 32 bytes as base64 or hex: the first one encrypts, all decrypt. Empty lines and
 * those that begin with # say nothing; `plain` on the first line: nothing is encrypted, and what was is read. Throws
 * a SettingsError that shows no key.
 */
export function readKeyFile(path: string): EncryptionKeys {
  const wrong = (problem: string, cause?: unknown) =>
    new SettingsError(`SFT_ENCRYPTION_KEY_FILE names ${path}, ${problem}`, { cause })
  let text: string | undefined
  try {
    text = readSettingFile(path)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    throw wrong(`which cannot be read: ${error.message}`, error)
  }
  if (text === undefined) throw wrong('which does not exist: correct the path, or mount the file')
  const reader = readableBy(path)
  if (reader !== undefined)
    throw wrong(`which ${reader} can read: take the right away (chmod 600), and replace the key`)
  return keysOf(text, wrong)
}

/** Who else may read a file; undefined: nobody. The group of a file of somebody else is how this process reads it. */
function readableBy(path: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const { mode, uid } = statSync(path)
  if ((mode & 0o007) !== 0) return 'everybody on this machine'
  return (mode & 0o070) !== 0 && uid === process.getuid?.() ? 'its group' : undefined
}

function keysOf(text: string, wrong: (problem: string) => SettingsError): EncryptionKeys {
  const all = new Map<string, EncryptionKey>()
  let first: EncryptionKey | undefined
  let isPlain = false
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line === PLAIN && all.size === 0 && !isPlain) {
      isPlain = true
      continue
    }
    const key = keyOf(line)
    if (key === undefined)
      throw wrong(
        `whose line ${index + 1} is no key: a key is ${KEY_BYTES} random bytes as base64 or hex, without quotes; ${ADVICE}`,
      )
    all.set(key.id, key)
    first ??= key
  }
  if (all.size === 0) throw wrong(`which has no key in it; ${ADVICE}`)
  return isPlain || first === undefined ? { all } : { first, all }
}

function keyOf(line: string): EncryptionKey | undefined {
  const bytes = HEX.test(line)
    ? Buffer.from(line, 'hex')
    : Buffer.from(BASE64.test(line) ? line : '', 'base64')
  if (bytes.length !== KEY_BYTES) return undefined
  const id = createHmac('sha256', bytes).update('sft-catalog key ID').digest('hex').slice(0, 8)
  return { id, key: createSecretKey(bytes) }
}

/** The keys that the environment names; none where it names none. Throws a SettingsError. */
export function encryptionKeys(env: Readonly<Record<string, string | undefined>>): EncryptionKeys {
  const path = env['SFT_ENCRYPTION_KEY_FILE']
  if (path === undefined) return NO_KEYS
  if (path.trim() === '')
    throw new SettingsError(
      'SFT_ENCRYPTION_KEY_FILE is set and empty: name the file of the key, or unset it to encrypt nothing',
    )
  return readKeyFile(path)
}
