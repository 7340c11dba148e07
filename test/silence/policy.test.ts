import type { Test } from 'tap'
import type { Desk } from '../cli/desk.ts'
import { CATALOG, json, rows } from './rows.ts'

const RULES = 'policy/rules.yaml'

/** One rule as a file of its own. */
const rule = (lines: string): string => `version: 1
rules:
  - key: one
    description: Ask Ann.
${lines
  .trim()
  .split('\n')
  .map(line => `    ${line}`)
  .join('\n')}
`

/** A rule that the small catalog breaks: its plan lasts 7 days. */
const BROKEN = rule(`
on: addonPlan
condition: addonPlan.validityDays <= 5
message: \${addonPlan.key} lasts \${addonPlan.validityDays} days`)

const PLACE = `${CATALOG}:18:15`

const writesNothing = (t: Test, desk: Desk) => t.strictSame(desk.writes(), [], 'nothing was sent')

/** A row about a policy file that is wrong: `validate` says where, and ends with 1. */
const wrong = (name: string, lines: string, told: RegExp | string) => ({
  name,
  check: async (t: Test, desk: Desk) => {
    desk.write(RULES, lines)
    const validated = await desk.run('validate')
    t.equal(validated.code, 1, validated.stdout)
    t.match(validated.stderr, told)
    t.match(validated.stderr, `${RULES}:`)
  },
})

rows('a policy file that is wrong', [
  wrong('that is no YAML', 'version: 1\nrules: [', `${RULES}:2:9: error YAML_SYNTAX`),
  wrong('that has an unknown field', BROKEN.replace('message', 'mesage'), 'did you mean message?'),
  wrong(
    'without a condition',
    rule('on: catalog\nmessage: x'),
    'REQUIRED: this rule needs condition',
  ),
  wrong('without rules', 'version: 1\nrules: []', 'SCHEMA: rules must be a list of at least 1'),
  wrong('that says no version', 'rules: []', 'move it out of the policy folder'),
  wrong(
    'about something that there is not',
    BROKEN.replace('on: addonPlan', 'on: addonplan'),
    /on must be rateZone, .*did you mean addonPlan\?/s,
  ),
  wrong(
    'with a condition that is no expression',
    BROKEN.replace('<= 5', '<= '),
    `${RULES}:6:40: error POLICY_EXPRESSION: condition:`,
  ),
  wrong(
    'that names a variable which is of another scope',
    BROKEN.replace('addonPlan.validityDays <= 5', 'plan.summary.retire == 0'),
    `${RULES}:6:16: error POLICY_EXPRESSION: condition: unknown variable: plan`,
  ),
  wrong(
    'that misspells a field',
    BROKEN.replace('validityDays <= 5', 'validtyDays <= 5'),
    `${RULES}:6:26: error POLICY_EXPRESSION: condition: there is no validtyDays; did you mean validityDays?`,
  ),
  wrong(
    'that misspells a field in has(), where it would never be there',
    BROKEN.replace('condition: ', 'condition: has(addonPlan.validtyDays) && '),
    'there is no validtyDays',
  ),
  wrong(
    'that compares text with a number, in the third line of a block',
    rule(`
on: addonPlan
condition: |
  addonPlan.dataMB > 1 &&

    addonPlan.name > 1
message: x`),
    `${RULES}:9:9: error POLICY_EXPRESSION: condition: no such overload: string > int`,
  ),
  wrong(
    'whose condition is a text',
    BROKEN.replace('addonPlan.validityDays <= 5', 'addonPlan.name'),
    'this is string, and must be true or false (bool)',
  ),
  wrong(
    'whose message names what there is not',
    BROKEN.replace('{addonPlan.key}', '{addonPlan.kei}'),
    `${RULES}:7:26: error POLICY_EXPRESSION: message: there is no kei; did you mean key?`,
  ),
  wrong(
    'whose message does not end what it puts in',
    BROKEN.replace(/message: .*/, 'message: $${addonPlan.key'),
    'a curly bracket after a $ is not closed',
  ),
  wrong(
    'whose message would show a whole plan',
    BROKEN.replace('{addonPlan.key}', '{addonPlan}'),
    'this is AddonPlan, and must be text',
  ),
  wrong(
    'with two rules of one key',
    `${BROKEN}${BROKEN.slice(BROKEN.indexOf('  - key'))}`,
    `DUPLICATE_KEY: there are two rules with the key "one"; the first is at ${RULES}:3`,
  ),
  wrong(
    'that asks for bytes, which lie outside of the memory that is bounded',
    BROKEN.replace('addonPlan.validityDays <= 5', 'bytes(addonPlan.name).size() < 5'),
    'bytes are not part of rules',
  ),
  wrong(
    'that is nested deeper than a rule for people',
    BROKEN.replace('addonPlan.validityDays <= 5', `${'('.repeat(90)}true${')'.repeat(90)}`),
    /POLICY_EXPRESSION: condition: exceeded maxDepth/,
  ),
  wrong(
    'with an expression that is too long',
    BROKEN.replace('<= 5', `<= 5 ${'|| true '.repeat(600)}`),
    'at most 4000 characters',
  ),
  {
    name: 'and a folder that is empty, or named and not there, is no folder without rules',
    check: async (t, desk) => {
      desk.write('policy/README.md', 'rules come later')
      const empty = await desk.run('validate')
      t.equal(empty.code, 1)
      t.match(empty.stderr, 'POLICY_EMPTY')
      for (const [words, env] of [
        ['validate --policy nowhere', {}],
        ['validate', { SFT_POLICY: 'nowhere' }],
      ] as const) {
        const named = await desk.run(words, { env })
        t.equal(named.code, 1)
        t.match(named.stderr, 'the policy folder cannot be read: it does not exist')
        t.match(named.stderr, 'name the folder with --policy or SFT_POLICY')
      }
      t.match(await desk.run('validate', { env: { SFT_POLICY: '' } }), { code: 1 })
    },
  },
])

