/** A state as it stands in files where there is a key: each record a text of its own, and each entry of a journal. */
import { isJsonObject } from '../json.ts'
import {
  type Cipher,
  type CipherPlace,
  cipherOf,
  DecryptError,
  type EncryptionKeys,
  isUpToDate,
} from '../secrets/cipher.ts'
import type { MutableState } from './apply-entry.ts'
import { STATE_VERSION, type StateEntry } from './state.ts'

/** The form of a snapshot whose values are encrypted. Releases before it refuse it. */
const ENCRYPTED_VERSION = 4

/** Which state it is, and what its file is sealed with; the rest is encrypted. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  'version',
  'lineage',
  'serial',
  'digest',
  'journal',
])

/** These stand as one text each, and of the others each item. */
const WHOLE_FIELDS: ReadonlySet<string> = new Set(['account', 'learnt'])

/** What a state's texts are encrypted for, beside their places in it. */
const ownerOf = (lineage: string): readonly string[] => ['state', lineage]

/** The cipher of a state. */
export const stateCipher = (keys: EncryptionKeys, shown: string, lineage: string): Cipher =>
  cipherOf(keys, shown, ownerOf(lineage))

const bare = (): Record<string, unknown> => Object.create(null)

/** A state as a snapshot has it: as it is where these keys encrypt nothing. */
export function encryptedState(state: MutableState, keys: EncryptionKeys, shown: string): object {
  if (keys.first === undefined) return state
  const cipher = stateCipher(keys, shown, state.lineage)
  const encrypt = (place: CipherPlace, value: unknown): string =>
    cipher.encrypt(place, JSON.stringify(value))
  return { ...mapFields(state, encrypt), version: ENCRYPTED_VERSION }
}

/** What a snapshot says as the state that it was; as it is where it is plain. Throws an error that names the value. */
export function decryptedState(value: unknown, keys: EncryptionKeys, shown: string): unknown {
  if (!isJsonObject(value) || value['version'] !== ENCRYPTED_VERSION) return value
  const { lineage } = value
  const cipher = stateCipher(keys, shown, typeof lineage === 'string' ? lineage : '')
  const decrypt = (place: CipherPlace, kept: unknown): unknown => {
    if (typeof kept !== 'string') return kept
    try {
      return JSON.parse(cipher.decrypt(place, kept))
    } catch (error) {
      if (!(error instanceof DecryptError)) throw error
      throw new Error(`${place.join('.')} ${error.message}`, { cause: error })
    }
  }
  return { ...mapFields(value, decrypt), version: STATE_VERSION }
}

function mapFields(value: object, change: (place: CipherPlace, value: unknown) => unknown): object {
  const changed = bare()
  for (const [field, part] of Object.entries(value)) {
    if (PLAIN_FIELDS.has(field) || part === undefined) changed[field] = part
    else if (WHOLE_FIELDS.has(field) || !isJsonObject(part)) changed[field] = change([field], part)
    else {
      const items = bare()
      for (const key of Object.keys(part)) items[key] = change([field, key], part[key])
      changed[field] = items
    }
  }
  return changed
}

/** Whether all of a snapshot is kept as these keys write it now. */
export function isSnapshotUpToDate(value: unknown, keys: EncryptionKeys): boolean {
  if (!isJsonObject(value)) return false
  if (value['version'] !== ENCRYPTED_VERSION) return keys.first === undefined
  let isSo = true
  mapFields(value, (_place, kept) => {
    isSo &&= typeof kept === 'string' && isUpToDate(keys, kept)
    return kept
  })
  return isSo && keys.first !== undefined
}

const ENTRY: CipherPlace = ['journal']

/** An entry as a journal has it: what it is about stands in what is encrypted. */
export type KeptEntry = StateEntry | string

export const encryptedEntries = (
  entries: readonly StateEntry[],
  cipher: Cipher,
  keys: EncryptionKeys,
): readonly KeptEntry[] =>
  keys.first === undefined
    ? entries
    : entries.map(entry => cipher.encrypt(ENTRY, JSON.stringify(entry)))

/** Throws a `DecryptError` for an entry that was changed or is of another state. */
export const decryptedEntries = (
  entries: readonly KeptEntry[],
  cipher: Cipher,
): readonly StateEntry[] =>
  entries.map(entry =>
    typeof entry === 'string' ? (JSON.parse(cipher.decrypt(ENTRY, entry)) as StateEntry) : entry,
  )
