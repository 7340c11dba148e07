import { readFileSync } from 'node:fs'
import t from 'tap'
import { referencePages } from './reference.ts'

t.test('the pages of the reference are what the sources say', async t => {
  for (const [path, text] of Object.entries(await referencePages()))
    t.equal(readFileSync(path, 'utf8'), text, `${path}: npm run reference`)
})
