// What README and docs/ tell a reader to type, write and expect, as far as it can be told without running it: every
// block is of a kind that is checked or run, commands and flags exist, YAML is of the language, TypeScript compiles.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import ts from 'typescript'
import { parse } from 'yaml'
import { catalogFields, catalogJsonSchema } from '../../src/catalog/index.ts'
import type { Command } from '../../src/cli/command.ts'
import { COMMON_FLAGS } from '../../src/cli/flags.ts'
import { allCommands } from '../../src/cli/run-command-line.ts'
import { ISSUE_CODES } from '../../src/issues.ts'
import { isJsonObject } from '../../src/json.ts'
import { SETTINGS } from '../../src/known-settings.ts'
import { policyJsonSchema } from '../../src/policy/policy-schema.ts'
import { blocksOf, commandsOf, fileOf, PAGES, placeOf } from './blocks.ts'
import { moduleOf, NOT_RUN, RUNS, SNIPPETS } from './told.ts'

const commands: ReadonlyMap<string, Command> = new Map(
  (await allCommands()).map(command => [command.name, command]),
)
const blocks = PAGES.flatMap(blocksOf)
const manifest: {
  readonly scripts: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
} = JSON.parse(readFileSync('package.json', 'utf8'))

t.test('every block is of a kind that is run or checked', async t => {
  const kinds = new Set(['sh', 'ts', 'yaml', 'json', 'csv', 'text'])
  for (const block of blocks) {
    t.ok(kinds.has(block.language), `${placeOf(block)}: a block of "${block.language}"`)
    if (block.language === 'sh') t.ok(RUNS[block.page], `${placeOf(block)}: its page is run`)
  }
  for (const [page, snippets] of Object.entries(SNIPPETS)) {
    const told = snippets.flatMap(snippet => snippet.blocks)
    const there = blocks.filter(block => block.page === page && block.language === 'ts')
    t.same(told, [...there.keys()], `${page}: each of its snippets is told`)
  }
  for (const block of blocks.filter(({ language }) => language === 'ts'))
    t.ok(SNIPPETS[block.page], `${placeOf(block)}: its snippets are told`)
})

t.test('what the table of exceptions says is still there', async t => {
  const typed = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(block => commandsOf(block.text).map(command => ({ page: block.page, command })))
  for (const begin of Object.keys(NOT_RUN))
    t.ok(
      typed.some(({ command }) => command.startsWith(begin)),
      begin,
    )
  for (const [page, { exits = {}, instead = {}, forever = [] }] of Object.entries(RUNS)) {
    const here = typed.filter(one => one.page === page).map(one => one.command)
    t.ok(here.length > 0, `${page} has commands`)
    for (const told of [...Object.keys(exits), ...forever, ...Object.keys(instead)])
      t.ok(
        here.some(command => command.includes(told)),
        `${page}: ${told}`,
      )
  }
})

