import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { formatCatalog, formatText } from '../../src/catalog/format-file.ts'
import { loadCatalog } from '../../src/catalog/index.ts'
import { createIssueLog } from '../../src/catalog/issue-log.ts'
import { catalogJsonSchema } from '../../src/catalog/json-schema.ts'
import { DEFAULT_LIMITS } from '../../src/catalog/limits.ts'
import { parseYaml } from '../../src/catalog/parse.ts'
import { createSource } from '../../src/catalog/source.ts'
import { readValues } from '../../src/catalog/values.ts'
import type { Json } from '../../src/model.ts'

const formatted = (text: string): string => {
  const result = formatText('catalog/file.yaml', text)
  if ('issues' in result) throw new Error(`${result.issues.map(one => one.message)}:\n${text}`)
  return result.text
}

/** What a text means to a catalog. */
function meaning(text: string): Json | undefined {
  const source = createSource('file.yaml', text)
  const log = createIssueLog(100)
  const root = parseYaml(source, DEFAULT_LIMITS, log)
  if (root === undefined) throw new Error(JSON.stringify(log.sorted()))
  return readValues(root, source, catalogJsonSchema(), DEFAULT_LIMITS, log)?.data
}

const ROWS: readonly { readonly name: string; readonly from: string; readonly to: string }[] = [
  {
    name: 'fields in the order of the documentation, sections with a blank line before them',
    from: `addonPlans:
  - charge: 1.10
    name: 'P'
    key: p
version: 1
account: {basePlan: B,currencyId: 0044}
`,
    to: `version: 1

account: { currencyId: "0044", basePlan: B }

addonPlans:
  - key: p
    name: P
    charge: "1.10"
`,
  },
  {
    name: 'digits that are text get quotes, numbers keep none',
    from: 'version: 1\naddonPlans:\n- {key: a, priority: 2, currencyId: 44, charge: 0}\n',
    to: 'version: 1\n\naddonPlans:\n  - { key: a, charge: "0", priority: 2, currencyId: "44" }\n',
  },
  {
    name: 'comments stay with what they are about',
    from: `# yaml-language-server: $schema=x.json
version: 1 # one
# zones
rateZones:    # all
- key: a   # the first
  # its name
  name: A


  countries: [BE, # Belgium
    NL]
# the end
`,
    to: `# yaml-language-server: $schema=x.json
version: 1  # one

# zones
rateZones:
  # all
  - key: a  # the first
    # its name
    name: A

    countries:
      - BE  # Belgium
      - NL

# the end
`,
  },
  {
    name: 'a long list is wrapped, a long mapping becomes lines',
    from: `version: 1
rateZones:
  - key: a
    networks: [AAAAA, BBBBB, CCCCC, DDDDD, EEEEE, FFFFF, GGGGG, HHHHH, IIIII, JJJJJ, KKKKK, LLLLL, MMMMM, NNNNN]
    portal: { one: ${'a'.repeat(60)}, two: ${'b'.repeat(60)} }
`,
    to: `version: 1

rateZones:
  - key: a
    networks: [
      AAAAA, BBBBB, CCCCC, DDDDD, EEEEE, FFFFF, GGGGG, HHHHH, IIIII, JJJJJ, KKKKK, LLLLL, MMMMM,
      NNNNN
    ]
    portal:
      one: ${'a'.repeat(60)}
      two: ${'b'.repeat(60)}
`,
  },
  {
    name: 'anchors and aliases stay, in their order',
    from: `version: 1
addonPlans:
  - { name: A, key: a, portal: &p {x: 0x1F} , priority: &n 1 }
  - name: B
    key: b
    charge: *n
    portal: *p
`.replace('0x1F', '7'),
    to: `version: 1

addonPlans:
  - { name: A, key: a, portal: &p { x: 7 }, priority: &n 1 }
  - name: B
    key: b
    charge: *n
    portal: *p
`,
  },
  {
    name: 'text of several lines stands in a block',
    from: `version: 1
addonPlans:
  - key: a
    description: "one\\ntwo\\n"
    name: >-
      a folded
      name
`,
    to: `version: 1

addonPlans:
  - key: a
    name: |-
      a folded name
    description: |
      one
      two
`,
  },
  {
    name: 'line ends and a file without a last one',
    from: 'version: 1\r\n\r\n\r\nmoved: []',
    to: 'version: 1\n\nmoved: []\n',
  },
]

t.test('the one form', async t => {
  for (const { name, from, to } of ROWS)
    await t.test(name, async t => {
      t.equal(formatted(from), to)
      t.equal(formatted(to), to, 'and again')
      t.strictSame(meaning(to), meaning(from))
    })
})

t.test('a file with a problem is left, and said', async t => {
  for (const text of ['version: 1\na: [\n', 'version: 1\nversion: 1\n', '--- 1\n--- 2\n'])
    t.match(formatText('x.yaml', text), { issues: [{ severity: 'error', position: {} }] }, text)
})

// ---------------------------------------------------------------- any file

/** Draws as a test says, so that a failing run can be played again. */
type Draw = (most: number) => number

const WORDS = [
  '0044',
  '1.10',
  'Norway',
  'no',
  "it's",
  'a: b',
  '# x',
  '5 GB',
  '',
  '[x]',
  'ä€',
  '-',
  'null',
]
const COMMENTS = ['# one', '#', '# x: [y', '#two # three', '# end  ']

