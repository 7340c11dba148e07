/** What the schema cannot say: rules across the fields of an entry and across files. */
import { objectOf, textOf } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { normaliseName } from '../names.ts'
import { nearestOf } from '../nearest.ts'
import type { Kind, Reference } from '../resources/kind.ts'
import { kindOf, kinds } from '../resources/kinds.ts'
import { checkName, checkSft } from './check-entry.ts'
import { type Draft, type Drafts, reportAt, whereIs } from './drafts.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import { movableKinds } from './schema.ts'

/**
 * Logs everything that breaks a rule, but for ICCIDs. Where a file could not be read (`complete` false),
 * nothing is said to be missing: it may be in that file.
 */
export function checkRules(drafts: Drafts, complete: boolean, log: IssueLog): void {
  checkOnce(drafts.accounts, 'account', log)
  checkOnce(drafts.limits, 'limits', log)
  for (const kind of kinds()) checkEntries(kind, entriesOf(drafts, kind), log)
  checkMoved(drafts, complete, log)
  if (!complete) return
  for (const kind of kinds()) {
    for (const reference of kind.references) checkReference(kind, reference, drafts, log)
    checkSettings(kind, drafts, log)
  }
}

const entriesOf = (drafts: Drafts, { kind }: Pick<Kind, 'kind'>): readonly Draft[] =>
  drafts.entries.get(kind) ?? []

function checkEntries(kind: Kind, entries: readonly Draft[], log: IssueLog): void {
  const { catalog, identity } = kind
  const unique = (path: readonly string[], code: Problem['code'], what: string) =>
    checkUnique(entries, path, code, `${catalog.plural} with the ${what}`, log)
  unique(['key'], 'DUPLICATE_KEY', 'key')
  if (identity === 'name') unique(['name'], 'DUPLICATE_NAME', 'name')
  for (const { path, code, what } of catalog.unique) unique(path, code, what)
  for (const entry of entries) {
    if (identity === 'name') checkName(entry, log)
    checkSft(entry, catalog.owned, log)
    catalog.check(entry, log)
  }
}

function checkOnce(drafts: readonly Draft[], what: string, log: IssueLog): void {
  const [first, ...others] = drafts
  for (const other of others) {
    const problem: Problem = {
      code: 'ACCOUNT_TWICE',
      message: `${what} stands once in a catalog, and ${where(first)} has it already`,
      hint: 'move all of it into one file',
    }
    reportAt(log, other, [], problem, 'key')
  }
}

function where(draft: Draft | undefined): string {
  return draft === undefined ? 'another file' : whereIs(draft)
}

function checkUnique(
  drafts: readonly Draft[],
  path: readonly string[],
  code: Problem['code'],
  what: string,
  log: IssueLog,
): void {
  const first = new Map<string, Draft>()
  const isKey = code === 'DUPLICATE_KEY'
  for (const draft of drafts) {
    const text = scalarAt(draft.raw, path)
    if (text === undefined) continue
    const value = isKey ? text : normaliseName(text)
    const other = first.get(value)
    if (other === undefined) {
      first.set(value, draft)
      continue
    }
    reportAt(log, draft, path, {
      code,
      message: `there are two ${what} ${JSON.stringify(value)}; the first is at ${whereIs(other)}`,
      hint: 'change one of the two',
    })
  }
}

function scalarAt(raw: JsonObject, path: readonly string[]): string | undefined {
  const [step = '', ...rest] = path
  const value = raw[step]
  if (rest.length > 0) return scalarAt(objectOf(value), rest)
  return typeof value === 'number' ? String(value) : textOf(value)
}

/** That entries refer to something, and that what is there to be referred to is. */
function checkReference(
  kind: Kind,
  { field, to, missing, unused }: Reference,
  drafts: Drafts,
  log: IssueLog,
): void {
  const target = kindOf(to).catalog
  const targets = entriesOf(drafts, kindOf(to))
  const keys = new Set(targets.flatMap(({ key }) => key ?? []))
  const used = new Set<string>()
  for (const entry of entriesOf(drafts, kind)) {
    const key = textOf(entry.raw[field])
    if (key === undefined) continue
    used.add(key)
    if (keys.has(key)) continue
    const near = nearestOf(key, keys)
    reportAt(log, entry, [field], {
      code: 'REFERENCE_UNKNOWN',
      message: `no ${target.title} of this catalog has the key ${JSON.stringify(key)}`,
      hint: near === undefined ? missing : `did you mean ${near}?`,
    })
  }
  if (unused === undefined) return
  for (const entry of targets) {
    if (entry.key === undefined || used.has(entry.key)) continue
    reportAt(log, entry, ['key'], {
      code: unused.code,
      severity: 'warning',
      message: `no ${kind.catalog.title} uses the ${target.title} ${entry.key}`,
      hint: unused.hint,
    })
  }
}

/** A setting that is missing is one problem, however many entries need it. */
function checkSettings(kind: Kind, drafts: Drafts, log: IssueLog): void {
  const account = drafts.accounts[0]?.raw ?? {}
  const { settings, title } = kind.catalog
  for (const { field, sources } of settings) {
    if (sources.some(source => account[source] !== undefined)) continue
    const lacking = entriesOf(drafts, kind).filter(({ raw }) => raw[field] === undefined)
    const [first] = lacking
    if (first === undefined) continue
    const who =
      lacking.length === 1
        ? `the ${title} ${first.key ?? ''} has`
        : `the ${title} ${first.key ?? ''} and ${lacking.length - 1} more have`
    reportAt(log, first, [], {
      code: 'SETTING_MISSING',
      message: `${who} no ${field}, and account: gives none`,
      hint: `add ${sources.join(' or ')} to account:, or ${field} to the entry`,
    })
  }
}

function checkMoved(drafts: Drafts, complete: boolean, log: IssueLog): void {
  const { moved } = drafts
  const movable = movableKinds(kinds())
  const addresses = new Set(
    movable.flatMap(kind => entriesOf(drafts, kind).map(({ key }) => `${kind.kind}/${key}`)),
  )
  const isAddress = (text: string) => movable.some(({ kind }) => text.startsWith(`${kind}/`))
  const before = { from: new Set<string>(), to: new Set<string>() }
  for (const move of moved) {
    const from = textOf(move.raw['from'])
    const to = textOf(move.raw['to'])
    const invalid = (side: 'from' | 'to', message: string, hint: string) =>
      reportAt(log, move, [side], { code: 'MOVED_INVALID', message, hint })
    if (from === undefined || to === undefined || !isAddress(from) || !isAddress(to)) continue
    if (from.split('/')[0] !== to.split('/')[0]) {
      invalid('to', `${from} cannot become ${to}`, 'a move stays within one kind')
    }
    if (addresses.has(from)) {
      invalid('from', `${from} is still in the catalog`, 'rename the entry, or remove this move')
    }
    if (complete && !addresses.has(to)) {
      const near = nearestOf(to, addresses)
      invalid(
        'to',
        `${to} is not in the catalog`,
        near ? `did you mean ${near}?` : 'name the new key',
      )
    }
    if (before.from.has(from)) invalid('from', `${from} is moved twice`, 'keep one of the two')
    if (before.to.has(to)) invalid('to', `two moves lead to ${to}`, 'keep one of the two')
    before.from.add(from)
    before.to.add(to)
  }
}
