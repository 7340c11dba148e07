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
  /** A whole number from 1; throws a `UsageError` for anything else. */
  readonly whole: (flag: string) => number | undefined
}

/**
 * Which flags go together: what would be taken and dropped is refused instead. Something given is named
 * as `--flag`, as `--flag value`, by a first argument's word (`list`), or, for any argument, in capitals
 * as the usage line has it (`PLAN`); with `!` before it, it is not given.
 */
export interface FlagRule {
  readonly when: string
  /** None of these may stand beside it. */
  readonly not?: readonly string[]
  /** No other flags than these may stand beside it. */
  readonly only?: readonly string[]
  /** One of these must stand beside it. */
  readonly needs?: readonly string[]
  /** The reason, for whoever is refused. */
  readonly why: string
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
  readonly rules?: readonly FlagRule[]
  /** Runs without `.env` and without any `SFT_*` of the machine. */
  readonly hermetic?: boolean
  readonly run: (given: Given, world: World) => Promise<number>
}

/** Flags of every command that reads the account and writes nothing there. */
export const READ_FLAGS = [
  ['--state PLACE', 'state file (SFT_STATE; default state.json)'],
  ['--base-url URL', 'origin of the platform (SFT_BASE_URL; default https://sft.bics.com)'],
  [
    '--username NAME',
    'user name (SFT_USERNAME); the password comes from SFT_PASSWORD or SFT_PASSWORD_FILE',
  ],
  ['--target-account-id ID', "a reseller's child account (SFT_TARGET_ACCOUNT_ID)"],
  ['--calls-per-second N', "the account's rate (SFT_CALLS_PER_SECOND; default 2)"],
  ['--trace', 'one line on stderr for every call, without secrets'],
] as const

/** Flags of every command that writes to the account. */
export const ACCOUNT_FLAGS = [
  ...READ_FLAGS,
  [
    '--settle-seconds N',
    'how long to look for a write of unknown outcome (SFT_SETTLE_SECONDS; default: the documented timeouts)',
  ],
] as const

/** The flags of a list, by name. */
export const namesOf = (flags: readonly (readonly [flag: string, help: string])[]): string[] =>
  flags.map(([flag]) => flag.split(' ')[0] ?? flag)

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
    parsed = parseArgs({
      args: [...argv],
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    })
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\.\s/)[0] ?? 'wrong usage')
  }
  if (parsed.values['help'] === true) return 'help'
  const [least, most] = command.arguments ?? [0, 0]
  if (parsed.positionals.length < least) throw new UsageError('an argument is missing')
  if (parsed.positionals.length > most)
    throw new UsageError(`unexpected argument "${parsed.positionals[most]}"`)
  checkWords(parsed, options)
  const { values } = parsed
  const given = openGiven(parsed)
  for (const [flag] of command.flags)
    if (/ (N|SECONDS)$/.test(flag)) given.number(flag.slice(2).split(' ')[0] ?? '')
  for (const rule of command.rules ?? []) checkRule(rule, given, Object.keys(values))
  return given
}

type Parsed = ReturnType<typeof parseArgs>

/** What is empty, or given twice, would be dropped or fall back to a default: a variable was not set. */
function checkWords({ tokens = [], positionals }: Parsed, options: Options): void {
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option' || token.value === undefined) continue
    if (token.value.trim() === '')
      throw new UsageError(`--${token.name} is empty: give a value, or leave the flag out`)
    if (seen.has(token.name) && options[token.name]?.multiple !== true)
      throw new UsageError(`--${token.name} is given twice`)
    seen.add(token.name)
  }
  if (positionals.some(word => word.trim() === '')) throw new UsageError('an argument is empty')
}

/** Whether something that a rule names is given. */
function holds(name: string, given: Given): boolean {
  if (name.startsWith('!')) return !holds(name.slice(1), given)
  if (/^[A-Z]+$/.test(name)) return given.positionals.length > 0
  if (!name.startsWith('--')) return given.positionals[0] === name
  const [flag = '', value] = name.slice(2).split(' ')
  const values = [...given.texts(flag), given.text(flag)]
  return value === undefined
    ? given.is(flag) || values.some(text => text !== undefined)
    : values.includes(value)
}

function checkRule({ when, not, only, needs, why }: FlagRule, given: Given, flags: string[]): void {
  if (!holds(when, given)) return
  const refused =
    not?.find(name => holds(name, given)) ??
    (only &&
      flags
        .map(flag => `--${flag}`)
        .find(flag => flag !== when.split(' ')[0] && !only.includes(flag)))
  if (refused !== undefined) throw new UsageError(`${refused} does not go with ${when}: ${why}`)
  if (needs !== undefined && !needs.some(name => holds(name, given)))
    throw new UsageError(
      `${when} needs ${needs.filter(name => !name.startsWith('!')).join(' or ')}: ${why}`,
    )
}

function openGiven({ values, positionals }: Parsed): Given {
  const text = (flag: string) => (typeof values[flag] === 'string' ? values[flag] : undefined)
  const number = (flag: string) => {
    const value = text(flag)
    if (value === undefined) return undefined
    const parsed = Number(value)
    if (!(parsed > 0)) throw new UsageError(`--${flag} ${value}: give a number above 0`)
    return parsed
  }
  return {
    positionals,
    text,
    texts: flag => (Array.isArray(values[flag]) ? values[flag].map(String) : []),
    is: flag => values[flag] === true,
    number,
    whole: flag => {
      const parsed = number(flag)
      if (parsed !== undefined && !Number.isInteger(parsed))
        throw new UsageError(`--${flag} takes a whole number`)
      return parsed
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
