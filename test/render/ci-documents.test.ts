import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import t from 'tap'
import type { Issue } from '../../src/issues.ts'
import { namesFrom } from '../../src/render/issue-place.ts'
import { junitOf } from '../../src/render/junit.ts'
import { sarifOf } from '../../src/render/sarif.ts'
import { workflowCommands } from '../../src/render/workflow-commands.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { CATALOG } from '../silence/rows.ts'

const names = namesFrom('/repo', '/repo/shop')
const WILD = 'a "b" <c> & \'d\', e: 100%\r\n::error::x\u0000\u001b[31m\u2028\uFFFE'

const ISSUES: readonly Issue[] = [
  {
    code: 'ZONE_UNUSED',
    severity: 'warning',
    message: WILD,
    hint: WILD,
    position: { file: `catalog/${WILD.slice(0, 20)}, ä.yaml`, line: 3, column: 7 },
    source: { text: '    - key: x', length: 5 },
  },
  { code: 'CATALOG_EMPTY', severity: 'error', message: 'nothing there' },
  {
    code: 'UNKNOWN_KEY',
    severity: 'error',
    message: 'no such field',
    position: { file: '../elsewhere.yaml', line: 1, column: 1 },
  },
  {
    code: 'SCHEMA',
    severity: 'error',
    message: 'outside',
    position: { file: '/other/x y.yaml', line: 2, column: 2 },
  },
]

/** The schema that OASIS published; it is of draft 4, of whose words SARIF uses those that stayed. */
async function sarifSchema() {
  const place = createRequire(import.meta.url).resolve('@microsoft/jest-sarif')
  const text = await readFile(new URL('schemas/sarif-2.1.0-rtm.5.json', `file://${place}`), 'utf8')
  const { $schema: _draft, id: _id, ...schema } = JSON.parse(text)
  return new Ajv({ strict: false, unicodeRegExp: false, validateFormats: false }).compile(schema)
}

t.test('SARIF is what its published schema says, with file, line and column', async t => {
  const valid = await sarifSchema()
  const log = sarifOf(ISSUES, { version: '1.2.3', place: 'catalog', names })
  t.ok(valid(log), JSON.stringify(valid.errors))
  t.notOk(valid({ version: '2.1.0', runs: [{}] }), 'the schema refuses what is none')
  const results = JSON.parse(JSON.stringify(log)).runs[0].results
  t.match(results[0], {
    ruleId: 'ZONE_UNUSED',
    level: 'warning',
    locations: [{ physicalLocation: { region: { startLine: 3, startColumn: 7, endColumn: 12 } } }],
  })
  const uris = results.map(
    (result: { locations: readonly { physicalLocation: { artifactLocation: object } }[] }) =>
      result.locations[0]?.physicalLocation.artifactLocation,
  )
  t.strictSame(uris.slice(1), [
    { uri: 'shop/catalog', uriBaseId: '%SRCROOT%' },
    { uri: 'elsewhere.yaml', uriBaseId: '%SRCROOT%' },
    { uri: 'file:///other/x%20y.yaml' },
  ])
  t.ok(valid(sarifOf([], { version: '1.2.3', place: 'catalog', names })), 'without issues too')
})

t.test('JUnit XML is whole whatever the issues say', async t => {
  const text = junitOf(ISSUES, { name: 'validate', place: 'catalog', names })
  t.equal(XMLValidator.validate(text), true)
  const { testsuites } = new XMLParser({ ignoreAttributes: false }).parse(text)
  t.match(testsuites, { '@_tests': '4', '@_failures': '3' })
  const [warned, failed] = testsuites.testsuite.testcase
  t.match(warned['system-out'], '100%')
  t.match(warned['system-out'], `"b" <c> & 'd'`)
  t.match(failed, { failure: { '@_type': 'CATALOG_EMPTY', '@_message': 'nothing there' } })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML must not have them
  t.notMatch(text, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\uFFFE\uFFFF]/)
  const none = junitOf([], { name: 'validate', place: 'catalog', names })
  t.match(new XMLParser({ ignoreAttributes: false }).parse(none).testsuites, { '@_tests': '1' })
})

t.test('a workflow command is one line whose parts nothing can end', async t => {
  const lines = workflowCommands(ISSUES, names)
  t.equal(lines.length, 4)
  t.match(lines[0], /^::error title=CATALOG_EMPTY::nothing there$/, 'errors come first')
  for (const line of lines) {
    const [, properties = '', message = ''] =
      /^::(?:error|warning) ([^\n\r]*?)::([^\n\r]*)$/.exec(line) ?? []
    t.ok(message !== '', line)
    for (const part of properties.split(','))
      t.match(part, /^(file|line|col|endColumn|title)=[^:,]+$/, line)
    t.notMatch(line.replace(/%(25|0D|0A|3A|2C)/g, ''), /%/, 'each per cent sign is escaped')
  }
})

t.test('validate --format writes the form on stdout, and what people read on stderr', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const whole = await desk.run('validate --format sarif')
  t.equal(whole.code, 0)
  t.match(JSON.parse(whole.stdout), { version: '2.1.0', runs: [{ results: [] }] })
  desk.write(CATALOG, desk.read(CATALOG).replace('    countries', '    cuontries'))
  const sarif = await desk.run('validate --format sarif')
  t.equal(sarif.code, 1)
  t.match(sarif.stderr, 'UNKNOWN_KEY')
  const line =
    desk
      .read(CATALOG)
      .split('\n')
      .findIndex(text => text.includes('cuontries')) + 1
  const unknown = JSON.parse(sarif.stdout).runs[0].results.find(
    (result: { ruleId: string }) => result.ruleId === 'UNKNOWN_KEY',
  )
  t.match(unknown.locations[0].physicalLocation, {
    artifactLocation: { uri: CATALOG },
    region: { startLine: line, startColumn: 5 },
  })
  const github = await desk.run('validate --format github', {
    env: { GITHUB_WORKSPACE: desk.folder.slice(0, desk.folder.lastIndexOf('/')) },
  })
  t.match(
    github.stdout,
    `::error file=${desk.folder.split('/').at(-1)}/${CATALOG},line=${line},col=5,`,
  )
  const junit = await desk.run('validate --format junit')
  t.equal(XMLValidator.validate(junit.stdout), true)
  t.equal((await desk.run('validate --format xml')).code, 64)
  t.equal((await desk.run('validate --format sarif --json')).code, 64)
})
