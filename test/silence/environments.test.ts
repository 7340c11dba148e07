import { join } from 'node:path'
import type { CatalogEnvironment } from '../../src/catalog/index.ts'
import { openProvisioner } from '../../src/provision/index.ts'
import { batch, type Desk } from '../cli/desk.ts'
import { CATALOG, json, rows } from './rows.ts'

/** Two environments of one catalog, on one account, each with a state of its own. */
function environments(desk: Desk): void {
  desk.write(
    CATALOG,
    desk
      .read(CATALOG)
      .replace('SP_1335', `\${serviceProfile}`)
      .replace('"4.50"', `"\${price}"`)
      .replace('name: Alps 1 GB 7 days', () => `name: Alps 1 GB 7 days \${suffix}, $\${kept}`),
  )
  for (const [name, price] of [
    ['test', '1.10'],
    ['prod', '4.50'],
  ] as const)
    desk.write(
      `environments/${name}.yaml`,
      `version: 1
baseUrl: ${desk.env['SFT_BASE_URL']}
username: seller
passwordFrom: PASSWORD_OF_${name.toUpperCase()}
state: ${name}.json
values:
  serviceProfile: SP_1335
  price: "${price}"
  suffix: (${name})
`,
    )
}

/** The desk's settings without those that an environment binds. */
const settings = ({ env }: Desk) => {
  const { SFT_BASE_URL: _url, SFT_USERNAME: _user, SFT_PASSWORD: password = '', ...rest } = env
  return { ...rest, PASSWORD_OF_TEST: password, PASSWORD_OF_PROD: password }
}

/** A desk always has an account: what an environment binds is the same, or is taken away. */
const at =
  (desk: Desk) =>
  (words: string, more: Readonly<Record<string, string>> = {}) =>
    desk.run(words, { env: { ...settings(desk), ...more }, asTyped: true })

