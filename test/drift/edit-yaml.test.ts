import t from 'tap'
import { editEntry, writtenField, YamlEditError } from '../../src/catalog/edit-yaml.ts'
import type { EntryEdit } from '../../src/catalog/entry-edit.ts'
import { addonPlanPart } from '../../src/resources/addon-plan-entry.ts'

const rateZones = {
  section: 'rateZones',
  fieldOrder: ['key', 'name', 'description', 'countries', 'networks', 'exclude'],
}

const edit = (text: string, ...edits: readonly EntryEdit[]) =>
  editEntry(text, rateZones, 'a', edits)

t.test('a value is replaced in its own quotes, with everything around it as it was', async t => {
  const text = `version: 1
rateZones:
- key: b
  name: Other
- key: a
  name:   'Old one'    # why
  countries:
    # first
    - BE   # one
    - NL


addonPlans: []
`
  t.equal(
    edit(text, { edit: 'set', field: 'name', value: "L'Europe" }),
    text.replace("'Old one'", "'L''Europe'"),
  )
  t.equal(
    edit(text, { edit: 'set', field: 'description', value: 'a: b # c' }),
    text.replace('# why\n', '# why\n  description: "a: b # c"\n'),
  )
  t.equal(
    edit(text, { edit: 'add', field: 'countries', items: ['NO', '1E5'] }),
    text.replace('- NL\n', '- NL\n    - NO\n    - "1E5"\n'),
  )
  t.equal(
    edit(text, { edit: 'drop', field: 'countries', index: 0 }),
    text.replace('    - BE   # one\n', ''),
  )
  t.equal(
    edit(text, {
      edit: 'add',
      field: 'exclude',
      items: ['BELPR', { operatorId: '1', sponsorId: '2' }],
    }),
    text.replace('- NL\n', '- NL\n  exclude: [BELPR, { operatorId: "1", sponsorId: "2" }]\n'),
  )
  t.equal(
    edit(
      text,
      { edit: 'drop', field: 'countries', index: 1 },
      { edit: 'drop', field: 'countries', index: 0 },
    ),
    text.replace('  countries:\n    # first\n    - BE   # one\n    - NL\n', ''),
  )
})

t.test('flow style, CRLF and a file without a last line end stay so', async t => {
  const text =
    'version: 1\r\nrateZones:\r\n  - { key: a, name: Old, networks: [ BELPR, FRAF1,\r\n      DEUD1 ] } # end'
  t.equal(edit(text, { edit: 'drop', field: 'networks', index: 0 }), text.replace('BELPR, ', ''))
  t.equal(
    edit(text, { edit: 'drop', field: 'networks', index: 2 }),
    text.replace(',\r\n      DEUD1', ''),
  )
  t.equal(
    edit(text, { edit: 'add', field: 'networks', items: ['NLDPT'] }),
    text.replace('DEUD1', 'DEUD1, NLDPT'),
  )
  t.equal(
    edit(text, { edit: 'remove', field: 'networks' }),
    text.replace(/, networks: \[[^\]]*\]/, ''),
  )
  t.equal(edit(text, { edit: 'set', field: 'name', value: 'A, B' }), text.replace('Old', '"A, B"'))
  const block = 'rateZones:\r\n  - key: a\r\n    name: X'
  t.equal(
    edit(block, { edit: 'set', field: 'description', value: 'Y' }),
    `${block}\r\n    description: Y\r\n`,
  )
})

t.test('mappings change in place or are put in the place of something else', async t => {
  const text = `addonPlans:
  - key: a
    description: >
      folded
      text
    rateZone: { id: "1201" }   # kept elsewhere
    renewal:
      on: expiry   # when it ends
      times: 3
    charge: 4.50
`
  const plan = (...edits: readonly EntryEdit[]) => editEntry(text, addonPlanPart, 'a', edits)
  t.equal(
    plan({ edit: 'set', field: 'renewal', value: { on: 'exhaustion', times: 12 } }),
    text.replace('expiry ', 'exhaustion ').replace('times: 3', 'times: 12'),
  )
  t.match(
    plan({ edit: 'set', field: 'name', value: `Deal \${x}` }),
    `Deal $\${x}`,
    'what the account says is no name of a value',
  )
  t.equal(plan({ edit: 'remove', field: 'renewal' }), text.replace(/ {4}renewal:\n.*\n.*\n/, ''))
  t.equal(
    plan({ edit: 'set', field: 'rateZone', value: 'europe' }),
    text.replace('{ id: "1201" }', 'europe'),
  )
  t.equal(plan({ edit: 'set', field: 'charge', value: '9.90' }), text.replace('4.50', '9.90'))
  t.equal(
    plan({ edit: 'set', field: 'description', value: 'short' }),
    text.replace('>\n      folded\n      text', 'short'),
  )
  t.equal(writtenField(text, addonPlanPart, 'a', 'charge'), '4.50')
})

t.test('what is shared by an anchor, or is not written out, is refused', async t => {
  const text = `rateZones:
  - key: b
    name: B
    networks: &nets [BELPR]
  - key: a
    name: A
    networks: *nets
`
  t.throws(() => edit(text, { edit: 'add', field: 'networks', items: ['NLDPT'] }), YamlEditError)
  t.throws(
    () => editEntry(text, rateZones, 'b', [{ edit: 'set', field: 'networks', value: ['X'] }]),
    /anchored as &nets and used elsewhere/,
  )
  t.throws(
    () => editEntry(text, rateZones, 'b', [{ edit: 'add', field: 'networks', items: ['X'] }]),
    /anchored as &nets and used elsewhere/,
  )
  const rename: EntryEdit = { edit: 'set', field: 'name', value: 'X' }
  t.throws(() => editEntry(text, rateZones, 'c', [rename]), /no entry c/)
  t.throws(() => editEntry('a: [', rateZones, 'c', [rename]), /cannot be changed/)
})
