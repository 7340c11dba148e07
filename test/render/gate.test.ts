import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { DriftReport } from '../../src/drift/drift-report.ts'
import type { Json } from '../../src/model.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { renderAdoption } from '../../src/render/adopt-text.ts'
import { coverageMarkdown, coverageToJson, renderCoverage } from '../../src/render/coverage.ts'
import { driftToJson } from '../../src/render/drift-json.ts'
import { renderDrift } from '../../src/render/drift-text.ts'
import {
  jsonText,
  manyLines,
  marked,
  oneLine,
  throughGate,
  withoutUrlSecrets,
} from '../../src/render/gate.ts'
import { renderIssue } from '../../src/render/issues.ts'
import {
  renderOrder,
  renderOrders,
  renderStock,
  renderUsage,
} from '../../src/render/ledger-text.ts'
import { markdownText } from '../../src/render/markdown.ts'
import type { Paint } from '../../src/render/paint.ts'
import { planToJson } from '../../src/render/plan-json.ts'
import { planMarkdown } from '../../src/render/plan-markdown.ts'
import { renderPlan } from '../../src/render/plan-text.ts'
import { renderReport, reportToJson } from '../../src/render/report-text.ts'
import { emptyState } from '../../src/state/apply-entry.ts'
import { mappingCsv } from '../../src/state/mapping.ts'
import { DRAFT, PLAN, planOf, REPORTED_PLAN, REPORTED_ZONE } from '../plan/support.ts'

const BAD = /[^\P{Cc}\t\n\r]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** A line that only the hostile text can have begun. */
const LINE = 'Nothing to do: 0 unchanged, all is well'

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        `\n${LINE}`,
        `\r\n${LINE}`,
        `\u2028${LINE}`,
        '\u001b[2J',
        '\u001b]0;title\u0007',
        '\u009b2J',
        '\u202eevil',
        '\u2066x\u2069',
        '\n```\n# heading',
        '</details><script>alert(1)</script>',
        '[x](http://evil.example)',
        '| cell |',
        '@everyone',
        '=cmd()',
        '\uD800',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map(parts => `x${parts.join('')}`)

/** Words that the product itself chooses. */
const OWN = new Set(
  (
    'action kind status code severity mutability origin direction field address section step ' +
    'outcome type operation format file createdAt at'
  ).split(' '),
)

/** Every text of a value with the hostile one in it, but for those that the product chooses. */
function poison<Value>(value: Value, text: string, key = ''): Value {
  if (typeof value === 'string') return (OWN.has(key) ? value : `${value}${text}`) as Value
  if (Array.isArray(value)) return value.map(item => poison(item, text, key)) as Value
  if (typeof value !== 'object' || value === null || value instanceof Map) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, poison(item, text, name)]),
  ) as Value
}

const plans: readonly Plan[] = [
  await planOf({ state: emptyState('test'), zones: [], plans: [], draft: DRAFT }),
  await planOf({
    zones: [{ ...REPORTED_ZONE, name: 'Other' }],
    plans: [
      {
        ...REPORTED_PLAN,
        description: 'A text that is longer than forty characters, so it goes word by word',
      },
    ],
    draft: {
      ...DRAFT,
      addonPlans: [
        {
          ...PLAN,
          validity: '9 days',
          description: 'Another text that is longer than forty characters',
        },
      ],
    },
  }),
  await planOf({
    zones: [REPORTED_ZONE, { ...REPORTED_ZONE, id: '99' }],
    state: emptyState('test'),
  }),
].map(
  (plan): Plan => ({
    ...plan,
    issues: [{ code: 'ZONE_EMPTY', severity: 'warning', message: 'm', hint: 'h' }],
  }),
)