rows('a catalog that breaks a rule', [
  {
    name: 'is told with the place of both, and nothing is planned or sent',
    check: async (t, desk) => {
      desk.write(RULES, BROKEN)
      const validated = await desk.run('validate')
      t.equal(validated.code, 1)
      t.match(validated.stderr, `${PLACE}: error POLICY_VIOLATED: alps-1gb lasts 7 days`)
      t.match(validated.stderr, `rule: one, ${RULES}:3:5`)
      t.match(validated.stderr, 'hint: Ask Ann.')
      for (const words of ['plan', 'apply --auto-approve', 'apply --auto-approve --force']) {
        const ended = await desk.run(words)
        t.equal(ended.code, 1, words)
        t.match(ended.stderr, 'POLICY_VIOLATED')
      }
      t.equal(desk.simulator.calls.length, 0, 'the account was not asked')
    },
  },
  {
    name: 'is told so in every form that a CI server reads',
    check: async (t, desk) => {
      desk.write(RULES, BROKEN)
      const answer = json((await desk.run('validate --json')).stdout)
      t.match(answer, {
        valid: false,
        issues: [
          {
            code: 'POLICY_VIOLATED',
            position: { file: CATALOG, line: 18, column: 15 },
            rule: { key: 'one', position: { file: RULES, line: 3, column: 5 } },
          },
        ],
      })
      t.match(
        (await desk.run('validate --format github')).stdout,
        `::error file=${CATALOG},line=18,col=15,endColumn=16,title=POLICY_VIOLATED::alps-1gb lasts 7 days (Ask Ann.; rule one, ${RULES}:3:5)`,
      )
      t.match((await desk.run('validate --format junit')).stdout, 'rule one')
      t.match(json((await desk.run('validate --format sarif')).stdout), {
        runs: [
          {
            results: [
              {
                ruleId: 'POLICY_VIOLATED',
                relatedLocations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: RULES },
                      region: { startLine: 3 },
                    },
                  },
                ],
              },
            ],
          },
        ],
      })
      t.equal((await desk.run('ci plan')).code, 1)
      const comment = desk.read('sft-catalog-ci/comment.md')
      t.match(comment, /^## sft-catalog plan: failed, 1 error; what it would do is not known/m)
      t.match(comment, 'POLICY\\_VIOLATED'.replace('\\', ''))
      t.match(comment, `(rule one, ${RULES}:3:5)`)
      t.match(desk.read('sft-catalog-ci/annotations.txt'), 'title=POLICY_VIOLATED')
    },
  },
  {
    name: 'goes on where the rule is a warning',
    check: async (t, desk) => {
      desk.write(RULES, BROKEN.replace('    on:', '    severity: warning\n    on:'))
      const ended = await desk.run('apply --auto-approve')
      t.equal(ended.code, 0, ended.stderr)
      t.match(ended.stderr, `${PLACE}: warning POLICY_VIOLATED`)
    },
  },
  {
    name: 'in more places than are listed has the rest counted',
    check: async (t, desk) => {
      const text = desk.read(CATALOG)
      const plan = text.slice(text.indexOf('  - key: alps-1gb'))
      const more = Array.from({ length: 30 }, (_, index) =>
        plan
          .replaceAll('alps-1gb', `p${index}`)
          .replace('Alps 1', `P${index} 1`)
          .replace('ALPS', `P${index}`),
      )
      desk.write(CATALOG, text + more.join(''))
      desk.write(RULES, BROKEN)
      const { stderr } = await desk.run('validate')
      t.equal(stderr.match(/lasts 7 days/g)?.length, 20)
      t.match(stderr, `${RULES}:3:5: error POLICY_VIOLATED: one is broken in 11 more places`)
    },
  },
  {
    name: 'cannot move the cursor, be a link or end a command by what stands in it',
    check: async (t, desk) => {
      desk.write(
        CATALOG,
        desk.read(CATALOG).replace('Alps 1 GB 7 days', '"Alps [x](http://evil) ::error:: @ann"'),
      )
      desk.write(
        RULES,
        BROKEN.replace('{addonPlan.key}', '{addonPlan.name + "\\u001b[2J" + "%0A"}'),
      )
      const { stderr } = await desk.run('validate')
      t.notMatch(stderr, '\u001b[2J')
      await desk.run('ci plan')
      t.notMatch(desk.read('sft-catalog-ci/comment.md'), /[^\\]\[x\]/)
      const annotations = desk.read('sft-catalog-ci/annotations.txt').trim()
      t.match(annotations, /^::error file=[^\n]*title=POLICY_VIOLATED::[^\n]*%250A[^\n]*$/)
    },
  },
])

