import { readFile } from 'node:fs/promises'

/** The version of this program, as its package says it. */
export async function version(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  const parsed: { readonly version: string } = JSON.parse(text)
  return parsed.version
}
