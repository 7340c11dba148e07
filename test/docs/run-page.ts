// Runs the blocks of a page in order, in a fresh folder, as a reader would: one shell, real processes.
import { execFile, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { startPostgres } from '../postgres/server.ts'
import { nodeWords, PROGRAM } from '../program.ts'
import { openRelease } from '../release.ts'
import { blocksOf, commandsOf, fileOf } from './blocks.ts'
import { moduleOf, NOT_RUN, type PageRun, RUNS, type SetUp, SNIPPETS, SPARE_ICCID } from './told.ts'

/** What a page came to: all that it wrote, and the commands that ended with another code than 0. */
export interface PageEnd {
  readonly log: string
  readonly failed: Readonly<Record<string, number>>
}

interface Place {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Addresses of databases, by those that pages have. */
  readonly databases?: Readonly<Record<string, string>>
}

const ACCOUNT = { SFT_USERNAME: 'simulator', SFT_PASSWORD: 'simulator' }
/** Nobody waits for the platform's rate here, and an outcome that is not known is not looked for so long. */
const QUICK = { SFT_CALLS_PER_SECOND: '1000', SFT_SETTLE_SECONDS: '2' }

/** Runs a page; `instead` has what its own set-up does not give. */
export async function runPage(t: Test, page: string): Promise<PageEnd> {
  const told: PageRun = RUNS[page] ?? { setUp: 'nothing' }
  const place = await prepare(t, told.setUp)
  for (const [file, text] of Object.entries(told.files ?? {})) write(place, file, text)
  const port = await freePort()
  const stands: Readonly<Record<string, string>> = {
    8099: String(port),
    8080: String(await freePort()),
    ...place.databases,
    ...told.instead,
  }
  const put = (text: string) =>
    Object.entries(stands).reduce((all, [from, to]) => all.replaceAll(from, to), text)
  const script = [...(told.before ?? []), ...linesOf(page, place, told)].map(put)
  write(place, 'page.sh', `${PRELUDE}${script.join('\n')}\n${EPILOGUE}`)
  await runShell(place)
  const read = (file: string) =>
    existsSync(join(place.folder, file)) ? readFileSync(join(place.folder, file), 'utf8') : ''
  const failed = [...read('failed').matchAll(/^(\d+) (.*)$/gm)].map(
    ([, code, command = '']) => [command, Number(code)] as const,
  )
  return { log: read('log'), failed: Object.fromEntries(failed) }
}

/** A command that ends with another code than 0 is written down, and the next one comes all the same. */
const PRELUDE = `set -u
exec >>log 2>&1
told() { [ "$1" = 0 ] || echo "$1 $2" >>failed; }
`

/** What still runs has a moment to fail by itself, is told to stop, and waited for. */
const EPILOGUE = `for one in $(jobs -p); do
  sleep 3
  kill "$one" 2>/dev/null
  wait "$one"
  case $? in 0 | 143) ;; *) told $? 'what ran beside the others' ;; esac
done
`

/** The lines of a page's shell: its commands, its snippets where they stand, files that it has the reader write. */
function* linesOf(page: string, place: Place, told: PageRun): Generator<string> {
  const snippets = SNIPPETS[page] ?? []
  let at = -1
  for (const block of blocksOf(page)) {
    const file = fileOf(block)
    if (block.language === 'ts') {
      at += 1
      // A snippet of several blocks is run where its last one stands.
      const number = snippets.findIndex(({ blocks }) => blocks.at(-1) === at)
      const snippet = snippets[number]
      if (snippet === undefined || typeof snippet.run !== 'string') continue
      write(place, `snippet-${number}.mts`, moduleOf(page, snippet))
      yield* said(`node --import ${import.meta.resolve('tsx')} snippet-${number}.mts`)
    } else if (file !== undefined) write(place, file, block.text)
    else if (block.language === 'sh') yield* shellLines(block.text, told)
  }
}

function* shellLines(text: string, { forever = [], meanwhile = {} }: PageRun): Generator<string> {
  for (const command of commandsOf(text)) {
    if (Object.keys(NOT_RUN).some(begin => command.startsWith(begin))) continue
    const bare = command.replace(/\s+#.*$/, '')
    if (meanwhile[bare] !== undefined) yield meanwhile[bare]
    yield* said(bare, forever.includes(bare) ? `${bare} &` : command.replace(/^exit .*/, '($&)'))
  }
}

/** A command, shown before it and with what it ended with after it. */
const said = (name: string, command = name): readonly string[] => [
  `echo '$ '${quoted(name)}`,
  command,
  `told $? ${quoted(name)}`,
]

function write({ folder }: Place, file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

async function prepare(t: Test, setUp: SetUp): Promise<Place> {
  if (setUp === 'release 0.1.0') {
    const { folder, env } = await openRelease(t, { state: 'folded', ledger: 'folded' })
    return putProgram({ folder, env })
  }
  const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-page-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  if (setUp === 'nothing') return putProgram({ folder, env: QUICK })
  // Without an account, which has no objects yet that tell their IDs.
  await inPlace(putProgram({ folder, env: {} }), ['init'])
  const catalog = readFileSync(join(folder, 'catalog/catalog.yaml'), 'utf8')
  const simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    iccids: [...(catalog.match(/\d{19}/g) ?? []), SPARE_ICCID],
    sims: 60,
  })
  t.teardown(() => simulator.close())
  const env = { ...QUICK, ...ACCOUNT, SFT_BASE_URL: simulator.url }
  const place = { folder, env }
  for (const words of STEPS[setUp]) await inPlace(place, words)
  if (setUp !== 'database') return place
  const server = await startPostgres(t)
  return {
    ...place,
    databases: {
      'postgres://sft@db.example:5432/sft': await server.database('sft'),
      'postgres://sft@db.example/sft': await server.database('moved'),
    },
  }
}

const APPLY = ['apply', '--init', '--auto-approve']
const SELL = ['provision', '--order', 'A-1001', '--sku', 'BNL-5GB-30D']
const STEPS: Readonly<Record<Exclude<SetUp, 'nothing' | 'release 0.1.0'>, readonly string[][]>> = {
  begun: [],
  database: [],
  applied: [APPLY],
  sold: [APPLY, SELL],
}

/** Runs the program to its end before the page begins. */
const inPlace = ({ folder, env }: Place, words: readonly string[]) =>
  promisify(execFile)(join(folder, 'bin/sft-catalog'), words, {
    cwd: folder,
    env: { ...base(folder), ...env },
  })

const base = (folder: string) => ({
  PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  HOME: folder,
  DOCS_LOG: join(folder, 'log'),
})

/** Commands that ask a person, who says yes here, at a terminal. */
const ASKING = 'apply|endpoints|reconcile|state|ledger|store'

/** Puts the program into the PATH, and the package beside what is run there. */
function putProgram<P extends Place>(place: P): P {
  const { folder } = place
  const words = nodeWords(PROGRAM).map(quoted).join(' ')
  const answering = nodeWords([resolve('test/docs/answering.mjs')])
    .map(quoted)
    .join(' ')
  write(
    place,
    'bin/sft-catalog',
    `#!/bin/sh
case "$1" in
  ${ASKING}) [ /proc/self/fd/1 -ef "$DOCS_LOG" ] && exec ${answering} ${words} "$@" ;;
esac
exec ${words} "$@"
`,
  )
  chmodSync(join(folder, 'bin/sft-catalog'), 0o755)
  const entries = {
    '.': 'index',
    './provision': 'provision/index',
    './simulator': 'simulator/index',
  }
  const exports = Object.entries(entries).map(([name, file]) => {
    const source = pathToFileURL(resolve(`src/${file}.ts`))
    write(place, `node_modules/sft-catalog/${file}.ts`, `export * from '${source}'\n`)
    return [name, `./${file}.ts`]
  })
  const manifest = { name: 'sft-catalog', type: 'module', exports: Object.fromEntries(exports) }
  write(place, 'node_modules/sft-catalog/package.json', JSON.stringify(manifest))
  if (!existsSync(join(folder, 'node_modules/pino')))
    symlinkSync(resolve('node_modules/pino'), join(folder, 'node_modules/pino'))
  return place
}

/** Runs the page's shell to its end; it has two minutes. */
async function runShell({ folder, env }: Place): Promise<void> {
  const child = spawn('bash', ['page.sh'], {
    cwd: folder,
    env: { ...base(folder), ...env },
    stdio: 'ignore',
    detached: true,
  })
  const late = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 120_000)
  await new Promise((ended, failed) => {
    child.on('error', failed)
    child.on('close', ended)
  })
  clearTimeout(late)
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer()
    server.on('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => found(port))
    })
  })
}
