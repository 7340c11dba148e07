import t from 'tap'
import { askEvaluator } from '../../src/policy/ask-evaluator.ts'
import { languageOfRules } from '../../src/policy/check-policy.ts'
import type { Expressions, Job, Verdict } from '../../src/policy/job.ts'
import { judge } from '../../src/policy/judge.ts'
import { placeInScalar } from '../../src/policy/place-in-scalar.ts'
import { parseMessage } from '../../src/policy/template.ts'

const plan = (more: object = {}) => ({
  key: 'eu-5gb',
  name: 'Europe 5 GB',
  dataMB: 5120,
  dataGB: 5,
  prices: { EUR: 9.5 },
  pricePerGB: { EUR: 1.9 },
  portal: { tier: 2, tags: ['a', 'b'], half: 0.5, nothing: null },
  ...more,
})

const job = (rules: readonly Expressions[], subjects: readonly object[] = [plan()]): Job => ({
  ...languageOfRules(),
  rules,
  deadlineMs: 10_000,
  world: {
    shared: { catalog: { addonPlans: subjects }, environment: '' },
    subjects: { addonPlan: subjects },
  },
})

const rule = (condition: string, more: Partial<Expressions> = {}): Expressions => ({
  scope: 'addonPlan',
  condition,
  message: ['no: ', { expression: 'addonPlan.key' }],
  ...more,
})

t.test('a rule about what nothing is told of has not passed', async t => {
  const { world: _world, ...given } = job([rule('true')])
  const verdicts: Verdict[] = []
  judge({ ...given, world: { shared: {}, subjects: {} } }, verdict => void verdicts.push(verdict))
  t.same(verdicts, [{ kind: 'lost', why: 'nothing was told of any addonPlan' }])
})

/** What one condition comes to, in this process. */
function verdictOf(condition: string, more: Partial<Expressions> = {}): Verdict | undefined {
  const verdicts: Verdict[] = []
  judge(job([rule(condition, more)]), verdict => void verdicts.push(verdict))
  return verdicts[0]
}

const HOLDS = { kind: 'judged', broken: [], notKnown: [] } as const
const broken = (message = 'no: eu-5gb') =>
  ({ kind: 'judged', broken: [{ subject: 0, message }], notKnown: [] }) as const
const notKnown = (why: string) =>
  ({ kind: 'judged', broken: [], notKnown: [{ subject: 0, why }] }) as const

for (const [name, condition, expected] of [
  ['what is true holds', 'addonPlan.dataMB == 5120', HOLDS],
  ['what is false is broken', 'addonPlan.dataMB > 5120', broken()],
  ['whole numbers and fractions are compared', 'addonPlan.dataMB > 1.5', HOLDS],
  ['amounts are what is written', 'addonPlan.pricePerGB.EUR >= 1.9', HOLDS],
  ['a field that is not known', 'addonPlan.validityDays < 3', notKnown('there is no validityDays')],
  ['unless what is known is enough', 'addonPlan.validityDays < 3 || true', HOLDS],
  ['and also by and', 'addonPlan.validityDays < 3 && false', broken()],
  ['whether it is known', 'has(addonPlan.validityDays)', broken()],
  ['a key that a map has not', 'addonPlan.prices.USD > 1.0', notKnown('there is no USD')],
  [
    'a filter of what is not known',
    '[addonPlan].filter(p, p.sms > 0).size() == 0',
    notKnown('there is no sms'),
  ],
  [
    'what a portal has, whatever it is',
    'addonPlan.portal.tier == 2 && addonPlan.portal.half < 1.0',
    HOLDS,
  ],
  [
    'what a prototype has',
    'addonPlan.portal.constructor == 1',
    notKnown('there is no constructor'),
  ],
  ['a division by nothing', '1 / (addonPlan.dataMB - 5120) > 0', notKnown('division by zero')],
  [
    'a regular expression that is none',
    'addonPlan.name.matches("[")',
    notKnown('invalid regular expression: ['),
  ],
] as const)
  t.test(name, async t => t.strictSame(verdictOf(condition), expected))

t.test('a rule is about those of which its "when" is true', async t => {
  t.strictSame(verdictOf('false', { when: 'addonPlan.key == "other"' }), HOLDS)
  t.strictSame(verdictOf('true', { when: 'addonPlan.sms == 1' }), notKnown('there is no sms'))
})

t.test('what breaks a rule is told also where a part of its message is not known', async t => {
  const message = [
    { expression: 'addonPlan.sms' },
    ' ',
    { expression: 'addonPlan.portal.tags' },
    ' ',
    { expression: 'addonPlan.pricePerGB["EUR"] / 3.0' },
    ' ',
    { expression: 'addonPlan.portal.nothing' },
    ' ',
    { expression: 'addonPlan.name.size() > 3' },
  ]
  t.strictSame(verdictOf('false', { message }), broken('? a, b 0.633333 ? true'))
  const long = [{ expression: `addonPlan.name + "${'x'.repeat(500)}"` }]
  const told = verdictOf('false', { message: long })
  t.equal(told?.kind === 'judged' && (told.broken[0]?.message.length ?? 0) < 210, true)
})