/** Code in a text: blocks that are typed or read, and what stands in backquotes. */
function* codeOf(page: string): Generator<{ readonly place: string; readonly code: string }> {
  for (const block of blocksOf(page))
    for (const code of commandsOf(block.text)) yield { place: placeOf(block), code }
  const prose = readFileSync(page, 'utf8').replaceAll(/^\s*```[\s\S]*?^\s*```$/gm, '')
  for (const [, code = ''] of prose.matchAll(/`([^`\n]+)`/g)) yield { place: page, code }
}

/** Flags that are another program's: `npm`, `node`, `git`, `postgres`, `systemctl`. */
const isOther = (code: string): boolean =>
  // The name that a connection has in a database.
  code === 'sft-catalog nightly apply' ||
  /^(npm|npx|node|git|openssl|psql|chmod|curl|systemctl|kubectl|docker)\b/.test(code)

t.test('every command and flag that is named exists', async t => {
  const all = new Set([...commands.values()].flatMap(({ flags }) => Object.keys(flags)))
  for (const flag of [...Object.keys(COMMON_FLAGS), 'version']) all.add(flag)
  for (const page of PAGES.filter(page => !page.startsWith('docs/reference/')))
    for (const { place, code } of codeOf(page)) {
      if (isOther(code)) continue
      for (const line of code.split(/\s(?:&&|\|\||\||;)\s/)) {
        const words = line.replace(/^(?:\w+=\S*\s+)*/, '').split(/\s+/)
        const [first = '', second = ''] = words
        const name = first === 'sft-catalog' ? second : first
        const command = commands.get(name)
        if (first === 'sft-catalog' && /^[a-z]/.test(second))
          t.ok(command, `${place}: ${code}: there is a command ${second}`)
        for (const [, flag = ''] of line.replace(/#.*/, '').matchAll(/(?:^|\s)--([a-z][a-z-]*)/g)) {
          if (isOther(line) || /^--(import|require)\b/.test(line)) continue
          const known =
            command === undefined
              ? all
              : new Set([...Object.keys(command.flags), ...Object.keys(COMMON_FLAGS)])
          t.ok(known.has(flag), `${place}: ${code}: ${name} has --${flag}`)
        }
      }
    }
})

/** Variables that stand for one of the reader's, or for a mistake. */
const NOT_OURS = /^SFT_(PROD_|BASEURL$)/

t.test('every setting and script that is named exists', async t => {
  for (const page of PAGES) {
    const text = readFileSync(page, 'utf8')
    for (const [name] of text.matchAll(/\bSFT_[A-Z_]*[A-Z]\b/g))
      if (!NOT_OURS.test(name))
        t.ok(Object.hasOwn(SETTINGS, name) || Object.hasOwn(ISSUE_CODES, name), `${page}: ${name}`)
    for (const [, script = ''] of text.matchAll(/npm run (?:--silent )?([\w:-]+)/g))
      t.ok(manifest.scripts[script], `${page}: npm run ${script}`)
  }
  const packages = { ...manifest.peerDependencies, ...manifest.devDependencies }
  for (const { page, text } of blocks.filter(({ language }) => language === 'sh'))
    for (const [, named = ''] of text.matchAll(/^npm install ([^#<\n]+)/gm))
      for (const one of named.trim().split(/\s+/))
        t.ok(packages[one.replace(/(?<=.)@[\d.]+$/, '')], `${page}: npm install ${one}`)
})

t.test('what is to be written is of its language', async t => {
  const ajv = new Ajv2020({ strict: true, allErrors: true }).addVocabulary([
    'x-code',
    'patternErrorMessage',
  ])
  const isFile = ajv.compile(catalogJsonSchema())
  const isPolicy = ajv.compile(policyJsonSchema())
  const sections = catalogFields().filter(({ path, isList }) => isList && !path.includes('.'))
  const ways = (value: unknown): readonly unknown[] => [
    value,
    { version: 1, ...(isJsonObject(value) ? value : {}) },
    ...sections.map(({ path }) => ({ version: 1, [path]: value })),
  ]
  for (const block of blocks.filter(({ language }) => language === 'yaml')) {
    const value: unknown = parse(block.text)
    if (isJsonObject(value) && /^(baseUrl|targetAccountId)\b/m.test(block.text)) continue
    if (Array.isArray(value) && value.every(one => isJsonObject(one) && 'uses' in one)) continue
    if (isPolicy(value)) continue
    const isEntryPart = isJsonObject(value) && Object.keys(value).every(key => key === 'sft')
    t.ok(isEntryPart || ways(value).some(one => isFile(one)), `${placeOf(block)}\n${block.text}`)
  }
  for (const block of blocks.filter(({ language }) => language === 'json'))
    t.doesNotThrow(() => JSON.parse(block.text), placeOf(block))
  for (const block of blocks.filter(({ language }) => language === 'csv')) {
    const [head = '', ...rows] = block.text.trim().split('\n')
    for (const row of rows) t.equal(row.split(',').length, head.split(',').length, placeOf(block))
  }
  for (const block of blocks.filter(block => fileOf(block) !== undefined))
    t.ok(RUNS[block.page], `${placeOf(block)}: the file is written where its page is run`)
})

t.test('every snippet compiles', async t => {
  const folder = t.testdir()
  const files: string[] = []
  for (const [page, snippets] of Object.entries(SNIPPETS))
    for (const [at, snippet] of snippets.entries()) {
      const file = join(folder, `${page.replaceAll(/[^a-z]+/gi, '-')}-${at}.ts`)
      writeFileSync(file, moduleOf(page, snippet))
      files.push(file)
    }
  const { config }: { config?: { compilerOptions: object } } = ts.readConfigFile(
    'tsconfig.json',
    ts.sys.readFile,
  )
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config?.compilerOptions,
      rootDir: '/',
      paths: {
        'sft-catalog': [resolve('src/index.ts')],
        'sft-catalog/*': [resolve('src/*/index.ts')],
      },
    },
    process.cwd(),
  )
  const program = ts.createProgram(files, options)
  // Of the snippets alone: what they import is checked by `npm run typecheck`.
  for (const file of files) {
    const source = program.getSourceFile(file)
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]
    t.same(
      found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
      [],
      file,
    )
  }
})
