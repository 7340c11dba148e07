/** What codes, settings and fields mean: the pages of docs/reference are made of the same words. */

import { type CatalogField, catalogField, catalogFields } from '../catalog/index.ts'
import { type CodeWords, ISSUE_WORDS } from '../issue-words.ts'
import { SETTINGS } from '../known-settings.ts'
import { OUTCOMES } from '../outcome.ts'
import { PROVISION_ERROR_WORDS } from '../provision/error-words.ts'

const CODES: ReadonlyMap<string, CodeWords> = new Map(
  Object.entries({ ...ISSUE_WORDS, ...PROVISION_ERROR_WORDS }),
)

/** What is said of a word; undefined where nothing is known of it. */
export const explanationOf = (word: string): readonly string[] | undefined =>
  explanationOfCode(word) ??
  explanationOfExit(word) ??
  explanationOfSetting(word) ??
  explanationOfField(word)

/** Every word of which something is known. */
export const knownWords = (): readonly string[] => [
  ...CODES.keys(),
  ...Object.values(OUTCOMES).map(({ code }) => String(code)),
  ...Object.keys(SETTINGS),
  ...catalogFields().map(({ path }) => path),
]

function explanationOfCode(word: string): readonly string[] | undefined {
  const name = [...CODES.keys()].find(code => code.toLowerCase() === word.toLowerCase())
  const words = name === undefined ? undefined : CODES.get(name)
  return words && [name ?? word, plain(words.means), plain(words.todo)]
}

/** Markdown without its marks. */
const plain = (text: string): string =>
  text
    .replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, name: string, page: string) =>
      page.startsWith(name) ? `docs/${page}` : `${name} (docs/${page})`,
    )
    .replaceAll('`', '')

function explanationOfExit(word: string): readonly string[] | undefined {
  const found = Object.entries(OUTCOMES).find(
    ([name, { code }]) => String(code) === word || name === word,
  )
  return found && [`exit code ${found[1].code} (${found[0]})`, plain(found[1].meaning)]
}

function explanationOfSetting(word: string): readonly string[] | undefined {
  const found = Object.entries(SETTINGS).find(([name]) => name === word.toUpperCase())
  if (found === undefined) return undefined
  const [name, { means, ...rest }] = found
  return [
    name,
    plain(means),
    ...('otherwise' in rest ? [`Without it: ${plain(rest.otherwise)}.`] : []),
  ]
}

function explanationOfField(path: string): readonly string[] | undefined {
  const field = catalogField(path)
  return field && [path, ...linesOf(field)]
}

/** What is said of a field, with its form, its values and what holds without it. */
export const linesOf = ({
  says,
  form,
  values,
  has,
  otherwise,
}: CatalogField): readonly string[] => [
  ...says,
  ...(form === undefined ? [] : [`Write ${form}.`]),
  ...(values.length > 0 ? [`One of ${values.join(', ')}.`] : []),
  ...(has.length > 0 ? [`It has ${has.join(', ')}.`] : []),
  ...(otherwise === undefined || Array.isArray(otherwise)
    ? []
    : [`Without it: ${String(otherwise)}.`]),
]
