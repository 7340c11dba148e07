import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { OUTCOMES, type Outcome } from '../../src/outcome.ts'
import { JSON_COMMANDS, JSON_FORMATS, type JsonCommand } from '../../src/render/formats.ts'
import { outputSchema } from '../../src/render/outputs.ts'
import { type Desk, openDesk, smallCatalog } from './desk.ts'
import { type Ended, runCli } from './run-cli.ts'

const validators = new Map(
  JSON_COMMANDS.map(command => {
    const ajv = new Ajv2020({ allErrors: false })
    const exact = ajv.compile(outputSchema(command, { exact: true }))
    return [command, { exact, published: ajv.compile(outputSchema(command)) }] as const
  }),
)
const seen = new Set<string>()

/** Holds what a run wrote to the schemas of its command, which may have no field that is not told. */
function check(t: Test, line: string, { code, stdout }: Ended): Readonly<Record<string, unknown>> {
  const said: Readonly<Record<string, unknown>> = JSON.parse(stdout)
  const [name] = line.split(' ')
  const command = JSON_COMMANDS.find(one => one === name)
  if (command === undefined) throw new Error(`${name} has no --json`)
  const { exact, published } = validators.get(command) ?? {}
  t.ok(exact?.(said), `${line}: ${JSON.stringify(exact?.errors?.slice(0, 4))}\n${stdout}`)
  t.ok(published?.(said), line)
  t.equal(said['format'], JSON_FORMATS[command], line)
  t.equal(said['command'], command, line)
  t.equal(said['exitCode'], code, line)
  seen.add(`${command} ${said['messages'] === undefined ? 'answers' : 'fails'}`)
  return said
}

const said = async (t: Test, desk: Desk, line: string, options = {}) =>
  check(t, line, await desk.run(`${line} --json`, options))

const BROKEN = { SFT_BASE_URL: 'http://127.0.0.1:9' }

t.test('every answer with --json is what the schema of its command says', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 8)))
  const run = (line: string) => said(t, desk, line)
  t.same((await run('validate'))['outcome'], 'ok')
  desk.write('p.csv', 'sku,destination,volume,days\nNEW,Alps,5 GB,30\nBAD,Atlantis,5 GB,30\n')
  t.match(await run('import p.csv --dry-run'), { outcome: 'blocked', exitCode: 5, written: false })
  await run('fmt --check')
  await run('fmt')
  t.match(await run('plan'), { outcome: 'changes', exitCode: 0, summary: { exitCode: 2 } })
  t.match(await run('plan --detailed-exitcode'), { outcome: 'changes', exitCode: 2 })
  t.match(await run('apply --auto-approve'), { outcome: 'ok', report: { counts: { failed: 0 } } })
  t.match(await run('graph'), { nodes: [{ address: 'rateZone/alps' }, {}, {}] })
  t.match(await run('history'), { applies: [{ id: 1, outcome: 'ok' }] })
  t.match(await run('status'), { apply: null, workers: null, orders: null })
  t.match(await run('plan'), { outcome: 'ok' })
  t.match(await run('drift --endpoints'), { outcome: 'ok', drift: false })
  t.match(await run('ci drift'), { outcome: 'ok', drift: { drift: false } })
  await run('coverage')
  await run('coverage --networks')
  await run('state list')
  t.match(await run('state show rateZone/alps'), { name: 'Alps' })
  await run('account show')
  await run('doctor')
  await run('adopt --dry-run')
  const sale = await run('provision --order A-1 --sku ALPS-1GB-7D')
  const endpoint = sale['endpointId']
  const again = await desk.run('order A-1 --qr - --json', { mayShowActivationCode: true })
  t.ok('activationCode' in check(t, 'order A-1', again))
  const top = await run(`topup --order A-2 --endpoint ${endpoint} --sku ALPS-1GB-7D`)
  const { uniqueId } = top['addon'] as { readonly uniqueId: string }
  await run('order A-2')
  await run('orders')
  await run('usage --order A-1')
  await run(`suspend --endpoint ${endpoint}`)
  await run(`reactivate --endpoint ${endpoint}`)
  await run(`remove-addon --endpoint ${endpoint} --instance ${uniqueId}`)
  await run('cancel A-1')
  await run('order A-1')
  t.match(await run('stock --below 100'), { outcome: 'changes', exitCode: 2 })
  await run('endpoints list')
  await run('endpoints report')
  t.match(await run('endpoints activate --batch first --limit 2 --auto-approve'), {
    outcome: 'blocked',
    report: { counts: { done: 2 } },
  })
  await run('endpoints suspend --status in-service --auto-approve')
  await run('endpoints reactivate --status in-service --auto-approve')
  t.match(await run('endpoints activate --status pre-active --auto-approve'), { outcome: 'ok' })
  await run('resume')
  await run(`esims release ${desk.iccids[3]}`)
  await run('ledger check')
  await run('reconcile --auto-approve')
  t.match(await run('store migrate --from state.json --to moved.json --auto-approve'), {
    moves: [{ part: 'state', step: 'begin', rows: { endpoint: 8 } }],
  })
})

