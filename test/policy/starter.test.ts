import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { loadCatalog } from '../../src/catalog/index.ts'
import {
  ACTIONS,
  type Action,
  type Change,
  type Plan,
  type UpdateChange,
} from '../../src/plan/plan.ts'
import { loadPolicy } from '../../src/policy/load-policy.ts'
import { policyJsonSchema } from '../../src/policy/policy-schema.ts'
import { scopes, types } from '../../src/policy/words.ts'
import type { AnyRecord } from '../../src/state/state.ts'
import { type Desk, openDesk } from '../cli/desk.ts'
import { REPOSITORY } from '../program.ts'

const STARTER = await readFile(new URL('examples/policy/starter.yaml', REPOSITORY), 'utf8')
const CATALOG = 'catalog/catalog.yaml'

/** A catalog that `init` began, with prices, and the starter rules. */
async function begun(t: Test): Promise<Desk> {
  const desk = await openDesk(t, () => ({}))
  const written = await desk.run('init --simulator --policy', { asTyped: true })
  t.equal(written.code, 0, written.stderr)
  t.equal(desk.read('policy/starter.yaml'), STARTER)
  return desk
}

const edit = (desk: Desk, ...edits: readonly (readonly [string | RegExp, string])[]): void =>
  desk.write(
    CATALOG,
    edits.reduce((text, [from, to]) => text.replace(from, () => to), desk.read(CATALOG)),
  )

/** Of each rule an edit that breaks it; the catalog before it does not. */
const OF_CATALOG: readonly {
  readonly rule: string
  readonly edit: readonly [string | RegExp, string]
  readonly told: string
  readonly severity?: 'warning'
}[] = [
  {
    rule: 'sku-form',
    edit: ['BNL-1GB-7D', 'bnl 1gb'],
    told: 'benelux-1gb-7d has the SKU "bnl 1gb"',
  },
  {
    rule: 'name-begins-with-zone',
    edit: ['name: Benelux 1 GB', 'name: Low Countries 1 GB'],
    told: 'the name "Low Countries 1 GB 7 days" does not begin with that of its zone',
    severity: 'warning',
  },
  {
    rule: 'longest-validity',
    edit: ['validity: 30 days', 'validity: 400 days'],
    told: 'benelux-5gb-30d lasts longer than 366 days',
  },
  {
    rule: 'price-floor',
    edit: ['sku: BNL-5GB-30D }', 'sku: BNL-5GB-30D, prices: { EUR: "2.00" } }'],
    told: 'a GB of benelux-5gb-30d costs EUR 0.4, less than 0.50',
  },
  {
    rule: 'required-skus',
    edit: ['BNL-5GB-30D', 'BNL-5GB-1M'],
    told: 'no plan has the SKU BNL-5GB-30D',
  },
]

t.test('every starter rule about the catalog can pass and fail', async t => {
  const desk = await begun(t)
  const before = desk.read(CATALOG)
  t.match(await desk.run('validate'), { code: 0, stderr: '' })
  for (const { rule, edit: change, told, severity = 'error' } of OF_CATALOG) {
    desk.write(CATALOG, before)
    edit(desk, change)
    const ended = await desk.run('validate')
    t.equal(ended.code, severity === 'error' ? 1 : 0, rule)
    t.match(ended.stderr, `${severity} POLICY_VIOLATED: ${told}`)
    t.match(ended.stderr, `rule: ${rule}, policy/starter.yaml`)
    t.match(ended.stderr, severity === 'error' ? '1 error, 0 warnings' : '0 errors, 1 warning')
  }
})

/** A change of a plan of that many, as far as rules look at it. */
const change = (index: number, more: Partial<UpdateChange> = {}): UpdateChange => {
  const spec = { name: `Benelux ${index}` }
  const address = `addonPlan/more-${index}` as const
  return {
    action: 'update',
    address,
    kind: 'addonPlan',
    key: `more-${index}`,
    name: spec.name,
    notes: [],
    id: `id-${index}`,
    fields: [{ field: 'charge', mutability: 'in-place', origin: 'ours' }],
    blocked: [],
    current: spec,
    spec,
    record: { name: spec.name, spec },
    resource: {
      kind: 'addonPlan',
      address,
      key: `more-${index}`,
      naturalKey: spec.name,
      spec,
      local: {},
      needs: [],
    },
    ...more,
  }
}

const sold = (index: number, soldEndpoints?: number): Change => ({
  ...change(index, { impact: { skus: [], ...(soldEndpoints !== undefined && { soldEndpoints }) } }),
  action: 'replace',
  revision: 2,
})

