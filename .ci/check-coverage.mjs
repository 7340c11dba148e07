// Holds the coverage of the last run with `--coverage-report=json-summary` to the floor of coverage-floor.json.
import { readFileSync } from 'node:fs'

const read = path => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const { total } = read('../.tap/report/coverage-summary.json')
const floor = read('coverage-floor.json')

const low = Object.entries(floor).filter(([what, percent]) => total[what].pct < percent)
console.log(`# coverage: ${Object.keys(floor).map(what => `${what} ${total[what].pct} %`).join(', ')}`)
for (const [what, percent] of low)
  console.log(`not ok coverage of ${what} is ${total[what].pct} %, and ${percent} % is the floor`)
process.exitCode = low.length > 0 ? 1 : 0
