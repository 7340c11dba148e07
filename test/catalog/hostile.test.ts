import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type LoadOptions, loadCatalog } from '../../src/catalog/index.ts'
import { createSource, issueAt } from '../../src/catalog/source.ts'
import { renderIssue } from '../../src/render/issues.ts'

type Files = NonNullable<Parameters<Test['testdir']>[0]>

const head = `version: 1
account: { addonServiceProfile: a, currencyId: b, basePlan: c, apnGroup: d, roamingProfiles: [e] }
`
const zone = (fields: string) => `version: 1\nrateZones: [{ key: z, name: Z, ${fields} }]\n`
const plan = (fields: string) =>
  `${head}addonPlans: [{ key: p, name: P, rateZone: { id: 1 }, data: 1 GB, validity: 1 day, ${fields} }]\n`
const batch = (fields: string) => `${head}endpointBatches: [{ key: b, ${fields} }]\n`
const inventory = (csv: string | Buffer): Files => ({
  'a.yaml': batch('iccidFile: b.csv'),
  'b.csv': csv,
})
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')

/** What is in the folder, and the codes that are reported, in order. */
const CASES: Record<string, { files: Files | string | Buffer; codes: string[]; at?: string }> = {
  // files
  'an empty folder': { files: {}, codes: ['CATALOG_EMPTY'] },
  'a folder with other files only': { files: { 'a.json': '{}' }, codes: ['CATALOG_EMPTY'] },
  'hidden files only': { files: { '.a.yaml': 'version: 1' }, codes: ['CATALOG_EMPTY'] },
  'an empty file': { files: '', codes: ['VERSION_UNKNOWN'], at: '1:1' },
  'a file of comments': { files: '# nothing\n', codes: ['VERSION_UNKNOWN'], at: '1:1' },
  'a folder named like a file': {
    files: { 'a.yaml': { 'b.yaml': 'version: 1' } },
    codes: [],
  },
  'a byte order mark': { files: '\uFEFFversion: 1\nx: 1\n', codes: ['UNKNOWN_KEY'], at: '2:1' },
  'Windows line ends': { files: 'version: 1\r\nx: 1\r\n', codes: ['UNKNOWN_KEY'], at: '2:1' },
  'UTF-16': { files: utf16('version: 1\n'), codes: ['FILE_ENCODING'] },
  'UTF-16 without a mark': { files: utf16('version: 1\n').subarray(2), codes: ['FILE_ENCODING'] },
  'Latin-1': {
    files: Buffer.from('version: 1\n# caf\u00E9\n', 'latin1'),
    codes: ['FILE_ENCODING'],
    at: '2:6',
  },
  'random bytes': { files: Buffer.from([1, 2, 3, 0, 250, 7, 9, 0, 0, 1]), codes: ['FILE_BINARY'] },
  'a spreadsheet': { files: Buffer.from('PK\u0003\u0004rest'), codes: ['FILE_BINARY'] },
  'a catalog of something else': {
    files: 'services: { web: {} }\n',
    codes: ['VERSION_UNKNOWN', 'UNKNOWN_KEY'],
  },
  // YAML
  'a list at the top': { files: '- version: 1\n', codes: ['SCHEMA'] },
  'text at the top': { files: 'hello\n', codes: ['SCHEMA'] },
  'an open bracket': { files: 'version: 1\nrateZones: [', codes: ['YAML_SYNTAX'], at: '2:13' },
  'a stray bracket': { files: 'version: 1\na: ]\n', codes: ['YAML_SYNTAX'], at: '2:4' },
  'an open quote': { files: 'version: "1', codes: ['YAML_SYNTAX'] },
  'a tab for indentation': {
    files: 'version: 1\naccount:\n\tbasePlan: x\n',
    codes: ['YAML_SYNTAX'],
  },
  'a tag': { files: 'version: !!js/function 1\n', codes: ['YAML_SYNTAX'] },
  'YAML 1.1': { files: '%YAML 1.1\n---\nversion: 1\n', codes: ['YAML_VERSION'], at: '1:1' },
  'YAML 1.2': { files: '%YAML 1.2\n---\nversion: 1\n', codes: [] },
  'a %TAG directive': { files: '%TAG ! x:\n---\nversion: 1\n', codes: ['YAML_SYNTAX'] },
  'two documents': { files: 'version: 1\n---\nversion: 1\n', codes: ['YAML_DOCUMENTS'], at: '2:1' },
  'a field twice': { files: 'version: 1\nversion: 1\n', codes: ['YAML_DUPLICATE_KEY'], at: '2:1' },
  'a merge key': {
    files: zone('countries: [BE], portal: { <<: { a: 1 } }'),
    codes: ['ZONE_UNUSED', 'SCHEMA'],
  },
  'a key that is a prototype': {
    files: zone('countries: [BE], portal: { __proto__: { a: 1 } }'),
    codes: ['ZONE_UNUSED', 'SCHEMA'],
  },
  'an entry called constructor': {
    files: 'version: 1\nrateZones: [{ key: constructor, name: Z, countries: [BE] }]\n',
    codes: ['SCHEMA', 'ZONE_UNUSED'],
  },
  'a mapping as a key': { files: 'version: 1\n? { a: 1 }\n: 2\n', codes: ['SCHEMA'] },
  'an alias without an anchor': { files: 'version: *a\n', codes: ['YAML_SYNTAX'] },
  'an alias of itself': { files: 'version: 1\nmoved: &a [*a, *a]\n', codes: ['YAML_TOO_COMPLEX'] },
  'a billion laughs': {
    files: `a: &a [${'1,'.repeat(10)}]\n${[...'bcdefghij']
      .map((name, index) => `${name}: &${name} [${`*${'abcdefghi'[index]},`.repeat(10)}]\n`)
      .join('')}`,
    codes: ['YAML_ALIAS'],
  },
  'ten thousand anchors': { files: `a: ${'&a '.repeat(20_000)}`, codes: ['YAML_TOO_COMPLEX'] },
  'deep brackets': { files: `a: ${'['.repeat(100_000)}`, codes: ['YAML_TOO_COMPLEX'] },
  'deep dashes': { files: '- '.repeat(100_000), codes: ['YAML_TOO_COMPLEX'] },
  'deep indentation': {
    files: Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    codes: ['YAML_TOO_COMPLEX'],
  },
  // numbers where text is meant
  'the version as text': { files: 'version: "1"\n', codes: ['VERSION_UNKNOWN'], at: '1:10' },
  'version 2': { files: 'version: 2\n', codes: ['VERSION_UNKNOWN'] },
  'a key in scientific notation': {
    files: 'version: 1\nrateZones: [{ key: 1e3, name: Z, countries: [BE] }]\n',
    codes: ['NOT_TEXT', 'ZONE_UNUSED'],
  },
  'a truth where an ID is meant': {
    files: 'version: 1\naccount: { basePlan: true }\n',
    codes: ['NOT_TEXT'],
  },
  'nothing where an ID is meant': {
    files: 'version: 1\naccount: { basePlan: }\n',
    codes: ['NOT_TEXT'],
  },
  'a hexadecimal ID': { files: 'version: 1\naccount: { basePlan: 0x1F }\n', codes: ['NOT_TEXT'] },
  'a number that loses digits': {
    files: zone('countries: [BE], portal: { iccid: 8932042000010000012 }'),
    codes: ['ZONE_UNUSED', 'NOT_TEXT'],
  },
  'an empty list where entries are meant': { files: 'version: 1\nrateZones:\n', codes: ['SCHEMA'] },
  // meaning
  'two account sections': {
    files: { 'a.yaml': head, 'b.yaml': 'version: 1\naccount: {}\n' },
    codes: ['ACCOUNT_TWICE'],
  },
  'two SKUs over two files': {
    files: {
      'a.yaml': plan('portal: { sku: 5 }'),
      'b.yaml': `version: 1
addonPlans: [{ key: q, name: Q, rateZone: { id: 1 }, data: 1 GB, validity: 1 day, portal: { sku: "5" } }]
`,
    },
    codes: ['DUPLICATE_SKU'],
  },
  'a zone without networks': {
    files: zone('exclude: [GBRVF]'),
    codes: ['ZONE_EMPTY', 'ZONE_UNUSED'],
  },
  'a renewal of one time': { files: plan('renewal: { on: expiry, times: 1 }'), codes: ['SCHEMA'] },
  'a charge with a comma': { files: plan('charge: "1,50"'), codes: ['UNIT_INVALID'] },
  'a name with spaces around': {
    files: 'version: 1\nrateZones: [{ key: z, name: " Z", countries: [BE] }]\n',
    codes: ['ZONE_UNUSED', 'SCHEMA'],
  },
  'an owned field behind a wrong shape': {
    files: plan('sft: { basicInfo: 5 }'),
    codes: ['SFT_OVERRIDES'],
  },
  'a data benefit under sft': {
    files: plan('sft: { benefit: [{ benefitId: 1, value: "5" }] }'),
    codes: ['SFT_OVERRIDES'],
  },
  'an envelope under sft': { files: plan('sft: { Request: {} }'), codes: ['SFT_OVERRIDES'] },
  'a move between kinds': {
    files: `${plan('charge: 1')}moved: [{ from: rateZone/x, to: addonPlan/p }]\n`,
    codes: ['MOVED_INVALID'],
  },
  'a move of what is still there': {
    files: `${plan('charge: 1')}moved: [{ from: addonPlan/p, to: addonPlan/pp }]\n`,
    codes: ['MOVED_INVALID', 'MOVED_INVALID'],
  },
  'a move of an endpoint': {
    files: 'version: 1\nmoved: [{ from: endpoint/1, to: endpoint/2 }]\n',
    codes: ['MOVED_INVALID', 'MOVED_INVALID'],
  },
  'limits beyond everything': {
    files: 'version: 1\nlimits: { endpoints: 300% }\n',
    codes: ['UNIT_INVALID'],
  },
  // ICCIDs
  'an unknown placeholder': {
    files: batch('name: "x-{icid}", iccids: [8932042000010000012]'),
    codes: ['NAME_TEMPLATE'],
  },
  'tags that could not exist on the platform': {
    files: batch(
      `iccids: [8932042000010000012], tags: [ok_1-a, Été, "two words", "a.b", ${'x'.repeat(101)}, ${'x'.repeat(100)}]`,
    ),
    codes: ['TAG_FORM', 'TAG_FORM', 'TAG_FORM'],
  },
  'a batch of nothing': { files: batch('tags: [x]'), codes: ['BATCH_EMPTY'] },
  'a spreadsheet number': { files: batch('iccids: [8.93E+18]'), codes: ['ICCID_INVALID'] },
  'a short ICCID': { files: batch('iccids: ["89320420"]'), codes: ['ICCID_INVALID'] },
  'an ICCID twice in two spellings': {
    files: batch('iccids: [8932042000010000012, "8932 0420 0001 0000 012F"]'),
    codes: ['DUPLICATE_ICCID'],
  },
  'a path out of the catalog': { files: batch('iccidFile: ../x.csv'), codes: ['FILE_OUTSIDE'] },
  'an absolute path': { files: batch('iccidFile: /etc/passwd'), codes: ['FILE_OUTSIDE'] },
  'a path to nothing': { files: batch('iccidFile: x.csv'), codes: ['FILE_UNREADABLE'] },
  'a path to a folder': { files: batch('iccidFile: .'), codes: ['FILE_UNREADABLE'] },
  'an empty ICCID file': { files: inventory(''), codes: ['BATCH_EMPTY'] },
  'a header and no rows': { files: inventory('iccid\n'), codes: ['BATCH_EMPTY'] },
  'a CSV without the column': {
    files: inventory('sim,imsi\n1,2\n'),
    codes: ['CSV_INVALID'],
    at: '1:1',
  },
  'a CSV with a short line': {
    files: inventory('box,iccid\n1\n'),
    codes: ['CSV_INVALID'],
    at: '2:1',
  },
  'a CSV with an open quote': { files: inventory('iccid\n"8932\n'), codes: ['CSV_INVALID'] },
  'a CSV of spreadsheet numbers': {
    files: inventory('box;iccid\n1;8,93204E+18\n'),
    codes: ['ICCID_INVALID'],
    at: '2:3',
  },
  'a CSV in UTF-16': { files: inventory(utf16('iccid\n')), codes: ['FILE_ENCODING'] },
  'a CSV in Latin-1': {
    files: inventory(Buffer.from('iccid,n\n1,\u00E9\n', 'latin1')),
    codes: ['FILE_ENCODING'],
    at: '2:1',
  },
  'a workbook called CSV': {
    files: inventory(Buffer.from('PK\u0003\u0004x')),
    codes: ['FILE_BINARY'],
  },
  'a CSV of one endless line': {
    files: inventory(`iccid\n${'1'.repeat(100_000)}`),
    codes: ['CSV_INVALID'],
  },
}

