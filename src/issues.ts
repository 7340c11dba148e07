import type { Position } from './model.ts'

/** Every code that an issue can have, as a title; issue-words.ts says what it means and what to do. */
export const ISSUE_CODES = {
  // reading files
  CATALOG_EMPTY: 'no catalog file was found',
  FILE_UNREADABLE: 'a file cannot be read',
  FILE_TOO_LARGE: 'a file is larger than the limit',
  FILE_OUTSIDE: 'a path or link leads out of the catalog folder',
  FILE_BINARY: 'a file is not text',
  FILE_ENCODING: 'a file is not UTF-8',
  ISSUES_LEFT_OUT: 'a file has more problems than are listed',
  // YAML
  YAML_SYNTAX: 'the YAML cannot be parsed',
  YAML_VERSION: 'a %YAML directive that is not supported',
  YAML_ALIAS: 'aliases expand to more than the limit',
  YAML_TOO_COMPLEX: 'the YAML is nested deeper or has more parts than the limit',
  YAML_DOCUMENTS: 'a file has more than one document',
  YAML_DUPLICATE_KEY: 'a mapping has a key twice',
  FORMAT_LEFT: 'fmt leaves a file as it is, since its one form would lose something',
  // environments
  ENVIRONMENT_INVALID: 'an environment cannot be used as it stands',
  VALUE_UNKNOWN: 'what stands for a value of the environment has none',
  // a team's own rules
  POLICY_EMPTY: 'a folder of rules has none',
  POLICY_EXPRESSION: 'an expression of a rule cannot be understood',
  POLICY_VIOLATED: 'the catalog or the plan breaks a rule of the team',
  POLICY_NOT_KNOWN: 'whether a rule of the team holds is not known',
  // schema
  VERSION_UNKNOWN: 'version is missing or not 1',
  SCHEMA: 'a value has the wrong type or form',
  REQUIRED: 'a required field is missing',
  UNKNOWN_KEY: 'a field that the language does not have',
  NOT_TEXT: 'a number or other scalar where text is meant',
  // meaning
  ACCOUNT_TWICE: 'account defaults or limits are given more than once',
  DUPLICATE_KEY: 'a key is used twice within its kind',
  DUPLICATE_NAME: 'a name is used twice within its kind',
  DUPLICATE_SKU: 'a SKU is used twice',
  DUPLICATE_ICCID: 'an ICCID stands in more than one place',
  RESERVED_NAME: 'a name has a form that is reserved',
  REFERENCE_UNKNOWN: 'a reference names nothing in this catalog',
  ICCID_INVALID: 'an ICCID has the wrong length, characters or form',
  ICCID_CHECK_DIGIT: 'the check digit of an ICCID is wrong',
  CSV_INVALID: 'an ICCID file has no usable column',
  COUNTRY_UNKNOWN: 'no country has this code or name',
  UNIT_INVALID: 'a data volume, validity or amount cannot be understood',
  ZONE_EMPTY: 'a zone selects no network',
  ZONE_UNUSED: 'no plan uses a zone',
  CURRENCY_UNKNOWN: 'no currency has this code',
  NOT_ON_PLATFORM: 'a field for which the platform has nothing',
  WIRE_INVALID: 'account.wire has a value that cannot be used',
  WIRE_VALUE_UNKNOWN: 'an entry says something whose wire value has not been set',
  SETTING_MISSING: 'an account default that an entry needs is missing',
  SFT_OVERRIDES: 'an sft: field would override one that the catalog owns',
  MOVED_INVALID: 'a move names what it cannot move',
  NAME_TEMPLATE: 'a name template has a placeholder that does not exist',
  BATCH_EMPTY: 'a batch has no ICCID',
  TAG_FORM: 'a tag could not exist on the platform',
  // against the account (plan)
  TADIG_UNKNOWN: 'the account has no network with this TADIG code',
  NETWORK_UNKNOWN: 'the account has no network with these IDs',
  COUNTRY_WITHOUT_NETWORK: 'the account has no network in this country',
  COUNTRY_DISAGREES: 'country name and TADIG code of a network disagree',
  COUNTRY_UNCERTAIN: 'a network could be in a country of a zone, and it is not certain',
  ZONE_ONE_NETWORK: 'a zone has a single network',
  DEST_GROUP_UNKNOWN: 'the destination group of the account is not known',
  LIKE_CHANGED: 'the template of a plan has changed since it was copied',
  LIKE_GONE: 'the template of a plan is not there any more',
  AMBIGUOUS_NAME: 'the account has two objects of one name',
  LIST_DOUBT: 'a list of the account may say less than there is, or was odd',
  NOT_KNOWN: 'whether something is still on the account is not known',
  STATE_OTHER_ACCOUNT: 'the state belongs to another account',
  CHANGE_SHARE: 'a plan changes or retires more than the allowed share',
  TARGET_UNKNOWN: 'a target names nothing',
} as const

export type IssueCode = keyof typeof ISSUE_CODES

/** A problem as data. `message` says what is wrong, `hint` what to do next. */
export interface Issue {
  readonly code: IssueCode
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
  readonly position?: Position
  /** The rule of a team (`policy/`) that is broken, and where it stands. */
  readonly rule?: { readonly key: string; readonly position: Position }
  /**
   * The source line and the length of the marked place, for the caret. `start` is the column at which
   * `text` begins where a long line was cut; 1 otherwise.
   */
  readonly source?: { readonly text: string; readonly length: number; readonly start?: number }
}

/** Thrown at the edge where issues must stop a run; the command line renders them with carets. */
export class IssuesError extends Error {
  override readonly name = 'IssuesError'
  readonly issues: readonly Issue[]
  constructor(issues: readonly Issue[]) {
    super(
      issues
        .filter(issue => issue.severity === 'error')
        .map(issue => `${issue.code}: ${issue.message}`)
        .join('\n'),
    )
    this.issues = issues
  }
}
