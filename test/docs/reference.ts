// The pages of docs/reference, made of what the program itself reads: the schema, the declarations of commands and
// flags, the tables of codes and settings. `npm run reference` writes them, and a test holds them to it.
import { catalogFields } from '../../src/catalog/index.ts'
import type { Command } from '../../src/cli/command.ts'
import { linesOf } from '../../src/cli/explanations.ts'
import { COMMON_FLAGS, type FlagRule, type Flags, flagRows } from '../../src/cli/flags.ts'
import { allCommands } from '../../src/cli/run-command-line.ts'
import { type CodeWords, ISSUE_GROUPS } from '../../src/issue-words.ts'
import { isJsonObject } from '../../src/json.ts'
import { SETTINGS } from '../../src/known-settings.ts'
import type { Json, JsonObject } from '../../src/model.ts'
import { OUTCOMES } from '../../src/outcome.ts'
import { PROVISION_ERROR_WORDS } from '../../src/provision/error-words.ts'
import {
  FORMAT_CHANGES,
  JSON_COMMANDS,
  JSON_FORMATS,
  type JsonCommand,
} from '../../src/render/formats.ts'
import { outputSchema } from '../../src/render/outputs.ts'

const MADE =
  '<!-- Made by `npm run reference` from the sources of the program: change those, not this page. -->'

/** The pages by their path. */
export async function referencePages(): Promise<Readonly<Record<string, string>>> {
  return {
    'docs/reference/catalog.md': pageOf('Fields of the catalog', catalogPage()),
    'docs/reference/commands.md': pageOf('Commands', commandsPage(await allCommands())),
    'docs/reference/codes.md': pageOf('Codes', codesPage()),
    'docs/reference/json.md': pageOf('JSON answers', jsonPage()),
    'docs/reference/settings.md': pageOf('Settings', settingsPage()),
  }
}

const pageOf = (title: string, lines: readonly string[]): string =>
  `${[`# ${title}`, '', MADE, '', ...lines].join('\n').trimEnd()}\n`

const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => [rowOf(head), `|${'---|'.repeat(head.length)}`, ...rows.map(rowOf), '']

const rowOf = (cells: readonly string[]): string =>
  `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

/** Links of texts that are those of a page in docs/. */
const deeper = (text: string): string => text.replace(/\]\((?=[a-z-]+\.md)/g, '](../')

/** Braces and angle brackets that Markdown would take for something else. */
const said = (text: string): string => text.replaceAll('<', '&lt;')

function catalogPage(): readonly string[] {
  const fields = catalogFields()
  const sections = fields.filter(({ path }) => !path.includes('.'))
  return [
    'Every field of a catalog file. [catalog.md](../catalog.md) is the language: rules, examples, and what fields mean together.',
    '`sft-catalog explain addonPlans.validity` says what stands here; `sft-catalog schema` prints the JSON Schema.',
    '',
    ...sections.flatMap(section => [
      `## \`${section.path}\``,
      '',
      ...linesOf(section)
        .filter(line => !line.startsWith('It has '))
        .flatMap(line => [said(line), '']),
      ...fieldTable(fields.filter(({ path }) => path.startsWith(`${section.path}.`))),
    ]),
  ]
}

const fieldTable = (fields: ReturnType<typeof catalogFields>): readonly string[] =>
  fields.length === 0
    ? []
    : table(
        ['field', 'what it is', 'without it'],
        fields.map(field => [
          `\`${field.path.split('.').slice(1).join('.')}\`${field.isList ? ' (list)' : ''}`,
          said(linesOf({ ...field, otherwise: undefined }).join(' ')),
          field.isRequired ? '**required**' : standard(field.otherwise),
        ]),
      )

const standard = (value: Json | undefined): string =>
  value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``

function commandsPage(commands: readonly Command[]): readonly string[] {
  return [
    'Every command with its flags, as `sft-catalog COMMAND --help` tells them.',
    '',
    ...table(
      ['command', 'does'],
      commands.map(({ name, summary }) => [`[\`${name}\`](#${name})`, said(summary)]),
    ),
    'All of them take:',
    '',
    ...flagTable(COMMON_FLAGS),
    ...commands.flatMap(commandLines),
  ]
}

const flagTable = (flags: Flags): readonly string[] =>
  Object.keys(flags).length === 0
    ? []
    : table(
        ['flag', 'is'],
        flagRows(flags).map(([flag, help]) => [`\`${flag}\``, said(help)]),
      )

function commandLines({ name, summary, usage, flags, rules }: Command): readonly string[] {
  const told = rules.map(ruleLine)
  return [
    `## ${name}`,
    '',
    `\`sft-catalog ${name}${usage === '' ? '' : ` ${usage}`}\``,
    '',
    `${said(summary.charAt(0).toUpperCase() + summary.slice(1))}.`,
    ...('json' in flags ? [`Its answer as data: [JSON answers](json.md#${name}).`] : []),
    '',
    ...flagTable(flags),
    ...(told.length === 0 ? [] : [...told, '']),
  ]
}

