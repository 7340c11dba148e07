import type { Context } from './context.ts'
import {
  type FlagRule,
  type Flags,
  type Given,
  helpLines,
  type Mention,
  type NameOf,
  number,
  on,
  readFlags,
  text,
  type Values,
} from './flags.ts'

/** What a command is declared by: its flags, its help, and what it does; the number is the exit code. */
interface Declaration<F extends Flags, First extends string> {
  readonly name: string
  readonly summary: string
  /** Synopsis after the command's name, as `--help` shows it. */
  readonly usage: string
  readonly flags: F
  /** First arguments that rules speak of. */
  readonly first?: readonly First[]
  /** How many arguments besides flags, at least and at most; none where left out. */
  readonly arguments?: readonly [least: number, most: number]
  readonly rules?: readonly FlagRule<Mention<F, NoInfer<First>>>[]
  /** Runs without `.env` and without any `SFT_*` of the machine. */
  readonly hermetic?: boolean
  /** It runs where settings are broken too, and tells of `context.broken`. */
  readonly tellsBroken?: boolean
  readonly run: (given: Given<F>, context: Context) => Promise<number>
}

/** One command. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly hermetic: boolean
  /** What stands behind the name on a command line. */
  readonly usage: string
  readonly flags: Flags
  readonly rules: readonly FlagRule[]
  readonly tellsBroken: boolean
  /** The lines of `--help`. */
  readonly help: readonly string[]
  /** Reads a command line; what is to be done, or `help`. Throws a `UsageError`. */
  readonly read: (argv: readonly string[]) => ((context: Context) => Promise<number>) | 'help'
}

/** Makes a command of its declaration: what it reads of its flags is checked when it compiles. */
export function defineCommand<const F extends Flags, const First extends string = never>(
  declaration: Declaration<F, First>,
): Command {
  const { name, summary, usage, flags, rules = [] } = declaration
  const { hermetic = false, tellsBroken = false } = declaration
  return {
    name,
    summary,
    hermetic,
    usage,
    flags,
    rules,
    tellsBroken,
    help: [
      `sft-catalog ${name}${usage === '' ? '' : ` ${usage}`}`,
      '',
      summary,
      '',
      ...helpLines(flags),
    ],
    read: argv => {
      const given = readFlags(declaration, argv)
      return given === 'help' ? given : context => declaration.run(given, context)
    },
  }
}

/**
 * For a command whose first argument says what to do: each of these takes the flags of its own, and `always`.
 */
export const byFirst = <F extends Flags, First extends string>(
  command: string,
  always: NameOf<F>,
  table: Readonly<Record<First, readonly NameOf<F>[]>>,
) => {
  const first = Object.keys(table) as First[]
  const rules = first.map(
    (when): FlagRule<First | NameOf<F>> => ({
      when,
      only: [always, ...table[when]],
      why: `${command} ${when} does not use it`,
    }),
  )
  return { first, rules }
}

export const STATE_FLAG = {
  state: text('PLACE', 'state file (SFT_STATE; default state.json)'),
} as const

/** Flags of every command that reads the account and writes nothing there. */
export const READ_FLAGS = {
  ...STATE_FLAG,
  'base-url': text('URL', 'origin of the platform (SFT_BASE_URL; default https://sft.bics.com)'),
  username: text(
    'NAME',
    'user name (SFT_USERNAME); the password comes from SFT_PASSWORD or SFT_PASSWORD_FILE',
  ),
  'target-account-id': text('ID', "a reseller's child account (SFT_TARGET_ACCOUNT_ID)"),
  'calls-per-second': number('N', "the account's rate (SFT_CALLS_PER_SECOND; default 2)"),
  trace: on('one line on stderr for every call, without secrets'),
} as const

/** Flags of every command that writes to the account. */
export const ACCOUNT_FLAGS = {
  ...READ_FLAGS,
  'settle-seconds': number(
    'N',
    'how long to look for a write of unknown outcome (SFT_SETTLE_SECONDS; default: the documented timeouts)',
  ),
} as const

/** How ICCIDs are judged. */
export const CHECK_DIGIT_FLAG = {
  'iccid-check-digit': text(
    'HOW',
    'a wrong check digit of a 19-digit ICCID is: error (default), warning, off',
  ),
} as const

export const CATALOG_FLAG = {
  catalog: text('FOLDER', 'catalog folder (SFT_CATALOG; default catalog)'),
} as const

/** Flags of commands that read the catalog. */
export const CATALOG_FLAGS = {
  ...CATALOG_FLAG,
  ...CHECK_DIGIT_FLAG,
} as const

export const JSON_FLAG = { json: on('data on stdout, progress on stderr') } as const

export type StateFlag = Values<typeof STATE_FLAG>
/** What tells the account; the time to settle only where something is written, the zone where dates are read. */
export type AccountFlags = Values<typeof READ_FLAGS> &
  Partial<Pick<Values<typeof ACCOUNT_FLAGS>, 'settle-seconds'>> & {
    readonly 'time-zone'?: string | undefined
  }
export type CatalogFlags = Values<typeof CATALOG_FLAGS>
export type JsonFlag = Values<typeof JSON_FLAG>