const withoutPlan = (text: string): string =>
  text.slice(0, text.indexOf('  - key: alps-1gb')).replace('addonPlans:\n', '')

/** A rule about plans that retire something. */
const FEW = rule(`
on: plan
condition: plan.summary.retire == 0
message: \${plan.summary.retire} would be retired`)

rows('a plan that breaks a rule', [
  {
    name: 'is refused with 3 before anything is sent, and --force does not lift it',
    check: async (t, desk) => {
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, `${withoutPlan(desk.read(CATALOG))}`)
      desk.write(RULES, FEW)
      const since = desk.simulator.calls.length
      t.match((await desk.run('validate')).stdout, '1 rule of the team: 1 of them of the plan')
      t.equal((await desk.run('plan')).code, 0, 'nothing is retired without --prune')
      for (const words of [
        'plan --prune --force',
        'apply --prune --auto-approve --force',
        'ci plan --prune --force',
        'ci apply --prune --force',
      ]) {
        const ended = await desk.run(words)
        t.equal(ended.code, 3, words)
        t.match(ended.stderr, `${RULES}:3:5: error POLICY_VIOLATED: 1 would be retired`)
      }
      t.strictSame(desk.writes(since), [], 'nothing was sent')
      const comment = desk.read('sft-catalog-ci/comment.md')
      t.match(comment, '**refused** `POLICY_VIOLATED`')
      t.notMatch(comment, 'does exactly this', 'a plan that is refused is not offered')
      const planned = json((await desk.run('plan --prune --force --json')).stdout)
      t.match(planned, { outcome: 'refused', exitCode: 3, issues: [{ rule: { key: 'one' } }] })
      t.equal(
        (await desk.run('apply --prune --auto-approve --force --policy policy --allow-blocked'))
          .code,
        3,
      )
    },
  },
  {
    name: 'is refused too where it was saved before the rule was there',
    check: async (t, desk) => {
      t.equal((await desk.run('plan --out saved.json')).code, 0)
      desk.write(RULES, FEW.replace('retire == 0', 'create == 0').replace('retire}', 'create}'))
      const applied = await desk.run('apply saved.json')
      t.equal(applied.code, 3, applied.stderr)
      t.match(applied.stderr, '2 would be retired')
      writesNothing(t, desk)
    },
  },
  {
    name: 'sees what a plan costs that is taken over for another charge',
    check: async (t, desk) => {
      const text = desk.read(CATALOG)
      const at = (charge: string) => text.replace('4.50', charge)
      desk.write(CATALOG, at('4.00'))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, at('9.00'))
      desk.write(
        RULES,
        rule(`
on: change
condition: change.chargeRisePercent <= 10.0
message: \${change.address} rises by \${change.chargeRisePercent} %`),
      )
      const planned = await desk.run('plan', { env: { SFT_STATE: 'another.json' } })
      t.equal(planned.code, 3, planned.stdout)
      t.match(planned.stderr, 'POLICY_VIOLATED: addonPlan/alps-1gb rises by 125 %')
    },
  },
  {
    name: 'is told at the entry that a change is about: a price that rises',
    check: async (t, desk) => {
      const text = desk.read(CATALOG)
      const at = (price: string) =>
        text.replace('ALPS-1GB-7D }', `ALPS-1GB-7D, prices: { EUR: "${price}" } }`)
      desk.write(CATALOG, at('5.00'))
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(
        RULES,
        rule(`
on: change
condition: change.priceRisePercent <= 10.0
message: \${change.address} rises by \${change.priceRisePercent} %, from \${change.before.prices.EUR} to \${change.after.prices.EUR}`),
      )
      desk.write(CATALOG, at('5.50'))
      t.equal((await desk.run('plan')).code, 0, 'ten per cent are ten per cent')
      desk.write(CATALOG, at('6.00'))
      const planned = await desk.run('plan')
      t.equal(planned.code, 3)
      t.match(
        planned.stderr,
        `${CATALOG}:14:5: error POLICY_VIOLATED: addonPlan/alps-1gb rises by 20 %, from 5 to 6`,
      )
    },
  },
])

