import { readFile } from 'node:fs/promises'
import { packageFile } from '../package-file.ts'

/** The version of this program, as its package says it. */
export async function version(): Promise<string> {
  const text = await readFile(packageFile('package.json'), 'utf8')
  const parsed: { readonly version: string } = JSON.parse(text)
  return parsed.version
}