function ruleLine({ when, not, only, needs, why }: FlagRule): string {
  const code = (names: readonly string[], word: string) =>
    names.map(name => (name.startsWith('!') ? `no \`${name.slice(1)}\`` : `\`${name}\``)).join(word)
  const ways = [
    ...(not === undefined ? [] : [`not beside ${code(not, ', ')}`]),
    ...(only === undefined
      ? []
      : [only.length === 0 ? 'no other flag beside it' : `beside it only ${code(only, ', ')}`]),
    ...(needs === undefined ? [] : [`needs ${code(needs, ' or ')}`]),
  ]
  const given = when.startsWith('!') ? `without \`${when.slice(1)}\`` : `\`${when}\``
  return `- ${given}: ${ways.join('; ')} (${said(why)})`
}

function codesPage(): readonly string[] {
  return [
    'Every word that the program ends a run, a problem or an error with. `sft-catalog explain CODE` says what stands here.',
    '',
    '- [Exit codes](#exit-codes)',
    '- Issues: '.concat(
      Object.keys(ISSUE_GROUPS)
        .map(title => `[${title}](#${title.toLowerCase().replaceAll(' ', '-')})`)
        .join(', '),
    ),
    '- [Errors of a sale](#errors-of-a-sale)',
    '',
    '## Exit codes',
    '',
    'The same for all commands, and the first that fits counts.',
    '',
    ...table(
      ['exit code', 'outcome', 'meaning'],
      Object.entries(OUTCOMES).map(([name, { code, meaning }]) => [
        String(code),
        `\`${name}\``,
        meaning,
      ]),
    ),
    '## Issues',
    '',
    'What `validate` finds in a catalog, all at once, and what `plan`, `apply` and `drift` add against the account. Each has a place, a',
    'caret, what to do, and one of these codes, which stay the same from release to release:',
    '',
    '```text',
    'catalog/zones/europe.yaml:8:17: error COUNTRY_UNKNOWN: no country is called "Belgum"',
    '  8 |     countries: [Belgum, FR, DE]',
    '    |                 ^^^^^^',
    '  hint: did you mean BE (Belgium)?',
    '```',
    '',
    'Errors stop a run; warnings do not. Of one file at most 200 problems are listed.',
    '',
    ...Object.entries(ISSUE_GROUPS).flatMap(([title, words]) => [
      `### ${title}`,
      '',
      ...wordTable('code', words),
    ]),
    '## Errors of a sale',
    '',
    'What the library throws, by the name of its class; [selling.md](../selling.md#errors) says what each holds.',
    '',
    ...wordTable('error', PROVISION_ERROR_WORDS),
  ]
}

const wordTable = (
  what: string,
  words: Readonly<Partial<Record<string, CodeWords>>>,
): readonly string[] =>
  table(
    [what, 'what it means', 'what to do'],
    Object.entries(words).map(([code, row]) => [
      `\`${code}\``,
      deeper(row?.means ?? ''),
      deeper(row?.todo ?? ''),
    ]),
  )

function settingsPage(): readonly string[] {
  return [
    'Every variable of the environment that is read. A `.env` file in the working folder is read too, as a shell would: `#` begins a comment',
    'only after a blank, quotes are taken off; what the environment has wins. `sft-catalog explain SFT_STATE` says what stands here.',
    '',
    'An empty `SFT_BASE_URL`, `SFT_TARGET_ACCOUNT_ID`, `SFT_STATE`, `SFT_CATALOG`, `SFT_LEDGER` or `SFT_BUDGET` is refused, since its default is',
    'another account or place. A misspelt one (`SFT_BASEURL`) is refused too; other variables with `SFT_` that mean nothing are warned about.',
    '',
    ...table(
      ['variable', 'meaning', 'without it'],
      [
        ...Object.entries(SETTINGS).map(([name, { means, ...rest }]) => [
          `\`${name}\``,
          deeper(means),
          'otherwise' in rest ? rest.otherwise : '',
        ]),
        [
          '`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`',
          "proxy for the platform's host, also in lower case; `http://user:password@host:port`",
          'none',
        ],
        [
          '`NO_COLOR`, `FORCE_COLOR`',
          'no colours; colours also where no terminal is',
          'by the terminal',
        ],
      ],
    ),
  ]
}

