/**
 * Commands that answer with `--json`, each with the version of its answer: it grows when a field changes its
 * meaning or its type, or goes (docs/upgrading.md).
 */
export const JSON_FORMATS = {
  validate: 1,
  fmt: 1,
  import: 1,
  plan: 1,
  apply: 2,
  ci: 1,
  drift: 2,
  coverage: 2,
  adopt: 1,
  state: 2,
  account: 1,
  doctor: 2,
  provision: 1,
  topup: 1,
  order: 1,
  orders: 2,
  usage: 1,
  esims: 1,
  stock: 1,
  endpoints: 1,
  resume: 1,
  suspend: 1,
  reactivate: 1,
  'remove-addon': 1,
  cancel: 1,
  ledger: 1,
  store: 2,
  reconcile: 1,
  status: 1,
  history: 1,
  graph: 1,
} as const

/** What changed with a format, for each one above 1. */
export const FORMAT_CHANGES: {
  readonly [Name in JsonCommand as (typeof JSON_FORMATS)[Name] extends 1 ? never : Name]: string
} = {
  apply: 'with `--wait` alone it has `detached` and neither plan nor report',
  drift: '`exitCode` is that of the process',
  coverage: '`--networks` has its list as `networks`',
  state: '`state list` has its list as `records`',
  doctor: 'verdicts by the ID of the assumption',
  orders: 'the list stands in `orders`',
  store: '`encrypt` answers with `encrypted`, and only `migrate` with `moves`',
}

/** A command that has `--json`. */
export type JsonCommand = keyof typeof JSON_FORMATS

/** Their names. */
export const JSON_COMMANDS = Object.keys(JSON_FORMATS) as readonly JsonCommand[]
