// Lays the compiled tests out for the runner, which takes files in the order of their names: those that take longest
// come first, or one of them would be left when all others are done.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const TESTS = '.tests/test'
const LAID_OUT = '.tests/run'
const longest = readFileSync(new URL('long-tests.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')

for (const name of longest)
  if (!existsSync(join(TESTS, `${name}.test.js`)))
    throw new Error(`.ci/long-tests.txt: there is no ${name}`)

for (const file of readdirSync(TESTS, { recursive: true })) {
  if (!file.endsWith('.test.js')) continue
  const name = file.slice(0, -'.test.js'.length)
  const rank = longest.indexOf(name)
  const number = String(rank + 1).padStart(2, '0')
  const path = join(LAID_OUT, rank < 0 ? file : `${number}-${name.replaceAll('/', '-')}.test.js`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `import '${relative(dirname(path), join(TESTS, file))}'\n`)
}
