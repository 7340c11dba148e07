import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { PlainError } from '../plain-error.ts'

/** A key of AES-256-GCM. */
export interface EncryptionKey {
  /** Follows from the key, tells nothing of it, and stands beside all that was encrypted with it. */
  readonly id: string
  readonly key: KeyObject
}

/** The keys of a run: what is written is encrypted with the first one, and what any of them encrypted is read. */
export interface EncryptionKeys {
  /** Absent: what is written is plain. */
  readonly first?: EncryptionKey
  readonly all: ReadonlyMap<string, EncryptionKey>
}

/** Nothing is encrypted, and nothing encrypted is read. */
export const NO_KEYS: EncryptionKeys = { all: new Map() }

/** There is something that was encrypted with a key that is not given. Nothing was read from it or changed. */
export class EncryptedError extends PlainError {
  override readonly name = 'EncryptedError'
  /** ID of the key that is missing. */
  readonly keyId: string
  constructor(shown: string, keyId: string, { all }: EncryptionKeys) {
    const has = [...all.keys()].join(', ')
    super(
      `${shown}: it is encrypted with the key ${keyId}, which ${has === '' ? 'is not given: name its file by SFT_ENCRYPTION_KEY_FILE' : `is not in the file of SFT_ENCRYPTION_KEY_FILE (it has ${has}): add it there on a line of its own`}. ` +
        'Without it nothing is read, changed or sold',
    )
    this.keyId = keyId
  }
}

/** Encrypted text does not fit its key and its place; the message goes on after "the row". */
export class DecryptError extends Error {
  override readonly name = 'DecryptError'
}

/** Where a text is kept, such as its table and the parts of its key: at another place it cannot be opened. */
export type CipherPlace = readonly string[]

/** Encrypts the texts of one state or ledger for their places, where there is a key, and takes back what it was. */
export interface Cipher {
  encrypt(place: CipherPlace, text: string): string
  /**
   * Text that was kept, plain text too. Throws an `EncryptedError` where its key is missing, and a `DecryptError`
   * where it was changed or moved from another place.
   */
  decrypt(place: CipherPlace, kept: string): string
}

/** Before the ID of the key. JSON never begins so, and a plain text is always JSON. */
const MARK = 'aes1:'
const FORM = /^aes1:([0-9a-f]{8}):([A-Za-z0-9+/]+={0,2})$/
const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** How a text begins that was encrypted with a key; without one, with any. */
export const markOf = (key?: EncryptionKey): string =>
  key === undefined ? MARK : `${MARK}${key.id}:`

/** The ID of the key that a text was encrypted with; undefined where it is plain. */
const keyIdOf = (kept: string): string | undefined =>
  kept.startsWith(MARK) ? kept.slice(MARK.length, kept.indexOf(':', MARK.length)) : undefined

/** Whether a text is kept as these keys write it now. */
export const isUpToDate = ({ first }: EncryptionKeys, kept: string): boolean =>
  keyIdOf(kept) === first?.id

/** @param shown for messages. @param owner what the texts are of, such as a ledger and its lineage. */
export function cipherOf(keys: EncryptionKeys, shown: string, owner: readonly string[]): Cipher {
  const bound = (place: CipherPlace): Buffer => Buffer.from(JSON.stringify([...owner, ...place]))
  return {
    encrypt(place, text) {
      if (keys.first === undefined) return text
      const { key } = keys.first
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(bound(place))
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `${markOf(keys.first)}${Buffer.concat(parts).toString('base64')}`
    },
    decrypt(place, kept) {
      const keyId = keyIdOf(kept)
      if (keyId === undefined) return kept
      const [, , base64 = ''] = FORM.exec(kept) ?? []
      const bytes = Buffer.from(base64, 'base64')
      if (bytes.length < NONCE_BYTES + TAG_BYTES)
        throw new DecryptError('is cut short: it was encrypted, and cannot be decrypted')
      const found = keys.all.get(keyId)
      if (found === undefined) throw new EncryptedError(shown, keyId, keys)
      const end = bytes.length - TAG_BYTES
      const decipher = createDecipheriv(ALGORITHM, found.key, bytes.subarray(0, NONCE_BYTES))
      decipher.setAAD(bound(place)).setAuthTag(bytes.subarray(end))
      try {
        return `${decipher.update(bytes.subarray(NONCE_BYTES, end), undefined, 'utf8')}${decipher.final('utf8')}`
      } catch (error) {
        throw new DecryptError('cannot be decrypted: it was changed, or moved from another place', {
          cause: error,
        })
      }
    },
  }
}

/** Throws where something was encrypted with a key that is not among these; `keyIds` as `noteKey` keeps them. */
export function requireKeys(shown: string, keyIds: string, keys: EncryptionKeys): void {
  for (const keyId of keyIds.split(' '))
    if (keyId !== '' && !keys.all.has(keyId)) throw new EncryptedError(shown, keyId, keys)
}

/** The IDs of the keys in use once these keys write too; undefined where they are all noted. */
export function noteKey(keyIds: string, { first }: EncryptionKeys): string | undefined {
  if (first === undefined || keyIds.split(' ').includes(first.id)) return undefined
  return keyIds === '' ? first.id : `${keyIds} ${first.id}`
}
