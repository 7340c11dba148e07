/** `npm run bench`: every figure against its floor, in one run. See README.md beside this. */
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Absent, isMeasured, isMet, type Row } from './figure.ts'
import { FIGURES } from './figures.ts'
import { plotOf } from './plot.ts'
import { tableOf } from './table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    shrink: { type: 'string', default: '1' },
    out: { type: 'string', default: join('bench', 'results') },
    list: { type: 'boolean', default: false },
  },
})

const unknown = positionals.filter(key => !FIGURES.some(figure => figure.key === key))
if (values.list || unknown.length > 0) {
  for (const key of unknown) console.error(`there is no figure ${key}`)
  for (const { key, title } of FIGURES) console.log(`${key.padEnd(10)} ${title}`)
  process.exit(unknown.length > 0 ? 64 : 0)
}

const say = (text: string) => console.error(`  ${text}`)
const settings = { rounds: Number(values.rounds), shrink: Number(values.shrink), say }
const chosen = FIGURES.filter(({ key }) => positionals.length === 0 || positionals.includes(key))
const machine = {
  cores: cpus().length,
  processor: cpus()[0]?.model.trim() ?? '',
  memoryGb: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
}
const results: { key: string; title: string; rows: readonly (Row | Absent)[] }[] = []
for (const { key, title, measure } of chosen) {
  console.error(title)
  const rows = await measure(settings)
  results.push({ key, title, rows })
  console.log(`\n**${title}**\n\n${tableOf(rows)}\n`)
}
const rows = results.flatMap(result => result.rows).filter(isMeasured)
const aimed = rows.filter(({ target }) => target !== undefined)
const title = `sft-catalog against its floors: ${machine.cores} cores, Node ${machine.node}, medians of ${settings.rounds}`
await mkdir(values.out, { recursive: true })
await writeFile(
  join(values.out, 'bench.json'),
  `${JSON.stringify({ at: new Date().toISOString(), machine, ...settings, results }, undefined, 2)}\n`,
)
await writeFile(join(values.out, 'bench.svg'), plotOf(aimed, title))
console.log(
  `${aimed.filter(isMet).length} of ${aimed.length} targets met; ${join(values.out, 'bench.json')} and bench.svg have it all (${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node})`,
)