const priced = (before: string, after: string): Change => {
  const one = change(0, { record: recordWith(before) })
  return { ...one, resource: { ...one.resource, local: { portal: { prices: { EUR: after } } } } }
}

const recordWith = (price: string): AnyRecord =>
  Object.assign({ name: 'Benelux 0', spec: {} }, { portal: { prices: { EUR: price } } })

const planOf = (changes: readonly Change[], counts: Partial<Plan['summary']> = {}): Plan => ({
  changes,
  operations: [],
  summary: {
    ...(Object.fromEntries(ACTIONS.map(action => [action, 0])) as Record<Action, number>),
    ...counts,
  },
  cost: { calls: 0, seconds: 0, callsPerSecond: 2 },
  issues: [],
  labels: {},
})

t.test('every starter rule about a plan can pass and fail', async t => {
  const desk = await begun(t)
  const { catalog } = await loadCatalog(join(desk.folder, 'catalog'))
  const { policy, issues } = await loadPolicy(join(desk.folder, 'policy'))
  t.strictSame(issues, [])
  if (catalog === undefined || policy === undefined) throw new Error('neither can be wrong')
  const seen = new Set(OF_CATALOG.map(({ rule }) => rule))
  for (const [rule, passes, fails, told] of [
    [
      'few-retirements',
      planOf([], { retire: 5 }),
      planOf([], { retire: 6 }),
      '6 objects would be retired, more than 5',
    ],
    [
      'few-replacements',
      planOf([], { replace: 10 }),
      planOf([], { replace: 11 }),
      '11 objects would be replaced, more than 10',
    ],
    [
      'sold-instances-left-alone',
      planOf([sold(0, 60), sold(1, 40)], { replace: 2 }),
      planOf([sold(0, 60), sold(1, 41)], { replace: 2 }),
      'it is about 101 endpoints with something sold, more than 100',
    ],
    [
      'sold-instances-left-alone',
      planOf([change(0)], { update: 1 }),
      planOf([sold(0, 60), sold(1)], { replace: 2 }),
      'whether rule sold-instances-left-alone holds is not known: there is no soldEndpoints',
    ],
    [
      'price-rise',
      planOf([priced('4', '4.8'), change(1)]),
      planOf([priced('4', '4.81')]),
      'a price of addonPlan/more-0 rises by 20.25 %',
    ],
  ] as const) {
    seen.add(rule)
    t.strictSame(await policy.checkPlan(passes, catalog), [], `${rule} holds`)
    const broken = (await policy.checkPlan(fails, catalog)).filter(
      issue => issue.rule?.key === rule,
    )
    t.strictSame(
      broken.map(({ message }) => message),
      [told],
    )
  }
  t.strictSame([...seen].sort(), policy.rules.map(({ key }) => key).sort(), 'no rule was left out')
})

t.test(
  'the shipped catalog keeps the starter rules, but for the SKUs that it need not have',
  async t => {
    const { catalog } = await loadCatalog(fileURLToPath(new URL('catalog', REPOSITORY)))
    const { policy } = await loadPolicy(fileURLToPath(new URL('examples/policy', REPOSITORY)))
    if (catalog === undefined || policy === undefined) throw new Error('neither can be wrong')
    const broken = await policy.checkCatalog(catalog)
    t.strictSame(
      broken.filter(({ severity }) => severity === 'error').map(({ rule }) => rule?.key),
      ['required-skus'],
    )
  },
)

t.test('the schema that editors complete rules by is one', async t => {
  const desk = await openDesk(t, () => ({}))
  const schema = JSON.parse((await desk.run('schema --policy')).stdout)
  t.strictSame(schema, JSON.parse(JSON.stringify(policyJsonSchema())))
  const ajv = new Ajv2020({ strict: true }).addVocabulary(['x-code', 'patternErrorMessage'])
  t.equal(ajv.validateSchema(schema), true)
})

t.test('docs/policy.md has every scope and field that a rule can name', async t => {
  const page = await readFile(new URL('docs/policy.md', REPOSITORY), 'utf8')
  const rows = page
    .slice(page.indexOf('## What a rule can name'))
    .split('\n')
    .filter(line => line.startsWith('| `'))
  const told = [
    ...scopes().map(({ name, meaning, variables }) => {
      const names = Object.keys(variables).map(variable => `\`${variable}\``)
      return `| \`${name}\` | ${meaning} | ${names.join(', ')} |`
    }),
    ...Object.values(types()).flatMap(fields =>
      Object.entries(fields).map(
        ([field, { type, meaning }]) =>
          `| \`${field}\` | ${type.replaceAll('<', '\\<')} | ${meaning} |`,
      ),
    ),
  ]
  t.strictSame(
    rows.filter(row => !row.startsWith('| `on`')),
    told,
  )
})
