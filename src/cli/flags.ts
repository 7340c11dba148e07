import { type ParseArgsConfig, parseArgs } from 'node:util'
import { nearestOf } from '../nearest.ts'

/** Wrong usage: shown with where the command's help is, exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A flag: what it takes, the name of its value as help shows it, and help. */
type Flag =
  | { readonly takes: 'nothing'; readonly help: string }
  | { readonly takes: 'text' | 'texts'; readonly value: string; readonly help: string }
  | NumberFlag

/** A number above 0, or from 0 where 0 means something; a whole one from 1, or from 0. */
interface NumberFlag {
  readonly takes: 'number' | 'whole'
  readonly value: string
  readonly help: string
  readonly orZero?: boolean
}

/** Flags by name, without the `--`. */
export type Flags = Readonly<Record<string, Flag>>

interface Taken {
  readonly nothing: boolean
  readonly text: string | undefined
  readonly texts: readonly string[]
  readonly number: number | undefined
  readonly whole: number | undefined
}

/** What was given of flags: a name that is none of them does not compile. */
export type Values<F extends Flags> = { readonly [Name in keyof F]: Taken[F[Name]['takes']] }

/** What was given to a command. */
export interface Given<F extends Flags = Flags> {
  readonly flags: Values<F>
  /** What is no flag, in order. */
  readonly args: readonly string[]
}

/** A flag's name as it is typed. */
export type NameOf<F extends Flags> = `--${keyof F & string}`

/**
 * Something that a rule names: `--flag`, `--flag value`, a first argument (`list`), or, for any argument, the
 * capitals of the usage line (`PLAN`); with `!` before it, it is not given.
 */
export type Mention<
  F extends Flags,
  First extends string = never,
> = `${'' | '!'}${NameOf<F> | `${NameOf<F>} ${string}` | First | Uppercase<string>}`

/** Which flags go together: what would be taken and dropped is refused instead. */
export interface FlagRule<Name extends string = string> {
  readonly when: Name
  /** None of these may stand beside it. */
  readonly not?: readonly Name[]
  /** No other flags than these may stand beside it. */
  readonly only?: readonly Name[]
  /** One of these must stand beside it. */
  readonly needs?: readonly Name[]
  /** The reason, for whoever is refused. */
  readonly why: string
}

/** What a command line may hold. */
export interface Grammar<F extends Flags> {
  readonly flags: F
  /** How many arguments besides flags, at least and at most. */
  readonly arguments?: readonly [least: number, most: number]
  readonly rules?: readonly FlagRule[]
  /** What stands behind the command's name, for whoever left a part of it out. */
  readonly usage?: string
}

/** The names of flags, as rules have them. */
export const namesOf = <F extends Flags>(flags: F): readonly NameOf<F>[] =>
  Object.keys(flags).map((name): NameOf<F> => `--${name}`)

/** Reads a command line; `help` where that is asked for. Throws a `UsageError`. */
export function readFlags<F extends Flags>(
  { flags, usage, rules = [], arguments: [least, most] = [0, 0] }: Grammar<F>,
  argv: readonly string[],
): Given<F> | 'help' {
  const parsed = parse(flags, argv)
  const { values, positionals: args } = parsed
  if (values['help'] === true) return 'help'
  if (args.length < least)
    throw new UsageError(`an argument is missing${usage === undefined ? '' : ` (${usage})`}`)
  if (args.length > most) throw new UsageError(`unexpected argument "${args[most]}"`)
  checkWords(parsed, flags)
  const read = Object.entries(flags).map(([name, flag]) => [
    name,
    readValue(name, flag, values[name]),
  ])
  for (const rule of rules) checkRule(rule, parsed)
  return { flags: Object.fromEntries(read) as Values<F>, args }
}

type Parsed = ReturnType<typeof parse>

function parse(flags: Flags, argv: readonly string[]) {
  const options: NonNullable<ParseArgsConfig['options']> = { help: { type: 'boolean' } }
  for (const [name, { takes }] of Object.entries(flags))
    options[name] = {
      type: takes === 'nothing' ? 'boolean' : 'string',
      multiple: takes === 'texts',
    }
  try {
    return parseArgs({
      args: [...argv],
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(`${inOwnWords(error.message)}${meant(error.message, flags)}`)
  }
}

/** What `parseArgs` says, to somebody who knows flags and values. */
function inOwnWords(message: string): string {
  const [, name, problem] =
    /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' (argument missing|argument is ambiguous|does not take an argument)/.exec(
      message,
    ) ?? []
  switch (problem) {
    case 'argument missing':
      return `${name} needs a value`
    case 'argument is ambiguous':
      return `${name} needs a value; one that begins with a dash is given as ${name}=-…`
    case 'does not take an argument':
      return `${name} takes no value`
    default:
      return message.split(/\.\s/)[0] ?? 'wrong usage'
  }
}

/** The flag that a misspelt one most likely stands for. */
function meant(message: string, flags: Flags): string {
  const [, wrong] = /^Unknown option '--([^']*)'/.exec(message) ?? []
  const nearest =
    wrong === undefined ? undefined : nearestOf(wrong, [...Object.keys(flags), 'help'])
  return nearest === undefined ? '' : `; did you mean --${nearest}?`
}

