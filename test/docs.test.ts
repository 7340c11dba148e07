import { readdir, readFile, stat } from 'node:fs/promises'
import t from 'tap'
import { IDENTIFIERS } from '../src/identifiers.ts'
import { ORDER_TABLES } from '../src/render/order-tables.ts'
import { kinds } from '../src/resources/kinds.ts'
import { WIRE_ASSUMPTIONS, type WireAssumption } from '../src/sft/assumptions.ts'
import { FAULT_KINDS } from '../src/simulator/index.ts'
import { WIRE_KEYS } from '../src/simulator/settings.ts'
import { METRICS } from '../src/telemetry/metrics.ts'
import { runCli } from './cli/run-cli.ts'
import { REPOSITORY } from './program.ts'

const page = (path: string) => readFile(new URL(path, REPOSITORY), 'utf8')

t.test('docs/changing.md has every field of every kind as the kind files say it', async t => {
  const text = await page('docs/changing.md')
  for (const { kind: name, title, fields } of kinds()) {
    const start = text.indexOf(`### ${title}`)
    t.not(start, -1, `${name} has a table`)
    const rest = text.slice(start + 4)
    const section = rest.slice(0, rest.search(/\n##/))
    const rows = section.split('\n').filter(line => line.startsWith('| `'))
    const told = Object.entries(fields).map(
      ([field, rule]) =>
        `| \`${field}\` | ${rule.mutability} | ${rule.reason} | ${rule.trust}, ${rule.section} |`,
    )
    t.strictSame(rows, told)
  }
})

t.test('docs/wire.md lists every assumption that the client makes', async t => {
  const text = await page('docs/wire.md')
  const rows = text
    .split('\n')
    .filter(
      line =>
        /^\| `[a-z-]+` \| .* \| (looks|[a-z -]+) \|$/.test(line) && line.split(' | ').length === 6,
    )
  const told = WIRE_ASSUMPTIONS.map((assumption: WireAssumption) => {
    const { id, contract, assumed, otherwise, set = '', unseen = 'looks' } = assumption
    return `| \`${id}\` | ${contract} | ${assumed} | ${otherwise} | ${set} | ${unseen} |`
  })
  t.strictSame(rows, told)
})

t.test('what the code marks as assumed stands in the list', async t => {
  const sections = WIRE_ASSUMPTIONS.flatMap(({ contract }) => contract.split(', '))
  const files = await readdir(new URL('src', REPOSITORY), { recursive: true })
  for (const file of files.filter(name => name.endsWith('.ts') && !name.startsWith('simulator'))) {
    const text = await page(`src/${file}`)
    for (const [, told = ''] of text.matchAll(/ASSUMED (?:wire )?\(contract ([^)]*)\)/g))
      for (const section of told.split(', '))
        t.ok(sections.includes(section), `${file}: ${section}`)
  }
})

t.test('docs/simulator.md names every fault that the simulator can play', async t => {
  const text = await page('docs/simulator.md')
  for (const kind of FAULT_KINDS) t.match(text, `\`${kind}\``)
})

t.test('docs/simulator.md names every variant of the wire', async t => {
  const text = await page('docs/simulator.md')
  const variants = text.slice(text.indexOf('## Variants of the wire'))
  for (const key of WIRE_KEYS) t.match(variants, `\`${key}\``)
})

t.test('docs/observability.md lists every metric', async t => {
  const text = await page('docs/observability.md')
  const kinds = { duration: 'histogram', count: 'counter', level: 'gauge' }
  t.strictSame(
    text.split('\n').filter(line => line.startsWith('| `sft.')),
    Object.entries(METRICS).map(
      ([name, { kind, unit, help, by }]) =>
        `| \`${name}\` | ${kinds[kind]} | \`${unit}\` | ${help} | ${by.map(one => `\`${one}\``).join(', ')} |`,
    ),
  )
})

/** The anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

t.test('links between pages lead somewhere, to a heading that is there', async t => {
  const docs = await readdir(new URL('docs', REPOSITORY), { recursive: true })
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    ...docs
      .filter(name => name.endsWith('.md') && !name.startsWith('api'))
      .map(name => `docs/${name}`),
  ]
  for (const path of pages) {
    const text = await page(path)
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const place = file === '' ? path : new URL(file, new URL(path, REPOSITORY)).pathname
      const found = file === '' ? text : await readFile(place, 'utf8').catch(() => undefined)
      const isFolder =
        found === undefined && (await stat(place).catch(() => undefined)) !== undefined
      t.ok(found !== undefined || isFolder, `${path} → ${target}`)
      if (anchor !== undefined && found !== undefined)
        t.ok(anchorsOf(found).has(anchor), `${path} → ${target}`)
    }
  }
})

t.test('README leads to every page', async t => {
  const text = await page('README.md')
  for (const name of await readdir(new URL('docs', REPOSITORY), { recursive: true }))
    if (name.endsWith('.md') && !name.startsWith('api')) t.match(text, `(docs/${name})`)
})

t.test('docs/tables.md has every identifier with its step and the command that looks', async t => {
  const text = await page('docs/tables.md')
  const rows = text.slice(text.indexOf('## A missing identifier')).split('\n')
  t.strictSame(
    rows.filter(line => line.startsWith('| `')),
    Object.entries(IDENTIFIERS).map(
      ([name, { step, keptIn, look }]) => `| \`${name}\` | ${step} | ${keptIn} | \`${look}\` |`,
    ),
  )
  const { stdout } = await runCli(['--help'], { cwd: '.' })
  for (const { look } of Object.values(IDENTIFIERS)) {
    const [, command = '', ...words] = look.split(' ')
    t.match(stdout, new RegExp(`^ {2}${command} `, 'm'), look)
    const { stdout: help } = await runCli([command, '--help'], { cwd: '.' })
    for (const word of words) if (/^--|^[a-z]+$/.test(word)) t.match(help, word, look)
  }
})

t.test('docs/tables.md has the columns of every table of orders', async t => {
  const text = await page('docs/tables.md')
  for (const [name, { columns }] of Object.entries(ORDER_TABLES))
    t.match(text, `| \`${name}\` | ${columns.map(column => `\`${column}\``).join(', ')} |`)
})
