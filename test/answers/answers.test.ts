import t from 'tap'
import { breakingChanges, type Schema } from './breaking-changes.ts'
import { answersNow, recordedAnswers, surprises } from './recorded.ts'

t.test('an answer changes its form only with a grown format', async t => {
  const recorded = await recordedAnswers()
  t.same(surprises(recorded, answersNow()), [])
  t.same(recorded, answersNow(), 'run "npm run answers" and commit what it writes')
})

const answer = (
  properties: Record<string, Schema>,
  required = Object.keys(properties),
): Schema => ({
  type: 'object',
  properties,
  required,
})
const TEXT = { type: 'string' }
const before = answer({
  name: TEXT,
  state: { enum: ['ok', 'failed'] },
  rows: { type: 'array', items: answer({ id: TEXT }) },
})

const ROWS: readonly {
  readonly name: string
  readonly after: Schema
  readonly told: readonly string[]
}[] = [
  { name: 'the same', after: before, told: [] },
  { name: 'a further field', after: answer({ ...fieldsOf(before), more: TEXT }), told: [] },
  {
    name: 'a field that went',
    after: answer({
      state: { enum: ['ok', 'failed'] },
      rows: { type: 'array', items: answer({ id: TEXT }) },
    }),
    told: ['.name went'],
  },
  {
    name: 'another type',
    after: answer({ ...fieldsOf(before), name: { type: 'integer' } }),
    told: ['.name may be integer'],
  },
  {
    name: 'a field that may be missing',
    after: answer(fieldsOf(before), ['name', 'state']),
    told: ['.rows may be missing'],
  },
  {
    name: 'a further word of an enumeration',
    after: answer({ ...fieldsOf(before), state: { enum: ['ok', 'failed', 'late'] } }),
    told: ['.state may be "late"'],
  },
  {
    name: 'an enumeration that became text',
    after: answer({ ...fieldsOf(before), state: TEXT }),
    told: ['.state is no longer one of "ok", "failed"'],
  },
  {
    name: 'a change within a list',
    after: answer({ ...fieldsOf(before), rows: { type: 'array', items: answer({ key: TEXT }) } }),
    told: ['.rows[].id went'],
  },
]

function fieldsOf(schema: Schema): Record<string, Schema> {
  return { ...(schema['properties'] as Record<string, Schema>) }
}

t.test('what would surprise a program is found', async t => {
  for (const { name, after, told } of ROWS) t.same(breakingChanges(before, after), told, name)
  const one = answer({ kind: { const: 'a' }, name: TEXT })
  const two = answer({ kind: { const: 'b' }, id: TEXT })
  t.same(
    breakingChanges({ anyOf: [one, two] }, { anyOf: [two, one] }),
    [],
    'the order of forms is nothing',
  )
  t.same(
    breakingChanges({ anyOf: [one, two] }, { anyOf: [one, answer({ kind: { const: 'b' } })] }),
    ['.id went'],
    'a form that lost a field',
  )
})

t.test('a grown format may be anything, one that shrank or went is told', async t => {
  const of = (format: number, schema: Schema) => ({ plan: { format, schema } })
  t.same(surprises(of(1, before), of(2, TEXT)), [])
  t.same(surprises(of(2, before), of(1, before)), ['plan: format 2 became 1'])
  t.same(surprises(of(1, before), {}), ['plan no longer answers with --json'])
})