function jsonPage(): readonly string[] {
  return [
    'Every command that has `--json` writes one object on stdout, and everything else on stderr:',
    '',
    '```json',
    '{ "format": 1, "command": "plan", "outcome": "changes", "exitCode": 0, "changes": [] }',
    '```',
    '',
    ...table(
      ['field', 'meaning'],
      [
        [
          '`format`',
          'version of this command’s answer; [upgrading.md](../upgrading.md#json-answers) says what may change within one',
        ],
        ['`command`', 'which command it is'],
        ['`outcome`', 'what it came to, a name of the table of [exit codes](codes.md#exit-codes)'],
        [
          '`exitCode`',
          'what the process ends with. Without `--detailed-exitcode`, `plan` and `coverage` end with less than their `outcome` says',
        ],
        [
          '`messages`',
          'the lines of stderr, where the run ended before it had data, or broke off after it',
        ],
      ],
    ),
    'The fields of the command stand beside them. A run that ended before it had data has `messages` and none of these',
    'fields; after wrong usage (64) stdout is empty, since no command was run.',
    '',
    '`sft-catalog schema --output plan` prints the JSON Schema (draft 2020-12) of what `sft-catalog plan --json` writes, and so for every',
    "command below. The library has them as `outputSchema('plan')`, with the types `JsonAnswer`, `PlanJson` and `ReportJson`.",
    'What `export` and `state show` (without `--json`) print is a document, not an answer: it has no envelope.',
    '',
    '## Formats',
    '',
    ...table(
      ['command', 'format', 'what changed'],
      JSON_COMMANDS.map(command => [
        `[\`${command}\`](#${command})`,
        String(JSON_FORMATS[command]),
        wordsOfFormat(command),
      ]),
    ),
    '`[]` is an item of a list, `*` a value under any name. Fields without a note are always there.',
    '',
    ...JSON_COMMANDS.flatMap(command => [`## ${command}`, '', ...answerTable(command)]),
  ]
}

const wordsOfFormat = (command: JsonCommand): string =>
  Object.entries(FORMAT_CHANGES).find(([name]) => name === command)?.[1] ?? ''

const ENVELOPE = ['format', 'command', 'outcome', 'exitCode', 'messages']

function answerTable(command: JsonCommand): readonly string[] {
  const rows = new Map<string, JsonRow>()
  const { anyOf } = outputSchema(command)
  const answers = (Array.isArray(anyOf) ? anyOf : []).slice(0, -1).filter(isJsonObject)
  for (const answer of answers) addRows(answer, '', rows)
  for (const path of ENVELOPE) rows.delete(path)
  // What only one of several answers has is not always there.
  for (const row of rows.values())
    if (!row.path.includes('.') && row.times < answers.length) row.isSure = false
  return table(
    ['field', 'is', ''],
    [...rows.values()].map(({ path, type, words, isSure }) => [
      `\`${path}\``,
      type,
      [isSure ? '' : 'may be missing', said(words)].filter(Boolean).join('; '),
    ]),
  )
}

interface JsonRow {
  readonly path: string
  readonly type: string
  readonly words: string
  isSure: boolean
  times: number
}

function addRows(node: JsonObject, above: string, rows: Map<string, JsonRow>): void {
  const required = Array.isArray(node['required']) ? node['required'] : []
  for (const branch of branchesOf(node)) addRows(branch, above, rows)
  for (const [name, below] of Object.entries(objectIn(node, 'properties'))) {
    if (!isJsonObject(below)) continue
    const path = above === '' ? name : `${above}.${name}`
    const isSure = required.includes(name)
    const before = rows.get(path)
    const words = typeof below['description'] === 'string' ? below['description'] : ''
    if (before === undefined) rows.set(path, { path, type: typeOf(below), words, isSure, times: 1 })
    else {
      before.times += 1
      before.isSure &&= isSure
    }
    addRows(below, path, rows)
    if (isJsonObject(below['items'])) addRows(below['items'], `${path}[]`, rows)
    if (isJsonObject(below['additionalProperties']))
      addRows(below['additionalProperties'], `${path}.*`, rows)
  }
}

const branchesOf = (node: JsonObject): readonly JsonObject[] =>
  ['anyOf', 'oneOf', 'allOf'].flatMap(key => {
    const branches = node[key]
    return Array.isArray(branches) ? branches.filter(isJsonObject) : []
  })

const objectIn = (node: JsonObject, key: string): JsonObject => {
  const value = node[key]
  return isJsonObject(value) ? value : {}
}

/** What a value may be, in words. */
function typeOf(node: JsonObject): string {
  const { type, items } = node
  const values = node['enum']
  if (Array.isArray(values)) return values.map(value => `\`${String(value)}\``).join(', ')
  if ('const' in node) return `\`${String(node['const'])}\``
  if (Array.isArray(type)) return type.map(String).join(' or ')
  if (type === 'array') {
    const of = isJsonObject(items) ? typeOf(items) : ''
    return of === '' || of === 'object' ? 'list' : `list of ${of}`
  }
  if (typeof type === 'string') return type === 'string' ? 'text' : type
  const branches = branchesOf(node).map(typeOf)
  return branches.length > 0 ? [...new Set(branches)].join(' or ') : 'any value'
}
