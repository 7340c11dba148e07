/** The files of examples/, held against the program that they start. */
import { execFile, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { KNOWN_SETTINGS } from '../../src/known-settings.ts'
import { runCli } from '../cli/run-cli.ts'

const UNIT = 'examples/systemd/sft-catalog-worker.service'
const COMPOSE = 'examples/compose/compose.yaml'
const KUBERNETES = 'examples/kubernetes/worker.yaml'

const { stdout: help } = await runCli(['worker', '--help'], { cwd: '.' })

/** What a worker stops for at most after its drain: to find a safe place. */
const SAFE_PLACE_SECONDS = 5

/** The words of a command from `worker` on. */
const flagsOf = (words: readonly string[]): ReadonlyMap<string, string> => {
  const own = words.slice(words.indexOf('worker') + 1)
  return new Map(
    own.flatMap((word, index): [string, string][] =>
      word.startsWith('--') ? [[word, own[index + 1] ?? '']] : [],
    ),
  )
}

function mustKnow(flags: ReadonlyMap<string, string>, where: string): void {
  t.ok(flags.size > 0, where)
  for (const flag of flags.keys())
    t.match(help, new RegExp(`^ +${flag} `, 'm'), `${where}: ${flag}`)
}

/** Documents of a file; their shape is what the tests look at. */
async function documentsIn<Documents extends readonly unknown[]>(path: string): Promise<Documents> {
  const documents = parseAllDocuments(await readFile(path, 'utf8'), { merge: true })
  if (!Array.isArray(documents)) throw new Error(`${path} is empty`)
  for (const document of documents) t.same(document.errors, [], path)
  return documents.map(document => document.toJS()) as unknown as Documents
}

interface Service {
  readonly command: readonly string[]
  readonly stop_grace_period: string
  readonly healthcheck: { readonly test: readonly string[] }
  readonly secrets: readonly string[]
  readonly deploy: { readonly replicas: number }
  readonly environment: Readonly<Record<string, string>>
  readonly depends_on: { readonly database: { readonly condition: string } }
}

interface ComposeFile {
  readonly services: Readonly<Record<'worker' | 'portal' | 'database', Service>>
  readonly secrets: Readonly<Record<string, unknown>>
}

type Labels = Readonly<Record<string, string>>

interface Container {
  readonly args: readonly string[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly livenessProbe: object & { readonly httpGet: object }
  readonly readinessProbe: object & { readonly httpGet: object }
  readonly volumeMounts: readonly { readonly name: string }[]
}

interface Deployment {
  readonly spec: {
    readonly replicas: number
    readonly selector: { readonly matchLabels: Labels }
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly containers: readonly [Container]
        readonly volumes: readonly { readonly name: string }[]
      }
    }
  }
}

interface Budget {
  readonly spec: {
    readonly minAvailable: number
    readonly selector: { readonly matchLabels: Labels }
  }
}

for (const path of [UNIT, COMPOSE, KUBERNETES])
  t.test(`${path} names settings that exist, and no secret`, async t => {
    const text = await readFile(path, 'utf8')
    const named = new Set(text.match(/\bSFT_[A-Z_]+/g))
    t.ok(named.size >= 2)
    for (const name of named) t.ok((KNOWN_SETTINGS as readonly string[]).includes(name), name)
    t.notMatch(text, /:\/\/[^\s/@]*:[^\s/@]+@/, 'no address has a password')
    t.notMatch(
      text,
      /^\s*-?\s*(name: )?"?(SFT_PASSWORD|PGPASSWORD|POSTGRES_PASSWORD)"?[:=][^\n]*\w/m,
    )
  })

t.test('the unit of systemd starts a worker that stops in its time', async t => {
  const unit = await readFile(UNIT, 'utf8')
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? ''
  const flags = flagsOf(value('ExecStart').split(' '))
  mustKnow(flags, UNIT)
  t.ok(Number(value('TimeoutStopSec')) > Number(flags.get('--drain-seconds')) + SAFE_PLACE_SECONDS)
  t.equal(value('SuccessExitStatus'), '4', 'the exit code of work that is left to others')
  const has = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0
  if (!has) return void t.comment('there is no systemd-analyze here')
  const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', UNIT]).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  const about = `${stdout}${stderr}`.split('\n').filter(line => line.includes('sft-catalog-worker'))
  // Where Node stands is the machine's own.
  t.same(
    about.filter(line => !/is not executable/.test(line)),
    [],
  )
})

t.test('the compose file starts workers that stop in their time and are watched', async t => {
  const [{ services, secrets }] = await documentsIn<[ComposeFile]>(COMPOSE)
  const { worker, portal, database } = services
  const flags = flagsOf(worker.command)
  mustKnow(flags, COMPOSE)
  const drain = Number(flags.get('--drain-seconds'))
  t.ok(Number.parseInt(worker.stop_grace_period, 10) > drain + SAFE_PLACE_SECONDS)
  t.match(worker.healthcheck.test.join(' '), `127.0.0.1:${flags.get('--health-port')}/readyz`)
  for (const service of [worker, portal, database])
    for (const name of service.secrets) t.ok(name in secrets, name)
  for (const service of [worker, portal]) {
    t.equal(service.deploy.replicas, 2)
    t.equal(service.environment['SFT_STATE'], service.environment['SFT_LEDGER'])
    t.equal(service.depends_on.database.condition, 'service_healthy')
  }
})

t.test('the manifest for Kubernetes has probes that fit, and time to drain', async t => {
  const [deployment, budget] = await documentsIn<[Deployment, Budget]>(KUBERNETES)
  const { template, replicas, selector } = deployment.spec
  const [container] = template.spec.containers
  const flags = flagsOf(container.args)
  mustKnow(flags, KUBERNETES)
  const portOf = (name: string) =>
    String(container.ports.find(port => port.name === name)?.containerPort)
  t.equal(flags.get('--health-port'), portOf('health'))
  t.equal(flags.get('--health-host'), '0.0.0.0', 'the kubelet asks from outside the pod')
  t.match(container.livenessProbe.httpGet, { path: '/healthz', port: 'health' })
  t.match(container.readinessProbe.httpGet, { path: '/readyz', port: 'health' })
  const grace = template.spec.terminationGracePeriodSeconds
  t.ok(grace > Number(flags.get('--drain-seconds')) + SAFE_PLACE_SECONDS)
  const otel = await readFile('examples/observability/otel.mjs', 'utf8')
  t.match(otel, portOf('metrics'))
  t.match(template.metadata.annotations, { 'prometheus.io/port': portOf('metrics') })
  const volumes = template.spec.volumes.map(volume => volume.name)
  for (const { name } of container.volumeMounts) t.ok(volumes.includes(name), name)
  for (const labels of [template.metadata.labels, budget.spec.selector.matchLabels])
    t.same(labels, selector.matchLabels)
  t.ok(replicas >= 2 && budget.spec.minAvailable < replicas)
})
