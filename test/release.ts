import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Simulator, startSimulator } from '../src/simulator/index.ts'
import { type Ended, type RunOptions, runCli } from './cli/run-cli.ts'

const RELEASE = 'test/fixtures/release-0.1.0'
/** The account that the fixtures were made on. */
const MADE_ON = '127.0.0.1:8099'

export interface ReleaseFiles {
  readonly state: 'folded' | 'journal' | 'pending'
  readonly ledger: 'folded' | 'journal'
}

/** Somebody who has files of release 0.1.0 and today's program, and the account that goes with them. */
export interface OldDesk {
  readonly folder: string
  readonly simulator: Simulator
  readonly env: Readonly<Record<string, string>>
  readonly run: (args: string, options?: Partial<RunOptions>) => Promise<Ended>
}

/** Copies fixtures into a folder of their own: `state.json`, `orders.json`, `catalog`, `saved-plan.json`. */
export async function openRelease(
  t: Pick<Test, 'teardown'>,
  { state, ledger }: ReleaseFiles,
): Promise<OldDesk> {
  const folder = mkdtempSync(join(tmpdir(), 'sft-catalog-release-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of [`state-${state}`, `ledger-${ledger}`])
    cpSync(join(RELEASE, part), folder, { recursive: true })
  for (const part of ['catalog', 'saved-plan.json', 'world.json'])
    cpSync(join(RELEASE, part), join(folder, part), { recursive: true })
  const simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    save: join(folder, 'world.json'),
  })
  t.teardown(() => simulator.close())
  const snapshots = readdirSync(join(folder, 'state.json.backups'))
  for (const file of ['state.json', ...snapshots.map(name => `state.json.backups/${name}`)]) {
    const text = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), text.replace(MADE_ON, `127.0.0.1:${simulator.port}`))
  }
  const env = {
    SFT_BASE_URL: simulator.url,
    SFT_USERNAME: 'simulator',
    SFT_PASSWORD: 'simulator',
    SFT_CALLS_PER_SECOND: '1000',
    SFT_SETTLE_SECONDS: '2',
  }
  return {
    folder,
    simulator,
    env,
    run: (args, options = {}) =>
      runCli(args.split(' '), { cwd: folder, ...options, env: { ...env, ...options.env } }),
  }
}
