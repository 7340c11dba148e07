/** Takes what the commands answer now as what programs may count on: `npm run answers`. */
import { writeFile } from 'node:fs/promises'
import { answersNow, PLACE, recordedAnswers, surprises } from './recorded.ts'

const now = answersNow()
const found = surprises(await recordedAnswers(), now)
if (found.length > 0) {
  console.error(
    `${found.join('\n')}\nLet its format grow (src/render/formats.ts), then run this again.`,
  )
  process.exitCode = 1
} else {
  await writeFile(PLACE, `${JSON.stringify(now, null, 1)}\n`)
}
