import { AsyncLocalStorage } from 'node:async_hooks'
import type { EncryptionKeys } from './cipher.ts'
import { encryptionKeys } from './key-file.ts'

const given = new AsyncLocalStorage<() => EncryptionKeys>()

/**
 * Does work whose states and ledgers are read and written with these keys, whatever the environment of the process
 * names. What is opened meanwhile keeps them.
 *
 * @example
 * const shop = await withKeys(readKeyFile('/etc/shop/key'), () => openProvisioner({ state, ledger }))
 */
export const withKeys = <Result>(keys: EncryptionKeys, work: () => Result): Result =>
  given.run(() => keys, work)

/** As `withKeys`, with those that an environment names, unless there are keys in force. They are read once needed. */
export function withKeysOf<Result>(
  env: Readonly<Record<string, string | undefined>>,
  work: () => Result,
): Result {
  if (given.getStore() !== undefined) return work()
  let keys: EncryptionKeys | undefined
  return given.run(() => {
    keys ??= encryptionKeys(env)
    return keys
  }, work)
}

/** The keys of the work that is under way; without any, those that the environment of the process names. */
export const keysInForce = (): EncryptionKeys => given.getStore()?.() ?? encryptionKeys(process.env)
