import {
  type ChildProcessWithoutNullStreams,
  type SpawnOptionsWithoutStdio,
  spawn,
} from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The folder of the repository, where tests are always run, whether compiled or not. */
export const REPOSITORY = pathToFileURL(`${process.cwd()}/`)

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(name => /\.[jt]s$/.test(name))
      .map(name => statSync(join(folder, name)).mtimeMs),
  )

/** What Node is given to run the built program, or its sources where they are newer. */
export const PROGRAM: readonly string[] =
  existsSync('dist/cli/main.js') && newest('dist') >= newest('src')
    ? [resolve('dist/cli/main.js')]
    : ['--import', import.meta.resolve('tsx'), resolve('src/cli/main.ts')]

/** What Node is given to run a script beside a test, compiled where the test is. */
export const scriptBeside = (test: ImportMeta, name: string): readonly string[] =>
  test.filename.endsWith('.ts')
    ? ['--import', import.meta.resolve('tsx'), join(test.dirname, `${name}.ts`)]
    : [join(test.dirname, `${name}.js`)]

/**
 * Words that start Node without the watcher that the test runner puts into every process: it costs each
 * as much as its own start, and needs files that another user may not write.
 */
export const nodeWords = (args: readonly string[]): readonly [string, ...string[]] => [
  'env',
  '-u',
  'NODE_OPTIONS',
  process.execPath,
  ...args,
]

/** Starts Node with a program and its arguments. */
export function spawnNode(
  args: readonly string[],
  options: SpawnOptionsWithoutStdio = {},
): ChildProcessWithoutNullStreams {
  const [file, ...rest] = nodeWords(args)
  return spawn(file, rest, options)
}