for (const [title, { files, codes, at }] of Object.entries(CASES)) {
  t.test(`${title}: ${codes.join(', ') || 'nothing to say'}`, async t => {
    const isFolder = typeof files !== 'string' && !Buffer.isBuffer(files)
    const directory = t.testdir(isFolder ? files : { 'a.yaml': files })
    const { catalog, issues } = await loadCatalog(directory)
    t.same(
      issues.map(issue => issue.code),
      codes,
      issues.flatMap(issue => renderIssue(issue)).join('\n'),
    )
    for (const { message, hint, position } of issues) {
      t.ok(message && hint && position, 'it says what, where and what to do')
      t.ok(position?.file.startsWith(directory))
    }
    if (at !== undefined) t.equal(`${issues[0]?.position?.line}:${issues[0]?.position?.column}`, at)
    const isUsable = issues.every(({ severity }) => severity === 'warning')
    t.equal(catalog !== undefined, isUsable)
  })
}

t.test('a folder that is not there, or is a file, is said to be so', async t => {
  const directory = t.testdir({ file: '' })
  for (const name of ['file', 'none']) {
    const { issues } = await loadCatalog(path.join(directory, name))
    t.match(issues, [{ code: 'FILE_UNREADABLE', hint: /--catalog/ }])
  }
})

