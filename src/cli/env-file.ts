import { readSettingFile, SettingsError } from '../setting-file.ts'
import type { Environment } from '../settings.ts'

const NAME = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/s
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/**
 * The variables of a `.env` file, none where there is none. Values are read as a shell reads them: `#`
 * begins a comment only at the start of a line or after a blank; quotes are taken off, and in double ones
 * `\n`, `\"` and `\\` stand for what they escape; nothing is expanded. Throws a SettingsError with the line
 * for what is none of these: a line that is passed over would leave its setting to a default.
 */
export function readEnvFile(path: string): Environment {
  const text = readSettingFile(path)
  if (text === undefined) return {}
  const env: Record<string, string> = {}
  const lines = text.split(/\r?\n|\r/)
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (/^\s*(#|$)/.test(line)) continue
    const wrong = (problem: string) => new SettingsError(`${path}:${at + 1} ${problem}`)
    const [, name, rest = ''] = NAME.exec(line) ?? []
    if (name === undefined) throw wrong('is neither NAME=value nor a comment')
    const { value, taken } = readValue(rest, lines.slice(at + 1), problem =>
      wrong(`${name}: ${problem}`),
    )
    if (env[name] !== undefined && env[name] !== value)
      throw wrong(`gives ${name} another value than a line before it: keep one of them`)
    env[name] = value
    at += taken
  }
  return env
}

/** A value that begins in `rest` and, where its quote is closed later, takes lines after it. */
function readValue(
  rest: string,
  after: readonly string[],
  wrong: (problem: string) => SettingsError,
): { readonly value: string; readonly taken: number } {
  const begun = rest.trimStart()
  const quote = begun.charAt(0)
  if (/[\u201c\u201d\u2018\u2019]/.test(quote))
    throw wrong('begins with a typographic quote: write a plain one')
  if (quote === '' || !`'"\``.includes(quote)) {
    const comment = rest.search(/\s#/)
    return { value: (comment < 0 ? rest : rest.slice(0, comment)).trim(), taken: 0 }
  }
  let text = begun
  for (let taken = 0; taken <= after.length; taken += 1) {
    const end = closingQuote(text, quote)
    if (end > 0) {
      if (!/^(\s+#.*|\s*)$/.test(text.slice(end + 1)))
        throw wrong('has more text after the closing quote')
      const inner = text.slice(1, end)
      return { value: quote === '"' ? unescaped(inner) : inner, taken }
    }
    text += `\n${after[taken] ?? ''}`
  }
  throw wrong('has a quote that is not closed')
}

function closingQuote(text: string, quote: string): number {
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1
    else if (text[at] === quote) return at
  }
  return -1
}

const unescaped = (text: string): string =>
  text.replace(/\\([nrt"\\$`])/g, (_all, what: string) => ESCAPES[what] ?? what)
