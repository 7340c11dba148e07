// Holds the coverage of the last run with `--coverage-report=json-summary` to the floor of coverage-floor.json.
import { readFileSync } from 'node:fs'

const read = path => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const { total } = read('../.tap/report/coverage-summary.json')
const floor = read('coverage-floor.json')

const seen = Object.keys(floor).map(what => `${what} ${total[what].pct} %`)
const low = Object.entries(floor)
  .filter(([what, percent]) => total[what].pct < percent)
  .map(([what, percent]) => `not ok coverage of ${what}: ${percent} % is the floor`)
process.stdout.write(`${[`# coverage: ${seen.join(', ')}`, ...low].join('\n')}\n`)
process.exitCode = low.length > 0 ? 1 : 0
