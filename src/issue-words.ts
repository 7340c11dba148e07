import type { IssueCode } from './issues.ts'

/** What a code means and what to do, in Markdown; links are those of a page in docs/. */
export interface CodeWords {
  readonly means: string
  readonly todo: string
}

/** Codes of one kind of problem, by its title. */
type Group = Readonly<Partial<Record<IssueCode, CodeWords>>>

const READING_FILES = {
  CATALOG_EMPTY: {
    means: 'The folder has no `.yaml` or `.yml` file. Hidden files and folders are not looked at.',
    todo: 'Begin with [the example](catalog.md#a-first-file), or name another folder with `--catalog`.',
  },
  FILE_UNREADABLE: {
    means:
      'A file, folder or link cannot be read: it does not exist, permissions, a pipe, a broken link.',
    todo: 'Correct the path or the permissions. Paths in `iccidFile` are relative to the file that names them.',
  },
  FILE_TOO_LARGE: {
    means:
      'A YAML file has more than 10 MB, an ICCID file more than 256 MB, or the folder holds more than 5,000 files. It was not read.',
    todo: 'Split it; keep long lists of ICCIDs in an `iccidFile`.',
  },
  FILE_OUTSIDE: {
    means:
      'An `iccidFile` or a symbolic link leads out of the catalog folder, or the path is absolute.',
    todo: 'Move the file into the catalog.',
  },
  FILE_BINARY: {
    means: 'The file is no text; often a spreadsheet that was renamed to `.csv`.',
    todo: 'Export it as CSV in UTF-8.',
  },
  FILE_ENCODING: {
    means: 'The file is UTF-16, or has bytes that are not UTF-8 (Latin-1, Windows-1252).',
    todo: 'Save it as UTF-8, with or without a byte order mark; in a spreadsheet choose "CSV UTF-8".',
  },
  ISSUES_LEFT_OUT: {
    means: 'The file has more problems than are listed.',
    todo: 'Correct those listed and validate again.',
  },
} as const satisfies Group

const YAML = {
  YAML_SYNTAX: {
    means: 'The text is no YAML, or uses a tag or directive that a catalog has no use for.',
    todo: 'Check quotes, brackets and indentation at the caret.',
  },
  YAML_VERSION: {
    means:
      'A `%YAML` directive asks for another version than 1.2. YAML 1.1 reads `NO` as false and `0044` as 36.',
    todo: 'Remove the line.',
  },
  YAML_ALIAS: {
    means: 'The aliases of a file expand to more than 100,000 values.',
    todo: 'Write out what they stand for.',
  },
  YAML_TOO_COMPLEX: {
    means:
      'A file is nested deeper than 64 levels, has more than a million parts, or more than 10,000 anchors and tags.',
    todo: 'Split the file; check brackets.',
  },
  YAML_DOCUMENTS: {
    means: 'A file has a second document after `---`.',
    todo: 'Put it into a file of its own.',
  },
  FORMAT_LEFT: {
    means:
      '`fmt` leaves a file as it is: its one form would lose a comment, or change what it means.',
    todo: 'Move comments above the field that they are about.',
  },
  YAML_DUPLICATE_KEY: {
    means: 'A mapping has a field twice.',
    todo: 'Keep one of them.',
  },
} as const satisfies Group

const ENVIRONMENTS = {
  ENVIRONMENT_INVALID: {
    means: 'The file of an environment is not there, has a field that does not exist, or a secret.',
    todo: '[environments.md](environments.md) has every field; name variables instead of secrets.',
  },
  VALUE_UNKNOWN: {
    means:
      'A catalog file has a `$` with a name in braces for which the environment has no value, or no environment was named.',
    todo: 'Add it under `values:`, or give `--env`; where these characters are meant, write the `$` twice.',
  },
} as const satisfies Group

const POLICY = {
  POLICY_EMPTY: {
    means: 'The folder of rules has no file, so that nothing would be looked at.',
    todo: 'Write a rule, or remove the folder ([policy.md](policy.md)).',
  },
  POLICY_EXPRESSION: {
    means:
      'An expression of a rule cannot be understood: its form, a name that there is not, a type that does not fit; or there are more than 500 rules.',
    todo: 'Correct it at the caret; [policy.md](policy.md#what-a-rule-can-name) has all that rules can name.',
  },
  POLICY_VIOLATED: {
    means: 'The catalog or the plan breaks a rule of the team; `--force` does not lift it.',
    todo: "See the hint, which is the rule's description, and the place of the rule.",
  },
  POLICY_NOT_KNOWN: {
    means:
      "Whether a rule holds is not known: it asks for something that is not there to be asked, or takes too long or too much memory. It counts as an error whatever the rule's severity.",
    todo: 'Let the rule say what holds then, with `has(…)`, or give what it asks for, such as a ledger.',
  },
} as const satisfies Group

