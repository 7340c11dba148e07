// Writes the pages of docs/reference: `npm run reference`.
import { writeFileSync } from 'node:fs'
import { referencePages } from './reference.ts'

for (const [path, text] of Object.entries(await referencePages())) writeFileSync(path, text)
