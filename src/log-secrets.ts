import type { Environment } from './settings.ts'

/**
 * The secrets in an environment, as they may stand in a line of a log: passwords, and those in addresses; each also
 * as JSON writes it.
 */
export function readLogSecrets(env: Environment): readonly string[] {
  const found = new Set<string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue
    if (/PASSWORD$|_KEY$|TOKEN$|SECRET$/.test(name)) found.add(value)
    for (const password of passwordsIn(value)) found.add(password)
  }
  return [...found].flatMap(secret => [secret, JSON.stringify(secret).slice(1, -1)])
}

const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i

/** As it is written in an address, and as it is meant. */
function passwordsIn(value: string): readonly string[] {
  if (!ADDRESS.test(value) || !URL.canParse(value)) return []
  const url = new URL(value)
  const written = [url.password, url.searchParams.get('password') ?? '']
  return written.filter(one => one !== '').flatMap(one => [one, meant(one)])
}

function meant(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch (error) {
    if (error instanceof URIError) return written
    throw error
  }
}