const FORM = {
  VERSION_UNKNOWN: {
    means: '`version` is missing or is not the number 1.',
    todo: 'Begin the file with `version: 1`; move files that are no catalog out of the folder.',
  },
  SCHEMA: {
    means: 'A value has the wrong type or form.',
    todo: 'See the message, the [reference](catalog.md), or let your editor complete it.',
  },
  REQUIRED: {
    means: 'A field that must be there is missing.',
    todo: 'Add it.',
  },
  UNKNOWN_KEY: {
    means: 'The language has no such field here.',
    todo: 'Correct the spelling: the hint names the nearest one.',
  },
  NOT_TEXT: {
    means:
      'Text is meant and something else stands there (`true`, `1e3`, nothing), or a number would lose characters (`0044`, `1.10`).',
    todo: 'Put it in quotes if these characters are meant.',
  },
} as const satisfies Group

const MEANING = {
  ACCOUNT_TWICE: {
    means: '`account` or `limits` stands in more than one place.',
    todo: 'Move all of it into one file.',
  },
  DUPLICATE_KEY: {
    means: 'Two entries of one kind have the same `key`.',
    todo: 'Change one; a key that was applied before needs a line in `moved`.',
  },
  DUPLICATE_NAME: {
    means:
      'Two zones or two plans have the same `name`: on the platform they could not be told apart.',
    todo: 'Change one.',
  },
  DUPLICATE_SKU: {
    means: 'Two plans have the same `portal.sku`.',
    todo: 'Change one.',
  },
  DUPLICATE_ICCID: {
    means: 'An ICCID stands in more than one place; the message says where first.',
    todo: 'Keep it in one: a SIM has one endpoint.',
  },
  RESERVED_NAME: {
    means:
      'A name ends like `(r2)`, which is kept for revisions, or is `-`, which the platform writes for no name.',
    todo: 'Choose another name.',
  },
  REFERENCE_UNKNOWN: {
    means: 'A plan names a rate zone that this catalog does not have.',
    todo: 'Correct the key, or write `{ id: "…" }` for a zone kept elsewhere.',
  },
  ICCID_INVALID: {
    means:
      'An ICCID has not 19 or 20 digits, has other characters or one that cannot be seen, or is what a spreadsheet left of it (`8.93E+18`, or fifteen digits and zeros after them).',
    todo: "Copy it again from your supplier's list; format the column as text before exporting.",
  },
  ICCID_CHECK_DIGIT: {
    means:
      'The last digit is not the check digit of the others. An error with 19 digits (configuration can lower it), a warning with 20.',
    todo: "Compare with your supplier's list.",
  },
  CSV_INVALID: {
    means:
      'An ICCID file has no column `iccid` or two of them, a line has too few columns or an open quote, or a row has no ICCID but something else.',
    todo: 'Name one column `iccid` in the first line, or keep one ICCID a line.',
  },
  COUNTRY_UNKNOWN: {
    means: 'No country has this code or English name, or two have it (`Congo`).',
    todo: 'Write the ISO 3166-1 code.',
  },
  UNIT_INVALID: {
    means:
      'A data volume, validity, amount or share cannot be understood, or is no whole number of MB.',
    todo: 'Write `10 GB`, `30 days`, `"4.50"`, `30%`.',
  },
  ZONE_EMPTY: {
    means:
      'A zone has neither countries nor networks. On the platform an empty zone blocks its add-ons.',
    todo: 'Add some.',
  },
  ZONE_UNUSED: {
    means: 'Warning: no plan uses the zone.',
    todo: 'Add a plan or remove the zone.',
  },
  CURRENCY_UNKNOWN: {
    means: '`portal.prices` has a currency that does not exist.',
    todo: 'Write its ISO 4217 code.',
  },
  NOT_ON_PLATFORM: {
    means:
      'A field that price lists have and the platform has nothing for: `benefits.minutes`, `activateWithin`.',
    todo: 'Leave it out; the message says what there is.',
  },
  WIRE_INVALID: {
    means:
      '`account.wire` has a value that cannot be used: two meanings of one value, or a field that is sent anyway.',
    todo: 'Correct it; [catalog.md](catalog.md#accountwire) has the forms.',
  },
  WIRE_VALUE_UNKNOWN: {
    means:
      'A plan says something of which it is not known how this account writes it (months, SMS, data without an end, throttling). It is told once a setting, where the first plan needs it.',
    todo: 'Make one such plan in the portal, look at it with `sft-catalog account show`, and set it under [`account.wire`](catalog.md#accountwire).',
  },
  SETTING_MISSING: {
    means: 'Entries need a setting that neither they nor `account` give.',
    todo: 'Add it to `account`, or to each entry.',
  },
  SFT_OVERRIDES: {
    means:
      'A field under `sft:` is one that sft-catalog sends itself, also where [`account.wire`](catalog.md#accountwire) says what it means.',
    todo: 'Remove it and use the field of the language.',
  },
  MOVED_INVALID: {
    means:
      'A move names a kind that cannot be moved, an old key that is still in the catalog, or a new one that is not.',
    todo: 'Correct `from` and `to`, or remove the move.',
  },
  NAME_TEMPLATE: {
    means: 'The name of a batch has a placeholder that does not exist.',
    todo: 'Use `{iccid}`, `{n}` or `{batch}`.',
  },
  BATCH_EMPTY: {
    means: 'A batch has no ICCID.',
    todo: 'Add `iccids` or `iccidFile`.',
  },
  TAG_FORM: {
    means:
      'Warning: a tag could not be created on the platform, whose tags have letters, digits, `-` and `_`, at most 100. Tags are kept in the state, so that everything works all the same.',
    todo: "Rename it where the platform's tags are to be the same.",
  },
} as const satisfies Group