rows('a rule of which it is not known whether it holds', [
  {
    name: 'has not passed: sold endpoints without a ledger',
    check: async (t, desk) => {
      t.equal((await desk.run('apply --auto-approve')).code, 0)
      desk.write(CATALOG, desk.read(CATALOG).replace('1 GB\n', '2 GB\n'))
      desk.write(
        RULES,
        rule(`
severity: warning
on: plan
condition: plan.soldEndpoints <= 10
message: too many`),
      )
      const since = desk.simulator.calls.length
      const planned = await desk.run('apply --auto-approve')
      t.equal(planned.code, 1)
      t.match(
        planned.stderr,
        'error POLICY_NOT_KNOWN: whether rule one holds is not known: there is no soldEndpoints',
      )
      t.strictSame(desk.writes(since), [])
      desk.write(
        RULES,
        desk
          .read(RULES)
          .replace(
            /condition: .*/,
            'condition: "!has(plan.soldEndpoints) || plan.soldEndpoints <= 10"',
          ),
      )
      t.equal((await desk.run('plan')).code, 0)
    },
  },
  {
    name: 'has not passed: the data of a plan that takes it from a template',
    check: async (t, desk) => {
      desk.write(
        CATALOG,
        desk.read(CATALOG).replace('    data: 1 GB\n', '    like: { name: Some plan }\n'),
      )
      desk.write(
        RULES,
        rule(`
on: addonPlan
condition: addonPlan.dataGB >= 1.0
message: too small`),
      )
      const validated = await desk.run('validate')
      t.equal(validated.code, 1)
      t.match(validated.stderr, 'whether rule one holds is not known: there is no dataGB')
    },
  },
  {
    name: 'has passed where what is known is enough',
    check: async (t, desk) => {
      desk.write(
        RULES,
        rule(`
on: addonPlan
condition: addonPlan.pricePerGB["EUR"] > 1.0 || addonPlan.dataMB == 1024
message: x`),
      )
      t.equal((await desk.run('validate')).code, 0)
    },
  },
])

rows('an environment', [
  {
    name: 'binds the folder of rules, and is named in them',
    check: async (t, desk) => {
      const {
        SFT_BASE_URL: url,
        SFT_USERNAME: user,
        SFT_PASSWORD: password = '',
        ...rest
      } = desk.env
      desk.write(
        'environments/prod.yaml',
        `version: 1\nbaseUrl: ${url}\nusername: ${user}\npasswordFrom: PROD_PASSWORD\npolicy: strict\n`,
      )
      desk.write(
        'strict/rules.yaml',
        rule(`
on: catalog
condition: environment != "prod"
message: not in \${environment}`),
      )
      const env = { ...rest, PROD_PASSWORD: password }
      const bound = await desk.run('validate --env prod', { env, asTyped: true })
      t.equal(bound.code, 1, bound.stderr)
      t.match(bound.stderr, 'POLICY_VIOLATED: not in prod')
      const otherwise = await desk.run('validate --env prod --policy policy', {
        env,
        asTyped: true,
      })
      t.match(otherwise.stderr, '--policy does not go with --env prod')
    },
  },
])