t.test('rules without a world are read, and tell what their conditions ask for', async t => {
  const verdicts: Verdict[] = []
  const { world: _world, ...read } = job([
    rule('addonPlan.sku != "" && addonPlan.name != addonPlan.sku'),
    rule('addonPlan.foo == 1', { when: '1 +', message: [{ expression: 'addonPlan' }] }),
  ])
  judge(read, verdict => void verdicts.push(verdict))
  t.match(verdicts, [
    { kind: 'read', faults: [], reads: ['sku', 'name'] },
    {
      kind: 'read',
      faults: [
        { place: 'when', start: 3 },
        { place: 'condition', message: 'there is no foo', start: 10, end: 13 },
        { place: 0, message: /^this is AddonPlan/ },
      ],
    },
  ])
})

const list = `[${Array.from({ length: 90 }, (_, index) => index).join(',')}]`
const doubled = (times: number): string =>
  times === 0 ? 'x' : `cel.bind(x, x + x, ${doubled(times - 1)})`
const HOSTILE = {
  'a regular expression without an end':
    '(addonPlan.name + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!").matches("^(.*a+)+$")',
  'loops in loops': `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, a + b + c + d >= 0))))`,
} as const

t.test('a rule that takes too long is ended, and those after it are looked at', async t => {
  for (const [name, condition] of Object.entries(HOSTILE)) {
    const verdicts = await askEvaluator(job([rule(condition), rule('false')]), { deadlineMs: 300 })
    t.strictSame(
      verdicts,
      [{ kind: 'lost', why: 'it was not evaluated within 0.3 s' }, broken()],
      name,
    )
  }
})

t.test(
  'a rule that takes all memory ends the process that is made for it, and no other',
  async t => {
    const tooMany = `cel.bind(x, addonPlan.name, ${doubled(24)}).split("").size() == 0`
    const tooMuch = `cel.bind(x, [1, 2, 3], ${doubled(24)}).size() == 0`
    const verdicts = await askEvaluator(
      job([rule('true'), rule(tooMany), rule(tooMuch), rule('false')]),
      {
        deadlineMs: 60_000,
      },
    )
    const lost = { kind: 'lost', why: 'it takes more memory than a rule may' }
    t.strictSame(verdicts, [HOLDS, lost, lost, broken()])
  },
)

t.test('after three rules that could not be evaluated no more is', async t => {
  const slow = rule(HOSTILE['a regular expression without an end'])
  const verdicts = await askEvaluator(job([slow, slow, slow, rule('true'), slow]), {
    deadlineMs: 100,
  })
  const rest = { kind: 'lost', why: 'too many rules before it could not be evaluated' }
  t.strictSame(verdicts.slice(3), [rest, rest])
})

t.test('the process that evaluates has no environment', async t => {
  process.env['A_SECRET'] = 'secret'
  t.teardown(() => delete process.env['A_SECRET'])
  const verdicts = await askEvaluator(
    job([rule('process.env.A_SECRET == "secret"'), rule('env.A_SECRET == "secret"')]),
  )
  t.match(verdicts, [{ kind: 'read' }, { kind: 'read' }], 'and expressions cannot name one')
})

t.test('a message is text and expressions', async t => {
  t.strictSame(parseMessage(`a \${b.c} d`), [
    { text: 'a ' },
    { expression: 'b.c', start: 4 },
    { text: ' d' },
  ])
  t.strictSame(parseMessage(`$\${x} \${y}`), [
    { text: `\${` },
    { text: 'x} ' },
    { expression: 'y', start: 8 },
  ])
  t.strictSame(parseMessage(''), [])
  t.strictSame(parseMessage(`a \${b`), { unclosed: 2 })
})

t.test('a place in an expression is found in the YAML that says it', async t => {
  for (const [written, value, at, expected] of [
    ['a && b', 'a && b', 5, 5],
    ['"a \\"x\\" && b"', 'a "x" && b', 9, 12],
    ["'a == ''x'' && b'", "a == 'x' && b", 12, 15],
    ['|\n    a &&\n    b', 'a &&\nb\n', 5, 15],
    ['>-\n    a &&\n\n    b', 'a &&\nb', 5, 17],
    ['"\\u0061 && b"', 'a && b', 5, 0],
    ['a &&', 'a &&', 4, 3],
  ] as const)
    t.equal(placeInScalar(written, value, at), expected, written)
})