const drift: DriftReport = {
  entries: [
    {
      address: 'rateZone/z',
      kind: 'rateZone',
      name: 'Zone',
      id: '1',
      status: 'changed',
      notes: ['n'],
      fields: [
        { field: 'name', direction: 'both', applied: 'a', account: 'b', wanted: 'c', notes: ['n'] },
        { field: 'networks', direction: 'there', applied: ['1/1'], account: ['2/1'], notes: [] },
      ],
    },
  ],
  unresolved: [],
  labels: {},
  compared: { rateZone: 1, addonPlan: 0, endpoint: 0 },
  notReported: [],
  statuses: { Active: 1 },
  unmanaged: { rateZone: 1, addonPlan: 0, endpoint: 0 },
} as unknown as DriftReport

const coverage = {
  zones: [
    {
      address: 'rateZone/z' as const,
      name: 'Zone',
      networks: 1,
      lost: ['a'],
      available: ['b'],
      nearEmpty: true,
      countries: [],
      lostCountries: [],
      gainedCountries: [],
    },
  ],
  unsold: [{ country: 'BE', name: 'Belgium', networks: 2 }],
  whole: true,
  homeless: ['c'],
}

const report = {
  counts: { done: 0, failed: 1, skipped: 1, deferred: 0 },
  calls: 1,
  seconds: 1,
  stopped: false,
  blocked: [],
  results: [
    {
      status: 'failed',
      kind: 'rateZone',
      address: 'rateZone/z',
      operation: 'CreateRateZone',
      message: 'm',
    },
  ],
} as unknown as Parameters<typeof renderReport>[0]

const order = {
  orderId: 'A',
  kind: 'purchase',
  sku: 'S',
  planId: '1',
  status: 'failed',
  endpointId: 'e',
  tried: 0,
  owner: 'host',
  steps: [{ at: 't', step: 'activate', outcome: 'failed', detail: 'd', endpointId: 'e' }],
  failure: { message: 'm' },
  createdAt: 't',
  updatedAt: 't',
} as unknown as Parameters<typeof renderOrder>[0]

const usage = {
  endpointId: 'e',
  refreshedAt: 'now',
  instances: [
    {
      uniqueId: 'u',
      planName: 'p',
      origin: 'order',
      orderId: 'o',
      status: 'active',
      expiresAt: 'x',
    },
  ],
} as unknown as Parameters<typeof renderUsage>[0]

const stock = {
  sellable: 1,
  reserved: 0,
  sold: 0,
  setAside: 1,
  soldPerDay: 0,
  batches: [{ batch: 'b', sellable: 1, reserved: 0, sold: 0, setAside: 0 }],
  tags: [{ tag: 't', sellable: 1, reserved: 0, sold: 0, setAside: 0 }],
  setAsideEsims: [{ iccid: 'i', endpointId: 'e', reason: 'r' }],
} as unknown as Parameters<typeof renderStock>[0]

const issue = {
  code: 'SCHEMA',
  severity: 'error',
  message: 'm',
  hint: 'h',
  position: { file: 'f', line: 1, column: 1 },
  source: { text: 's', length: 1 },
} as unknown as Parameters<typeof renderIssue>[0]

const adoption = {
  files: [{ path: 'p', text: 't' }],
  entries: [],
  rejoined: ['r'],
  left: [{ kind: 'rateZone', what: 'w', why: 'y' }],
  notes: ['n'],
  remaining: ['m'],
} as unknown as Parameters<typeof renderAdoption>[0]

/** Every renderer of lines, with what it is given. */
const LINES: Readonly<Record<string, (text: string) => readonly string[]>> = {
  plans: text => plans.flatMap(plan => renderPlan(poison(plan, text))),
  drift: text => renderDrift(poison(drift, text)),
  coverage: text => renderCoverage(poison(coverage, text)),
  report: text => renderReport(poison(report, text)),
  order: text => renderOrder(poison(order, text)),
  orders: text => renderOrders([poison(order, text)]),
  usage: text => renderUsage(poison(usage, text)),
  stock: text => renderStock(poison(stock, text)),
  issue: text => renderIssue(poison(issue, text)),
  adoption: text => renderAdoption(poison(adoption, text), true),
  'a line of a command': text => [
    throughGate(`a ${marked('error', text)} b`, (_tone, inner) => inner),
  ],
}