t.test('links may lead to files of the catalog, and nowhere else', async t => {
  const root = t.testdir({
    outside: { 'secret.yaml': 'version: 1', 'secret.csv': 'iccid\n' },
    inside: {
      '.real': { 'a.yaml': batch('iccidFile: list.csv') },
    },
  })
  const inside = path.join(root, 'inside')
  symlinkSync('.real/a.yaml', path.join(inside, 'a.yaml'))
  symlinkSync('../outside/secret.yaml', path.join(inside, 'b.yaml'))
  symlinkSync('../outside', path.join(inside, 'c'))
  symlinkSync('nothing', path.join(inside, 'd.yaml'))
  symlinkSync('e.yaml', path.join(inside, 'e.yaml'))
  symlinkSync('../outside/secret.csv', path.join(inside, 'list.csv'))
  const { issues } = await loadCatalog(inside)
  t.same(
    issues.map(({ code, position }) => `${path.basename(position?.file ?? '')} ${code}`),
    [
      'a.yaml FILE_OUTSIDE',
      'b.yaml FILE_OUTSIDE',
      'c FILE_OUTSIDE',
      'd.yaml FILE_UNREADABLE',
      'e.yaml FILE_UNREADABLE',
    ],
  )
})

t.test('what is beyond a limit is refused before it costs anything', async t => {
  const directory = t.testdir({ 'a.yaml': batch('iccidFile: b.csv'), 'b.csv': 'iccid\n' })
  const codes = async (limits: NonNullable<LoadOptions['limits']>) =>
    (await loadCatalog(directory, { limits })).issues.map(issue => issue.code)
  t.same(await codes({ yamlBytes: 20 }), ['FILE_TOO_LARGE'])
  t.same(await codes({ iccidFileBytes: 3 }), ['FILE_TOO_LARGE'])
  t.same(await codes({ files: 0 }), ['FILE_TOO_LARGE'])
  t.same(await codes({ tokens: 10 }), ['YAML_TOO_COMPLEX'])
  writeFileSync(path.join(directory, 'a.yaml'), Buffer.alloc(100 * 1024 * 1024, 0x20))
  t.same(await codes({}), ['FILE_TOO_LARGE'])
})