/** A value as YAML in some style, with comments and blank lines in between. */
function written(value: Json, indent: string, draw: Draw): string {
  if (typeof value === 'string') return scalar(value, draw)
  if (value === null || typeof value !== 'object') return String(value)
  const entries: [string, Json][] = Array.isArray(value)
    ? value.map(item => ['', item])
    : Object.entries(value)
  const isList = Array.isArray(value)
  if (entries.length === 0) return isList ? '[]' : '{}'
  if (draw(3) === 0) {
    const parts = entries.map(([key, item]) => {
      const text = flow(item, draw)
      return `${draw(8) === 0 ? `${COMMENTS[draw(3)]}\n${indent}   ` : ''}${isList ? text : `${key}: ${text}`}`
    })
    const [open, close] = isList ? '[]' : '{}'
    const end = draw(8) === 0 ? ` ${COMMENTS[draw(3)]}\n${indent}   ` : ''
    return `${open}${draw(2) === 0 ? ' ' : `\n${indent}   `}${parts.join(`,${draw(2) === 0 ? ' ' : `\n${indent}   `}`)}${end}${close}`
  }
  const step = ['  ', '    ', '   '][draw(3)] ?? '  '
  const lines = entries.map(([key, item]) => {
    const above = [
      ...(draw(6) === 0 ? [''] : []),
      ...(draw(5) === 0 ? [`${indent}${step}${COMMENTS[draw(5)]}`] : []),
      ...(draw(9) === 0 ? [''] : []),
    ]
    const text = written(item, `${indent}${step}`, draw)
    const label = isList ? '-' : `${key}:`
    const behind = draw(6) === 0 && !text.includes('\n') ? `   ${COMMENTS[draw(5)]}` : ''
    return [...above, `${indent}${step}${label} ${text}${behind}`].join('\n')
  })
  const end = draw(5) === 0 ? `\n${indent}${step}${COMMENTS[draw(5)]}` : ''
  return `${draw(6) === 0 ? COMMENTS[draw(5)] : ''}\n${lines.join('\n')}${end}`
}

const flow = (value: Json, draw: Draw): string => {
  if (typeof value === 'string') return scalar(value, draw)
  if (value === null || typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(item => flow(item, draw)).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${key}: ${flow(item, draw)}`)
    .join(', ')} }`
}

function scalar(text: string, draw: Draw): string {
  const isPlain = /^[a-zA-Z][a-zA-Z0-9 ]*$/.test(text) && !/^(null|no|yes|true|false)$/i.test(text)
  const style = draw(3)
  if (style === 0 && isPlain) return text
  if (style === 1 && /^[0-9]+(\.[0-9]+)?$/.test(text)) return JSON.stringify(text)
  return style === 1 ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text)
}

const word = fc.constantFrom(...WORDS)
const free: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.integer({ min: 0, max: 99 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value
const entry = fc.record(
  {
    portal: free,
    charge: word,
    name: word,
    key: fc.constantFrom('a', 'b'),
    priority: fc.integer({ min: 1, max: 9 }),
    renewal: fc.record({ times: fc.integer({ min: 2, max: 9 }), on: fc.constant('expiry') }),
    iccids: fc.array(fc.constantFrom('8932042000010000004', 'x'), { maxLength: 30 }),
  },
  { requiredKeys: [], noNullPrototype: true },
)
const file = fc.record(
  {
    addonPlans: fc.array(entry, { maxLength: 3 }),
    rateZones: fc.array(entry, { maxLength: 2 }),
    account: fc.record(
      { basePlan: word, currencyId: word },
      { requiredKeys: [], noNullPrototype: true },
    ),
    version: fc.constant(1),
  },
  { requiredKeys: ['version'], noNullPrototype: true },
)

t.test(
  'any file: the same meaning, all its comments, and nothing to do the second time',
  async t => {
    let drawn = 0
    let files = 0
    const commentsIn = (text: string) => (text.match(/#/g) ?? []).length
    fc.assert(
      fc.property(file, fc.infiniteStream(fc.nat({ max: 719 })), (value, numbers) => {
        const draws = numbers[Symbol.iterator]()
        const draw: Draw = most => Number(draws.next().value) % most
        const text = `${written(value as Json, '', draw).trimStart()}\n`
        drawn += 1
        if (!isFile(text)) return
        files += 1
        const one = formatted(text)
        t.equal(formatted(one), one)
        t.strictSame(meaning(one), meaning(text))
        t.equal(commentsIn(one), commentsIn(text))
      }),
      { numRuns: 300 },
    )
    t.ok(files > drawn / 3, `${files} of ${drawn} texts are YAML`)
  },
)

/** Some of what is drawn is no YAML: comments within flows at the wrong place. */
function isFile(text: string): boolean {
  const source = createSource('file.yaml', text)
  const log = createIssueLog(100)
  const root = parseYaml(source, DEFAULT_LIMITS, log)
  if (root === undefined) return false
  readValues(root, source, catalogJsonSchema(), DEFAULT_LIMITS, log)
  return !log.hasErrors()
}

t.test(
  'the shipped catalog is in its one form, and one in another form loads the same',
  async t => {
    const shipped = await formatCatalog('catalog')
    t.strictSame(
      shipped.files.filter(({ before, formatted: now }) => !('text' in now) || now.text !== before),
      [],
    )
    const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-fmt-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    cpSync('catalog', folder, { recursive: true })
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.yaml')) {
        const path = join(folder, name)
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replaceAll('\n', '\r\n').replaceAll(': ', ':   '),
        )
      }
    const before = await loadCatalog(folder)
    const { files } = await formatCatalog(folder)
    for (const { path, formatted: now } of files) if ('text' in now) writeFileSync(path, now.text)
    const after = await loadCatalog(folder)
    const plain = ({ catalog }: typeof after) =>
      JSON.parse(JSON.stringify(catalog), (key, value) =>
        ['position', 'positions', 'hash'].includes(key) ? undefined : value,
      )
    t.ok(after.catalog)
    t.strictSame(plain(after), plain(before))
    t.strictSame(plain(after), plain(await loadCatalog('catalog')))
  },
)
