import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openDesk, smallCatalog } from './desk.ts'

t.test('fmt writes the one form once, and --check names the files that lack it', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  desk.write(
    'catalog/more.yaml',
    'rateZones: [{name: Benelux, key: benelux, countries: [BE, NL]}] # three\nversion: 1\n',
  )
  await desk.run('apply --auto-approve')
  const path = join(desk.folder, 'catalog/more.yaml')
  chmodSync(path, 0o640)
  const before = desk.read('catalog/more.yaml')
  const check = await desk.run('fmt --check')
  t.equal(check.code, 1)
  t.equal(check.stdout, 'catalog/catalog.yaml\ncatalog/more.yaml\n')
  t.equal(desk.read('catalog/more.yaml'), before, 'nothing was written')
  const plan = (await desk.run('plan --json')).stdout
  const done = await desk.run('fmt')
  t.equal(done.code, 0)
  t.equal(done.stdout, check.stdout)
  t.equal(
    desk.read('catalog/more.yaml'),
    'version: 1\n\nrateZones: [{ key: benelux, name: Benelux, countries: [BE, NL] }]  # three\n',
  )
  t.equal(statSync(path).mode & 0o777, 0o640)
  const again = await desk.run('fmt')
  t.same([again.code, again.stdout], [0, ''])
  t.equal((await desk.run('fmt --check')).code, 0)
  const { summary } = JSON.parse((await desk.run('plan --json')).stdout)
  t.same(summary, JSON.parse(plan).summary, 'it means what it meant')
})

t.test('a file with errors is named and left, the others are written', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  desk.write('catalog/broken.yaml', 'version: 1\nrateZones: [\n')
  const { code, stderr, stdout } = await desk.run('fmt')
  t.equal(code, 1)
  t.match(stderr, /broken\.yaml:.* error YAML_SYNTAX/)
  t.equal(stdout, 'catalog/catalog.yaml\n')
  t.equal(desk.read('catalog/broken.yaml'), 'version: 1\nrateZones: [\n')
})

t.test('what adopt writes is in the one form', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)))
  await desk.run('apply --auto-approve')
  await desk.run('adopt --catalog fresh --state fresh.json --endpoint-profiles')
  const { code, stdout } = await desk.run('fmt --check --catalog fresh')
  t.same([code, stdout], [0, ''])
})