t.test('ten thousand faults are counted, two hundred are listed', async t => {
  const directory = t.testdir({ 'a.yaml': zone(`networks: [${'bad, '.repeat(10_000)}]`) })
  const { issues } = await loadCatalog(directory)
  t.equal(issues.length, 201)
  t.match(issues.at(-1), { code: 'ISSUES_LEFT_OUT', severity: 'error' })
})

t.test(
  'a rendered issue shows the place, however long the line, and nothing that moves a cursor',
  async t => {
    const issue = (text: string, offset: number, length: number) =>
      issueAt(
        createSource('a.yaml', text),
        { offset, length },
        {
          code: 'SCHEMA',
          message: 'bad \u001b[31m',
          hint: 'mend it',
        },
      )
    t.same(renderIssue(issue('a:\n\tb: \u001b[31mx', 7, 3)), [
      'a.yaml:2:5: error SCHEMA: bad \uFFFD[31m',
      '  2 | \tb: \uFFFD[31mx',
      '    | \t   ^^^',
      '  hint: mend it',
    ])
    const long = `${'x'.repeat(5000)}MARK${'y'.repeat(5000)}`
    const [, shown = '', caret = ''] = renderIssue(issue(long, 5000, 4))
    t.equal(shown.indexOf('MARK'), caret.indexOf('^'))
    t.match(caret, / \^{4}$/)
    t.ok(shown.length < 120)
    const styled = renderIssue(issue('x', 0, 1), {
      colour: (style, text) => `<${style}>${text}</>`,
    })
    t.equal(styled[0], '<place>a.yaml:1:1:</> <error>error</> <code>SCHEMA</>: bad \uFFFD[31m')
  },
)
