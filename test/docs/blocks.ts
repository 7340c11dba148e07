// What README and the pages of docs/ show in fences: what a reader types, writes or reads.
import { readdirSync, readFileSync } from 'node:fs'

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  /** Of its first line, from 1. */
  readonly line: number
  /** `sh`, `ts`, `yaml`, … */
  readonly language: string
  readonly text: string
}

/** Every page that readers are given. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && !name.startsWith('api'))
    .map(name => `docs/${name}`)
    .toSorted(),
]

/** The blocks of a page, in order. A block within a list has the list's indentation, which is taken off. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = []
  let open: { indent: string; language: string; line: number; lines: string[] } | undefined
  for (const [at, line] of readFileSync(page, 'utf8').split('\n').entries()) {
    const [, indent = '', language = ''] = /^(\s*)```(.*)$/.exec(line) ?? []
    const isFence = /^\s*```/.test(line)
    if (open === undefined && isFence) open = { indent, language, line: at + 2, lines: [] }
    else if (open !== undefined && isFence) {
      blocks.push({
        page,
        line: open.line,
        language: open.language,
        text: `${open.lines.join('\n')}\n`,
      })
      open = undefined
    } else open?.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block has no end`)
  return blocks
}

/** Where a block stands, for people. */
export const placeOf = ({ page, line }: Block): string => `${page}:${line}`

/** A file that a block is, by the comment in its first line: `# catalog/europe.yaml`. */
export const fileOf = ({ text }: Block): string | undefined =>
  /^# ([\w./-]+\.[a-z]+)\n/.exec(text)?.[1]

/** What is typed at once: a line, or several that end with `\`. */
export const commandsOf = (text: string): readonly string[] =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