const AGAINST_THE_ACCOUNT = {
  TADIG_UNKNOWN: {
    means: 'The account has no network with this TADIG code.',
    todo: 'Correct it, or ask BICS for the coverage.',
  },
  NETWORK_UNKNOWN: {
    means: 'The account has no network with these `operatorId` and `sponsorId`.',
    todo: 'Take both from the network list of the account.',
  },
  COUNTRY_WITHOUT_NETWORK: {
    means: 'The account has no network in this country.',
    todo: 'Remove the country, or ask BICS for the coverage.',
  },
  COUNTRY_DISAGREES: {
    means:
      'Warning: the country name of a network and its TADIG code point at two countries, and the zone has one of them. The network is left out; where the zone has it already, it stays.',
    todo: 'Check the network; name it in `networks` or `exclude`.',
  },
  COUNTRY_UNCERTAIN: {
    means:
      'Warning: a network may be in a country of the zone, and its country name does not say so plainly (`Congo (DRC)`, a list, `Caribbean`) nor does a TADIG code confirm it. It is left out; where the zone has it already, it stays.',
    todo: 'Name it in `networks` or `exclude`.',
  },
  ZONE_ONE_NETWORK: {
    means:
      'Warning: a zone has a single network. When it leaves coverage the zone is empty and blocks connectivity.',
    todo: 'Add a second network.',
  },
  DEST_GROUP_UNKNOWN: {
    means: 'The customer profile tells no destination group, or several.',
    todo: 'Set `account.destGroupId`.',
  },
  LIKE_CHANGED: {
    means: 'The plan that an entry names under `like` has other values than were copied from it.',
    todo: 'Nothing, or raise `copy` to take it as it is now: a new revision.',
  },
  LIKE_GONE: {
    means:
      "The plan that an entry names under `like` is not there any more. The entry's own plan stays.",
    todo: 'Name another one before you add entries like it.',
  },
  AMBIGUOUS_NAME: {
    means: 'The account has two objects of one name; none is picked.',
    todo: 'Rename one of them in the portal.',
  },
  LIST_DOUBT: {
    means:
      'A list of the account may say less than there is (rows that cannot be read, pages that bring nothing new, a plan that is there and not listed), or told a page count that cannot be meant.',
    todo: "What depends on it is blocked as not known; run it again. `sft-catalog doctor` shows what the account's lists do.",
  },
  NOT_KNOWN: {
    means:
      '`drift` could not tell whether something that the catalog wants is still on the account: one list lacks it, and a second reading did not agree.',
    todo: 'Run it again. Above 20 objects missing at once, the list is not believed at all.',
  },
  STATE_OTHER_ACCOUNT: {
    means: 'The state belongs to another host, account or destination group.',
    todo: 'Use the state of this account: `--state`.',
  },
  CHANGE_SHARE: {
    means:
      'A plan would change, retire or make anew a larger share of what exists than `limits` allows (from ten objects of a kind on); or everything of a kind, or a third and at least two, is gone from the account or would be retired, at any size.',
    todo: 'Read the list; repeat with `--force` if it is meant.',
  },
  TARGET_UNKNOWN: {
    means: '`--target` names nothing that exists.',
    todo: 'Write an address such as `addonPlan/europe-10gb-30d`.',
  },
} as const satisfies Group

/** What is said of each code; one without words does not compile. */
export const ISSUE_WORDS: Readonly<Record<IssueCode, CodeWords>> = {
  ...READING_FILES,
  ...YAML,
  ...ENVIRONMENTS,
  ...POLICY,
  ...FORM,
  ...MEANING,
  ...AGAINST_THE_ACCOUNT,
}

/** The same by title. */
export const ISSUE_GROUPS: Readonly<Record<string, Group>> = {
  'Reading files': READING_FILES,
  YAML: YAML,
  Environments: ENVIRONMENTS,
  'Rules of a team': POLICY,
  Form: FORM,
  Meaning: MEANING,
  'Against the account': AGAINST_THE_ACCOUNT,
}