rows('an environment binds account, state and values', [
  {
    name: 'and is named by plan, comment and report; each has its state',
    check: async (t, desk) => {
      environments(desk)
      const run = at(desk)
      const plan = await run('plan --env test --init')
      t.equal(plan.code, 0, plan.stderr)
      t.match(plan.stdout, /^Account: environment test: 127/)
      t.match(plan.stdout, /Alps 1 GB 7 days \(test\), \$\{kept\}/)
      t.equal((await run('ci apply --init', { SFT_ENV: 'test' })).code, 0)
      t.match(
        desk.read('sft-catalog-ci/comment.md'),
        /^<!-- sft-catalog apply test -->\n## sft-catalog apply \(test\): 2 done/,
      )
      t.match(json(desk.read('sft-catalog-ci/report.json')), {
        environment: 'test',
        account: { environment: 'test', state: 'test.json' },
      })
      t.match(json(desk.read('test.json'))['account'], { environment: 'test' })
      t.match((await run('plan --env=test')).stdout, 'Nothing to do')
      t.match((await run('validate --env prod')).stdout, 'is valid')
    },
  },
  {
    name: 'and the state of another one is refused',
    check: async (t, desk) => {
      environments(desk)
      const run = at(desk)
      t.equal((await run('apply --env test --init --auto-approve')).code, 0)
      desk.write('prod.json', desk.read('test.json'))
      const plan = await run('plan --env prod')
      t.equal(plan.code, 1)
      t.match(plan.stderr, 'it has environment test; this run has environment prod')
      t.equal((await run('apply --env prod --auto-approve')).code, 1)
    },
  },
  {
    name: 'and a value that it does not have is an error with its place, as without an environment',
    check: async (t, desk) => {
      environments(desk)
      const run = at(desk)
      const line =
        desk
          .read(CATALOG)
          .split('\n')
          .findIndex(text => text.includes('{price}')) + 1
      desk.write(
        'environments/test.yaml',
        desk.read('environments/test.yaml').replace('price', 'prize'),
      )
      const typo = await run('validate --env test')
      t.equal(typo.code, 1)
      t.match(
        typo.stderr,
        `${CATALOG}:${line}:13: error VALUE_UNKNOWN: \${price} has no value in the environment test`,
      )
      t.match(typo.stderr, 'did you mean prize?')
      const none = await run('validate')
      t.equal(none.code, 1)
      t.match(
        none.stderr,
        /VALUE_UNKNOWN: \$\{serviceProfile\} has no value: no environment was named/,
      )
    },
  },
  {
    name: 'and who says otherwise beside it is refused',
    check: async (t, desk) => {
      environments(desk)
      const run = at(desk)
      for (const [words, env, told] of [
        [
          'plan --env prod',
          { SFT_STATE: 'test.json' },
          'SFT_STATE is test.json, and environments/prod.yaml binds',
        ],
        ['plan --env prod --state test.json', {}, '--state does not go with --env prod'],
        [
          'plan --env prod',
          { PASSWORD_OF_PROD: '' },
          'takes passwordFrom from PASSWORD_OF_PROD, which is not set',
        ],
        ['plan --env ../prod', {}, 'give the name of a file in environments/'],
        ['plan --env', {}, 'give the name of a file'],
        ['plan', { SFT_ENV: 'prdo' }, 'environments/prdo.yaml does not exist'],
      ] as const) {
        const ended = await run(words, env)
        t.equal(ended.code, 1, words)
        t.match(ended.stderr, told, words)
      }
      const prod = 'environments/prod.yaml'
      desk.write(prod, desk.read(prod).replace('state: prod.json', 'stateFrom: STATE_OF_PROD'))
      const named = { STATE_OF_PROD: 'prod.json' }
      const flag = await run('plan --env prod --state test.json', named)
      t.match(flag, { code: 1, stderr: /--state does not go with --env prod/ })
      const setting = await run('plan --env prod', { ...named, SFT_STATE: 'test.json' })
      t.match(setting, {
        code: 1,
        stderr: /SFT_STATE is set, and .* takes stateFrom from STATE_OF/,
      })
      t.equal(desk.simulator.calls.length, 0)
      t.equal((await run('ci plan --env prdo')).code, 1)
      t.match(desk.read('sft-catalog-ci/comment.md'), /plan: failed, 1 error; [\s\S]*prdo.yaml/)
    },
  },
  {
    name: 'and its file is checked as a catalog is, and holds no secret',
    check: async (t, desk) => {
      environments(desk)
      const run = at(desk)
      const wrong = async (text: string, told: string | RegExp) => {
        desk.write('environments/bad.yaml', text)
        const ended = await run('plan --env bad')
        t.equal(ended.code, 1, text)
        t.match(ended.stderr, told)
        t.notMatch(ended.stderr, 'hush')
      }
      await wrong(
        'version: 1\nstaet: x\n',
        'environments/bad.yaml:2:1: error ENVIRONMENT_INVALID: there is no field staet',
      )
      await wrong('version: 1\npassword: hush\n', 'a secret does not stand in a file')
      await wrong('version: 1\nstate: postgres://a:hush@host/db\n', 'state holds a password')
      await wrong('version: 2\n', 'version: must be 1')
      await wrong('version: [\n', 'YAML_SYNTAX')
    },
  },
  {
    name: 'and drift --accept does not write over what stands for its values',
    check: async (t, desk) => {
      environments(desk)
      const run = at(desk)
      t.equal((await run('apply --env test --init --auto-approve')).code, 0)
      const { records } = json((await run('state list --env test --json')).stdout)
      const plan = (records as readonly { address: string; id: string }[]).find(({ address }) =>
        address.startsWith('addonPlan'),
      )
      await desk.control('portal', { plan: plan?.id, set: { planName: 'Other' } })
      const before = desk.read(CATALOG)
      const ended = await run('drift --env test --accept addonPlan/alps-1gb')
      t.equal(ended.code, 1)
      t.match(ended.stderr, 'change the value in the environment')
      t.equal(desk.read(CATALOG), before)
    },
  },
  {
    name: 'and fmt keeps what stands for a value, and changes nothing of what it wrote',
    check: async (t, desk) => {
      environments(desk)
      const run = at(desk)
      const formatted = await run('fmt')
      t.equal(formatted.code, 0, formatted.stderr)
      const text = desk.read(CATALOG)
      for (const place of [`\${serviceProfile}`, `charge: \${price}`, `\${suffix}, $\${kept}`])
        t.ok(text.includes(place), place)
      t.equal((await run('fmt --check --env test')).code, 0)
      t.equal(desk.read(CATALOG), text)
      t.equal((await run('validate --env test')).code, 0)
    },
  },
  {
    name: 'and simulate puts the SIMs of a catalog with values into stock',
    check: async (t, desk) => {
      environments(desk)
      desk.write(CATALOG, desk.read(CATALOG) + batch('first', desk.iccids.slice(0, 2)))
      const without = await desk.run('simulate --catalog catalog', { asTyped: true })
      t.equal(without.code, 64)
      const env = settings(desk)
      const running = desk.start('simulate --catalog catalog --env test', { env, asTyped: true })
      await running.until(/SFT simulator on \S+/)
      const [url = ''] = /http:\S+/.exec(running.stdout()) ?? []
      const world = await (await fetch(`${url}/_simulator/world`)).text()
      for (const iccid of desk.iccids.slice(0, 2)) t.match(world, iccid)
      running.kill('SIGTERM')
      await running.ended
    },
  },
  {
    name: 'and what is made on demand is of the catalog with its values, on the command line and in the library',
    check: async (t, desk) => {
      environments(desk)
      const [one = '', two = ''] = desk.iccids
      desk.write(
        CATALOG,
        desk.read(CATALOG) + batch('reserve', [one, two], '    create: on-demand\n'),
      )
      const run = at(desk)
      const applied = await run('apply --env test --init --auto-approve')
      t.equal(applied.code, 0, applied.stderr)
      const sale = 'provision --sku ALPS-1GB-7D --json --create-on-demand reserve'
      const sold = await run(`${sale} --order A-1 --env test`)
      t.equal(sold.code, 0, sold.stderr)
      t.match(json(sold.stdout), { iccid: one, creation: {} })

      const values = { serviceProfile: 'SP_1335', price: '1.10', suffix: '(test)' }
      const folder = (name: string) => join(desk.folder, name)
      const open = (environment?: CatalogEnvironment) =>
        openProvisioner({
          catalog: folder('catalog'),
          state: folder('test.json'),
          ledger: folder('orders.json'),
          env: desk.env,
          policies: { createOnDemand: 'reserve' },
          ...(environment && { environment }),
        })
      await t.rejects(open(), /has errors: \$\{serviceProfile\} has no value/)
      await using shop = await open({ name: 'test', values })
      t.equal((await shop.purchase({ orderId: 'A-2', sku: 'ALPS-1GB-7D' })).iccid, two)
    },
  },
])
