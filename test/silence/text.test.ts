/** Text that comes in and goes out: a row a case, through the real command line or library. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { type LoadedCatalog, loadCatalog } from '../../src/catalog/index.ts'
import { ACCOUNT, openDesk } from '../cli/desk.ts'

/** Loads a catalog of these files. */
async function load(t: Test, files: Readonly<Record<string, string>>): Promise<LoadedCatalog> {
  const folder = t.testdir({})
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const loaded = await loadCatalog(folder)
  return {
    ...loaded,
    issues: loaded.issues.map(issue => ({
      ...issue,
      ...(issue.position && {
        position: { ...issue.position, file: issue.position.file.slice(folder.length + 1) },
      }),
    })),
  }
}

/** A catalog of one zone and one plan, whose plan ends with a line of its own. */
const plan = (line: string, name = 'Benelux 1 GB') => `${ACCOUNT}
rateZones: [{ key: z, name: Benelux, countries: [BE] }]
addonPlans:
  - { key: p, name: ${name}, rateZone: z, data: 1 GB, validity: 1 day,
      ${line} }
`

t.test('a SKU is text', async t => {
  const rows: [line: string, said: RegExp][] = [
    ['portal: { sku: true }', /NOT_TEXT.*12:22.*true is a boolean/],
    ['portal: { sku: "" }', /SCHEMA.*12:22.*not empty/],
    ['portal: { sku: ~ }', /NOT_TEXT.*12:22.*there is none/],
    ['portal: { sku: }', /NOT_TEXT.*there is none/],
    ['portal: { sku: [A] }', /SCHEMA.*12:22.*not a list/],
    ['portal: { sku: { a: A } }', /SCHEMA.*12:22.*not a mapping/],
    ['portal: { sku: " A" }', /SCHEMA.*12:22.*without spaces at its ends/],
    ['portal: { sku: "A " }', /SCHEMA.*12:22.*without spaces at its ends/],
    ['portal: { sku: "A\\u00a0" }', /SCHEMA.*12:22/],
    ['portal: { sku: "A\\u200bB" }', /SCHEMA.*12:22.*visible characters/],
    ['portal: { sku: 1e3 }', /NOT_TEXT.*12:22/],
    ['portal: { SKU: A }', /UNKNOWN_KEY.*12:17.*"SKU"/],
    ['portal: { Sku: A }', /UNKNOWN_KEY.*12:17/],
    ['portal: { "sku ": A }', /UNKNOWN_KEY.*12:17/],
  ]
  for (const [line, said] of rows)
    await t.test(line, async t => {
      const { catalog, issues } = await load(t, { 'a.yaml': plan(line) })
      t.equal(catalog, undefined)
      t.match(
        issues.map(
          ({ code, position, message }) =>
            `${code} ${position?.line}:${position?.column} ${message}`,
        ),
        [said],
      )
    })
  await t.test('digits are taken as they are written', async t => {
    const { catalog } = await load(t, { 'a.yaml': plan('portal: { sku: 0044 }') })
    t.same(catalog?.addonPlans[0]?.portal, { sku: '0044' })
  })
})

t.test('names are compared in one form', async t => {
  const zones = (one: string, other: string) => `${ACCOUNT}
rateZones: [{ key: a, name: "${one}", countries: [BE] }, { key: b, name: "${other}", countries: [FR] }]
`
  const rows: [title: string, one: string, other: string][] = [
    ['composed and decomposed accents', 'Cura\\u00e7ao', 'Curac\\u0327ao'],
    ['a no-break space', 'North America', 'North\\u00a0America'],
    ['two spaces', 'North America', 'North  America'],
    ['a zero-width space', 'North America', 'North\\u200b America'],
  ]
  for (const [title, one, other] of rows)
    await t.test(title, async t => {
      const { issues } = await load(t, { 'a.yaml': zones(one, other) })
      t.match(
        issues.filter(issue => issue.severity === 'error'),
        [{ code: 'DUPLICATE_NAME', position: { line: 9 } }],
      )
    })
  await t.test('a zone that the account writes otherwise is adopted, not made again', async t => {
    const desk = await openDesk(t, () => ({
      'catalog/a.yaml': `${ACCOUNT}\nrateZones: [{ key: a, name: "North\\u00a0 America", countries: [US, CA] }]\n`,
    }))
    t.match(await desk.run('apply --auto-approve'), { code: 0 })
    for (const zone of desk.simulator.world.zones.values()) zone.name = 'North  America'
    t.match(await desk.run('plan --detailed-exitcode'), { code: 0, stdout: /Nothing to do/ })
    const second = await desk.run('plan --state other.json --detailed-exitcode')
    t.match(second.stdout, /1 to adopt/)
    t.notMatch(second.stdout, /to create/)
  })
  await t.test('a name leaves room for a revision', async t => {
    const named = (length: number) => load(t, { 'a.yaml': plan('priority: 1', 'x'.repeat(length)) })
    t.match((await named(251)).issues, [{ code: 'SCHEMA', message: /at most 250 characters/ }])
    t.match((await named(250)).issues, [])
  })
})

t.test('a network whose country is not certain is told, and joins no zone', async t => {
  const desk = await openDesk(t, () => ({
    'catalog/a.yaml': `${ACCOUNT}\nrateZones: [{ key: a, name: Congo, countries: [CD, CG] }]\n`,
  }))
  for (const [tadig, countryName] of [
    ['CODXX', 'Congo (DRC)'],
    ['SRBXX', 'Congo (DRC)'],
  ])
    await desk.control('networks/join', { tadig, countryName, operatorName: `Operator ${tadig}` })
  t.match(await desk.run('apply --auto-approve'), {
    code: 0,
    stderr: /COUNTRY_DISAGREES[^\n]*left out[^\n]*SRBXX/,
  })
  const tadigs = (await desk.state()).rateZones['a']?.networks.map(network => network.tadig)
  t.ok(tadigs?.includes('CODXX'), 'name and TADIG code agree')
  t.notOk(tadigs?.includes('SRBXX'))
})
