import type { EncryptionReport, OnEncrypted } from '../secrets/encryption.ts'
import type { MovedPart } from './moving.ts'
import { findAble } from './registry.ts'

/**
 * Encrypts all that a state or ledger of an address keeps, and its backups, with the first of the keys in force
 * (`withKeys`, else `SFT_ENCRYPTION_KEY_FILE`); makes it plain where none of them is the first. What is written anew
 * is written so anyway: this is for what is older. Cut short anywhere, the same call goes on. Undefined where there is
 * nothing. Throws an `EncryptedError` where a key is missing, a `PlainError` where the store keeps no secrets, and
 * `LockedError` where a state is locked.
 */
export async function encryptStore(
  part: MovedPart,
  address: string,
  onRows?: OnEncrypted,
): Promise<EncryptionReport | undefined> {
  const cannot = 'is not encrypted'
  if (part === 'state') {
    const { keeper, place } = await findAble('state', address, 'encrypt', cannot)
    return await keeper.encrypt(place, onRows)
  }
  const { keeper, place } = await findAble('ledger', address, 'encrypt', cannot)
  return await keeper.encrypt(place, onRows)
}
