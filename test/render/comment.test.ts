import fc from 'fast-check'
import t from 'tap'
import type { Issue } from '../../src/issues.ts'
import { OUTCOMES, type Outcome } from '../../src/outcome.ts'
import { stepMarkdown } from '../../src/render/comment.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { CATALOG } from '../silence/rows.ts'

const LIMIT = 65_536

const issue: fc.Arbitrary<Issue> = fc.record({
  code: fc.constantFrom('SCHEMA', 'CHANGE_SHARE', 'ZONE_UNUSED'),
  severity: fc.constantFrom('error', 'warning'),
  message: fc.string({ unit: 'binary', maxLength: 9000 }),
})

t.test(
  'a comment is inside what a forge takes, and says how it ended, whatever stands in it',
  t => {
    fc.assert(
      fc.property(
        fc.array(issue, { maxLength: 300, size: 'max' }),
        fc.array(fc.string({ unit: 'binary', maxLength: 3000 }), { maxLength: 100, size: 'max' }),
        fc.constantFrom<Outcome | undefined>(undefined, ...(Object.keys(OUTCOMES) as Outcome[])),
        fc.constantFrom('plan', 'apply', 'drift'),
        (issues, messages, outcome, step) => {
          const text = stepMarkdown({ step, outcome, issues, messages })
          const lines = text.split('\n')
          return (
            text.length < LIMIT &&
            lines[0] === `<!-- sft-catalog ${step} -->` &&
            (lines[1] ?? '').startsWith(`## sft-catalog ${step}: `) &&
            (text.match(/```/g) ?? []).length % 2 === 0
          )
        },
      ),
      { numRuns: 60 },
    )
    t.end()
  },
)

t.test(
  'a catalog of thousands of entries or problems keeps its headline, and says what was left out',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    const plans = Array.from(
      { length: 1500 },
      (_, n) => `
  - key: plan-${n}
    name: A plan with a name that is quite long, number ${n}
    rateZone: alps
    data: 1 GB
    validity: 7 days
    activation: first-use
    charge: "4.50"`,
    ).join('')
    desk.write(CATALOG, desk.read(CATALOG).replace('addonPlans:', `addonPlans:${plans}`))
    const whole = (await desk.run('plan --markdown')).stdout
    t.ok([...whole].length < LIMIT && whole.length > 40_000, `${whole.length}`)
    t.match(whole, /## sft-catalog plan: 1,502 operations\n/)
    t.match(whole, /… and [\d,]+ more lines: see "sft-catalog plan"\n```\n/)
    desk.write(CATALOG, desk.read(CATALOG).replaceAll('    data: 1 GB', '    data: 1 XB'))
    const broken = (await desk.run('plan --markdown')).stdout
    t.ok([...broken].length < LIMIT, `${broken.length}`)
    t.match(broken, /## sft-catalog plan: failed, \d+ errors; /)
    t.match(broken, /- … and \d+ more issues?: see the log\n/)
  },
)