t.test('what an account has changed, blocked or refused is as the schema says', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 4)))
  const run = (line: string) => said(t, desk, line)
  await run('apply --auto-approve')
  const { rateZones, addonPlans } = await desk.state()
  const edit = (from: string, to: string) =>
    desk.write('catalog/catalog.yaml', desk.read('catalog/catalog.yaml').replace(from, to))
  edit('"4.50"', '"5"')
  await run('plan')
  edit('[CH, AT]', '[CH]')
  t.match(await run('plan --detailed-exitcode'), { outcome: 'blocked', exitCode: 5 })
  await run('apply --auto-approve')
  await desk.control('portal', { plan: addonPlans['alps-1gb']?.planId, set: { planName: 'Other' } })
  await run('drift')
  await run('drift --accept addonPlan/alps-1gb')
  await desk.control('portal', { plan: addonPlans['alps-1gb']?.planId, delete: true })
  await run('drift')
  await run('plan')
  t.ok(rateZones['alps'])
  edit('name: Alps\n', 'nmae: Alps\n')
  t.match(await run('validate'), { outcome: 'failed', valid: false, exitCode: 1 })
})

t.test('a run that fails says so in the same envelope, whatever the command', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  for (const line of [
    'plan',
    'apply --auto-approve --init',
    'drift',
    'account show',
    'doctor',
    'state show rateZone/nothing',
    'provision --order A-1 --sku X',
    'order A-1',
    'remove-addon --endpoint 1 --instance 2',
    'cancel A-1',
  ]) {
    const ended = await said(t, desk, line, { env: BROKEN, asTyped: true })
    t.equal(ended['outcome'], 'failed', line)
    t.ok(Array.isArray(ended['messages']), line)
  }
})

t.test('every command with --json has a format, a schema and a row above', async t => {
  const help = await runCli(['--help'], { cwd: '.' })
  const commands = [...help.stdout.matchAll(/^ {2}([a-z-]+) +\S/gm)].map(([, name]) => name ?? '')
  const withJson: string[] = []
  for (const command of commands) {
    const { stdout } = await runCli([command, '--help'], { cwd: '.' })
    if (/^ {2}--json /m.test(stdout)) withJson.push(command)
  }
  t.same(withJson.sort(), [...JSON_COMMANDS].sort())
  for (const command of JSON_COMMANDS) t.ok(seen.has(`${command} answers`), command)
})

t.test('the schema of a command is printed, and allows what is added later', async t => {
  const schemaOf = async (name: string) => {
    const { code, stdout } = await runCli(['schema', '--output', name], { cwd: '.' })
    t.equal(code, 0, name)
    const schema: AnySchema = JSON.parse(stdout)
    return schema
  }
  for (const command of JSON_COMMANDS) t.same(await schemaOf(command), outputSchema(command))
  const isStock = new Ajv2020().compile(await schemaOf('stock' satisfies JsonCommand))
  const stock = {
    format: JSON_FORMATS.stock,
    command: 'stock',
    outcome: 'ok' satisfies Outcome,
    exitCode: OUTCOMES.ok.code,
    sellable: 1,
    reserved: 0,
    sold: 0,
    inService: 0,
    setAside: 0,
    batches: [],
    tags: [],
    soldPerDay: 0,
    setAsideEsims: [],
  }
  t.ok(isStock({ ...stock, onOrder: 5 }))
  t.notOk(isStock({ ...stock, sellable: 'many' }))
  t.notOk(isStock({ ...stock, format: JSON_FORMATS.stock + 1 }))
  const none = await runCli(['schema', '--output', 'demo'], { cwd: '.' })
  t.equal(none.code, 64)
  t.match(none.stderr, /--output is one of validate, fmt, import, plan, /)
})