/** What is empty, or given twice, would be dropped or fall back to a default: a variable was not set. */
function checkWords({ tokens, positionals }: Parsed, flags: Flags): void {
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (token.value?.trim() === '')
      throw new UsageError(`--${token.name} is empty: give a value, or leave the flag out`)
    if (seen.has(token.name) && flags[token.name]?.takes !== 'texts')
      throw new UsageError(`--${token.name} is given twice`)
    seen.add(token.name)
  }
  if (positionals.some(word => word.trim() === '')) throw new UsageError('an argument is empty')
}

function readValue(name: string, flag: Flag, raw: unknown): Values<Flags>[string] {
  switch (flag.takes) {
    case 'nothing':
      return raw === true
    case 'text':
      return typeof raw === 'string' ? raw : undefined
    case 'texts':
      return Array.isArray(raw) ? raw.map(String) : []
    case 'number':
    case 'whole':
      return typeof raw === 'string' ? numberOf(name, flag, raw) : undefined
  }
}

function numberOf(name: string, { takes, orZero = false }: NumberFlag, text: string): number {
  const number = Number(text)
  if (!(number > 0 || (orZero && number === 0)))
    throw new UsageError(`--${name} ${text}: give a number above 0${orZero ? ', or 0' : ''}`)
  if (takes === 'whole' && !Number.isInteger(number))
    throw new UsageError(`--${name} takes a whole number`)
  return number
}

/** Whether something that a rule names is given. */
function holds(name: string, given: Parsed): boolean {
  if (name.startsWith('!')) return !holds(name.slice(1), given)
  const { values, positionals } = given
  if (/^[A-Z]+$/.test(name)) return positionals.length > 0
  if (!name.startsWith('--')) return positionals[0] === name
  const [flag = '', value] = name.slice(2).split(' ')
  const found = [values[flag]].flat()
  return value === undefined ? found.some(one => one !== undefined) : found.includes(value)
}

function checkRule({ when, not, only, needs, why }: FlagRule, given: Parsed): void {
  if (!holds(when, given)) return
  const refused =
    not?.find(name => holds(name, given)) ??
    (only &&
      Object.keys(given.values)
        .map(flag => `--${flag}`)
        .find(flag => flag !== when.split(' ')[0] && !only.includes(flag)))
  if (refused !== undefined) throw new UsageError(`${refused} does not go with ${when}: ${why}`)
  if (needs !== undefined && !needs.some(name => holds(name, given)))
    throw new UsageError(
      `${when} needs ${needs.filter(name => !name.startsWith('!')).join(' or ')}: ${why}`,
    )
}

/** Of every command: the environment is taken off the line before the command sees it. */
export const COMMON_FLAGS: Flags = {
  env: { takes: 'text', value: 'NAME', help: 'the environment: environments/NAME.yaml (SFT_ENV)' },
  help: { takes: 'nothing', help: 'this text' },
}

/** Each flag as it is typed, with what it takes, and its help. */
export const flagRows = (flags: Flags): readonly (readonly [flag: string, help: string])[] =>
  Object.entries(flags).map(([name, flag]) => {
    const value = flag.takes === 'nothing' ? '' : ` ${flag.value}`
    return [`--${name}${value}${flag.takes === 'texts' ? '…' : ''}`, flag.help]
  })

/** Lines of help, one a flag. */
export function helpLines(flags: Flags): readonly string[] {
  const rows = flagRows({ ...flags, ...COMMON_FLAGS })
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`)
}

/** A flag that is there or not. */
export const on = (help: string) => ({ takes: 'nothing', help }) as const

/** A flag with a value. */
export const text = (value: string, help: string) => ({ takes: 'text', value, help }) as const

/** A flag that may be given several times. */
export const texts = (value: string, help: string) => ({ takes: 'texts', value, help }) as const

/** A flag with a number above 0. */
export const number = (value: string, help: string) => ({ takes: 'number', value, help }) as const

/** A flag with a whole number from 1. */
export const whole = (value: string, help: string) => ({ takes: 'whole', value, help }) as const

/** A number or whole number that may be 0 too. */
export const orZero = <One extends NumberFlag>(flag: One) => ({ ...flag, orZero: true }) as const