const DATA: Readonly<Record<string, (text: string) => Json>> = {
  plan: text => plans.map(plan => planToJson(poison(plan, text))),
  drift: text => driftToJson(poison(drift, text)),
  coverage: text => coverageToJson(poison(coverage, text)),
  report: text => reportToJson(poison(report, text)),
}

t.test('no renderer lets a text begin a line or hold a control character', async t => {
  for (const [name, render] of Object.entries(LINES))
    await t.test(name, async () => {
      fc.assert(
        fc.property(hostile, text =>
          render(text).every(
            line => !BAD.test(line) && !/[\r\n]/.test(line) && !line.startsWith(LINE),
          ),
        ),
      )
    })
})

t.test('what is outside comes out as data, and unharmed', async t => {
  for (const [name, render] of Object.entries(DATA))
    await t.test(name, async () => {
      fc.assert(
        fc.property(hostile, text => {
          const shown = jsonText(render(text))
          // Half a character cannot be written in UTF-8 anyway.
          const same = JSON.stringify(JSON.parse(shown)) === JSON.stringify(render(text))
          return same && !BAD.test(shown) && !shown.split('\n').some(line => line.startsWith(LINE))
        }),
      )
    })
})

t.test('Markdown shows what is outside as text', async t => {
  fc.assert(
    fc.property(hostile, text => {
      for (const document of [
        ...plans.map(plan => planMarkdown(poison(plan, text))),
        coverageMarkdown(poison(coverage, text)),
      ]) {
        assert.equal(document, manyLines(document))
        assert.doesNotMatch(document, BAD)
        const lines = document.split('\n')
        assert.ok(!lines.some(line => line.startsWith(LINE) || line.startsWith('# heading')))
        assert.equal(lines.filter(line => line.startsWith('```')).length % 2, 0)
        // Outside of fences nothing of HTML is left but ours.
        const prose = document.replace(/^```diff\n[\s\S]*?\n```$/gm, '')
        assert.doesNotMatch(prose, /(?<!\\)<(?!\/?(details|summary)>|!-- (-->|sft-catalog))/)
      }
    }),
  )
  t.equal(
    markdownText('[a](http://b) <b> @all | `c`\n# d'),
    '\\[a\\](http:\\/\\/b) \\<b\\> @<!-- -->all \\| \\`c\\` \\# d',
  )
})

t.test('a CSV cell is no formula and no line', async t => {
  fc.assert(
    fc.property(hostile, text => {
      const csv = mappingCsv([{ id: '1', name: text, portal: { sku: text.slice(1) } }])
      return csv.split('\r\n').length === 3 && !BAD.test(csv) && !/(^|,)"?[=@+]/.test(csv)
    }),
  )
  t.equal(mappingCsv([{ name: '=1+1' }]), "name\r\n'=1+1\r\n")
})

t.test('tones are looks of ours only', async t => {
  const paint: Paint = (tone, text) => `<${tone}>${text}</${tone}>`
  t.equal(
    throughGate(`a ${marked('error', `b ${marked('dim', 'c')}`)} d`, paint),
    'a <error>b </error><error><dim>c</dim></error> d',
  )
  t.equal(throughGate('\u0001error\u0002x', paint), '\uFFFDerror\uFFFDx')
  t.equal(oneLine('a\r\n\nb\tc'), 'a b\tc')
})

t.test('a URL is shown without what logs in', async t => {
  const table: [string, string][] = [
    ['https://user:secret@host/x', 'https://[hidden]@host/x'],
    ['http://user:se/cr#et@host', 'http://[hidden]@host'],
    ['at "https://u:p@h" and https://h/y', 'at "https://[hidden]@h" and https://h/y'],
    ['mail a@b.c', 'mail a@b.c'],
  ]
  for (const [text, shown] of table) t.equal(withoutUrlSecrets(text), shown)
})
