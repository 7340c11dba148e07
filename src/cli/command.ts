import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { World } from './world.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** Wrong usage: shown with the command's help, exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What a command was given. */
export interface Given {
  readonly positionals: readonly string[]
  readonly text: (flag: string) => string | undefined
  readonly texts: (flag: string) => readonly string[]
  readonly is: (flag: string) => boolean
  /** A number above 0; throws a `UsageError` for anything else. */
  readonly number: (flag: string) => number | undefined
}

/** One command: its flags, its help, and what it does; the number is the exit code. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** Synopsis after the command's name, then a line a flag, as `--help` shows them. */
  readonly usage: string
  readonly flags: readonly (readonly [flag: string, help: string])[]
  /** How many arguments besides flags, at least and at most. */
  readonly arguments?: readonly [least: number, most: number]
  /** Runs without `.env` and without any `SFT_*` of the machine. */
  readonly hermetic?: boolean
  readonly run: (given: Given, world: World) => Promise<number>
}

/** Flags of every command that reads the account. */
export const ACCOUNT_FLAGS = [
  ['--state PLACE', 'state file (SFT_STATE; default state.json)'],
  ['--base-url URL', 'origin of the platform (SFT_BASE_URL; default https://sft.bics.com)'],
  [
    '--username NAME',
    'user name (SFT_USERNAME); the password comes from SFT_PASSWORD or SFT_PASSWORD_FILE',
  ],
  ['--target-account-id ID', "a reseller's child account (SFT_TARGET_ACCOUNT_ID)"],
  ['--calls-per-second N', "the account's rate (SFT_CALLS_PER_SECOND; default 2)"],
  [
    '--settle-seconds N',
    'how long to look for a write of unknown outcome (SFT_SETTLE_SECONDS; default: the documented timeouts)',
  ],
  ['--trace', 'one line on stderr for every call, without secrets'],
] as const

/** Flags of commands that read the catalog. */
export const CATALOG_FLAGS = [
  ['--catalog FOLDER', 'catalog folder (SFT_CATALOG; default catalog)'],
  [
    '--iccid-check-digit HOW',
    'a wrong check digit of a 19-digit ICCID is: error (default), warning, off',
  ],
] as const

export const JSON_FLAG = ['--json', 'data on stdout, progress on stderr'] as const
const HELP_FLAG = ['--help', 'this text'] as const

/** Reads a command line. A flag with a word in capitals after it takes a value; one with `…` may repeat. */
export function readGiven(command: Command, argv: readonly string[]): Given | 'help' {
  const options: Options = {}
  for (const [flag] of [...command.flags, HELP_FLAG]) {
    const [name = '', value] = flag.replace(/^--/, '').split(' ')
    options[name.replace('…', '')] = {
      type: value === undefined ? 'boolean' : 'string',
      ...(flag.endsWith('…') && { multiple: true }),
    }
  }
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\.\s/)[0] ?? 'wrong usage')
  }
  if (parsed.values['help'] === true) return 'help'
  const [least, most] = command.arguments ?? [0, 0]
  if (parsed.positionals.length < least) throw new UsageError('an argument is missing')
  if (parsed.positionals.length > most)
    throw new UsageError(`unexpected argument "${parsed.positionals[most]}"`)
  const { values } = parsed
  const text = (flag: string) => (typeof values[flag] === 'string' ? values[flag] : undefined)
  return {
    positionals: parsed.positionals,
    text,
    texts: flag => (Array.isArray(values[flag]) ? values[flag].map(String) : []),
    is: flag => values[flag] === true,
    number: flag => {
      const value = text(flag)
      if (value === undefined) return undefined
      const number = Number(value)
      if (!(number > 0)) throw new UsageError(`--${flag} ${value}: give a number above 0`)
      return number
    },
  }
}

/** A command's help. */
export function helpOf(command: Command): readonly string[] {
  const flags = [...command.flags, HELP_FLAG]
  const width = Math.max(...flags.map(([flag]) => flag.length))
  return [
    `sft-catalog ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}`,
    '',
    command.summary,
    '',
    ...flags.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`),
  ]
}
