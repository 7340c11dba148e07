/** What is wrong with a file that its language does not allow, by its JSON Schema: loaded only where something is. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { ISSUE_CODES, type IssueCode } from '../issues.ts'
import { isJsonObject, objectOf, textOf } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'
import { nearestOf } from '../nearest.ts'
import type { FileLanguage } from './file-language.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import { issueAt, type Source } from './source.ts'
import type { Path, Values } from './values.ts'

/** More complaints about one file than this are only counted. */
const MOST_ERRORS = 1_000

const compiled = new WeakMap<FileLanguage, ValidateFunction>()

function compile(language: FileLanguage): ValidateFunction {
  const isAllowed = new Ajv2020({
    strict: true,
    allErrors: true,
    verbose: true,
    // Both cost more than the check itself; that our own schemas are such, tests say.
    validateSchema: false,
    code: { optimize: false },
  })
    .addVocabulary(['x-code', 'patternErrorMessage'])
    .compile(language.schema())
  compiled.set(language, isAllowed)
  return isAllowed
}

/** Logs everything in a file that its JSON Schema does not allow. */
export function explainSchema(
  values: Values,
  source: Source,
  log: IssueLog,
  language: FileLanguage,
): void {
  const isAllowed = compiled.get(language) ?? compile(language)
  if (isAllowed(values.data)) return
  const all = isAllowed.errors ?? []
  log.countOnly(source.path, Math.max(0, all.length - MOST_ERRORS))
  const errors = onePerPlace(all.slice(0, MOST_ERRORS))
  for (const [index, error] of errors.entries()) {
    if (log.isFull(source.path)) {
      log.countOnly(source.path, errors.length - index)
      return
    }
    const path = pathOf(error)
    if (values.wrong.has(path.join('/'))) continue
    const finding = explain(error, path, language)
    log.add(issueAt(source, values.placeOf(finding.path, finding.part), finding.problem))
  }
}

interface Finding {
  readonly path: Path
  readonly part: 'key' | 'value'
  readonly problem: Problem
}

/** Of the complaints about one alternative of several, those that fit what was written. */
function onePerPlace(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = new Map(
    errors
      .filter(error => error.keyword === 'anyOf')
      .map(union => [`${union.schemaPath} ${union.instancePath}`, union]),
  )
  const explained = new Set<ErrorObject>()
  const useful = errors.filter(error => {
    const union = findUnion(error, unions)
    if (union === undefined) return true
    // The alternative is of another type than what was written: not the one that was meant.
    if (error.keyword === 'type' && error.instancePath === union.instancePath) return false
    explained.add(union)
    return true
  })
  const seen = new Set<string>()
  return useful.filter(error => {
    if (explained.has(error)) return false
    // A text that is empty needs no second complaint about its form.
    const place = `${error.instancePath} ${extraOf(error)}`
    if (seen.has(place)) return false
    seen.add(place)
    return true
  })
}

/** The complaint about all alternatives that one about a single alternative belongs to. */
function findUnion(
  error: ErrorObject,
  unions: ReadonlyMap<string, ErrorObject>,
): ErrorObject | undefined {
  const end = error.schemaPath.lastIndexOf('/anyOf/')
  if (end === -1) return undefined
  const schemaPath = error.schemaPath.slice(0, end + '/anyOf'.length)
  const steps = error.instancePath.split('/')
  for (let length = steps.length; length > 0; length -= 1) {
    const union = unions.get(`${schemaPath} ${steps.slice(0, length).join('/')}`)
    if (union !== undefined) return union
  }
  return undefined
}

function extraOf(error: ErrorObject): string {
  const { additionalProperty, missingProperty } = error.params
  return String(additionalProperty ?? missingProperty ?? '')
}

function pathOf(error: ErrorObject): Path {
  return error.instancePath
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function explain(error: ErrorObject, path: Path, language: FileLanguage): Finding {
  const rules = objectOf(asJson(error.parentSchema))
  if (path.length === 0 && error.data === null)
    return { path, part: 'value', problem: noVersion(language) }
  if (error.keyword === 'additionalProperties')
    return explainUnknownKey(error, path, rules, language)
  if (error.keyword === 'required') return explainMissing(error, path, rules, language)
  if (error.keyword === 'not') return explainRefused(path, rules, language)
  const code = codeOf(rules)
  const what = nameOf(path, language)
  const written = describeValue(error.data)
  const expected = expectationOf(error, rules)
  const hint = code === 'VERSION_UNKNOWN' ? 'write version: 1' : hintOf(error, rules)
  const message = `${what} must be ${expected}, not ${written}`
  return {
    path,
    part: 'value',
    problem: { code, message, ...(hint === undefined ? {} : { hint }) },
  }
}

const noVersion = ({ folder }: FileLanguage): Problem => ({
  code: 'VERSION_UNKNOWN',
  message: 'the file does not say which version of the language it is written in',
  hint: `begin it with version: 1, or move it out of ${folder}`,
})

function explainUnknownKey(
  error: ErrorObject,
  path: Path,
  rules: JsonObject,
  language: FileLanguage,
): Finding {
  const key = extraOf(error)
  const known = Object.keys(objectOf(rules['properties']))
  const near = nearestOf(key, known)
  const message = `${nameOf(path, language)} has no field ${JSON.stringify(key)}`
  const hint = near === undefined ? `it can have ${known.join(', ')}` : `did you mean ${near}?`
  return { path: [...path, key], part: 'key', problem: { code: 'UNKNOWN_KEY', message, hint } }
}

function explainMissing(
  error: ErrorObject,
  path: Path,
  rules: JsonObject,
  language: FileLanguage,
): Finding {
  const field = extraOf(error)
  if (field === 'version' && path.length === 0)
    return { path, part: 'value', problem: noVersion(language) }
  const meaning = textOf(objectOf(objectOf(rules['properties'])[field])['description'])
  const message = `${nameOf(path, language)} needs ${field}`
  const problem: Problem = {
    code: 'REQUIRED',
    message,
    hint: `add ${field}${meaning === undefined ? '' : `: ${asClause(meaning)}`}`,
  }
  return { path, part: 'value', problem }
}

/** A field that stands in the schema only to be refused with its reason. */
function explainRefused(path: Path, rules: JsonObject, language: FileLanguage): Finding {
  const [reason = '', ...hints] = (textOf(rules['description']) ?? '').split(': ')
  const problem: Problem = {
    code: codeOf(rules),
    message: `${nameOf(path, language)} cannot be said: ${reason}`,
    ...(hints.length > 0 && { hint: hints.join(': ') }),
  }
  return { path, part: 'key', problem }
}

function expectationOf(error: ErrorObject, rules: JsonObject): string {
  switch (error.keyword) {
    case 'type':
      return TYPE_NAMES[String(error.params['type'])] ?? String(error.params['type'])
    case 'enum':
      return listWords(error.params['allowedValues'])
    case 'const':
      return String(error.params['allowedValue'])
    case 'pattern':
      return textOf(rules['patternErrorMessage']) ?? `text of the form ${error.params['pattern']}`
    case 'minLength':
      return 'text that is not empty'
    case 'maxLength':
      return `text of at most ${error.params['limit']} characters`
    case 'minItems':
      return `a list of at least ${error.params['limit']}`
    case 'minimum':
      return `at least ${error.params['limit']}`
    case 'maximum':
      return `at most ${error.params['limit']}`
    case 'anyOf':
      return asClause(textOf(rules['description']) ?? 'one of the known forms')
    default:
      return error.message ?? error.keyword
  }
}

function hintOf(error: ErrorObject, rules: JsonObject): string {
  const { data } = error
  if (error.keyword === 'enum' && typeof data === 'string') {
    const near = nearestOf(data, error.params['allowedValues'])
    if (near !== undefined) return `did you mean ${near}?`
  }
  if (error.keyword === 'type' && error.params['type'] === 'array') {
    return data === null ? 'list something, or remove the field' : 'write a list: [a, b]'
  }
  const meaning = textOf(rules['description'])
  return meaning === undefined ? 'correct the value' : `correct the value: ${asClause(meaning)}`
}

function codeOf(rules: JsonObject): IssueCode {
  const code = textOf(rules['x-code'])
  return code !== undefined && isIssueCode(code) ? code : 'SCHEMA'
}

function isIssueCode(code: string): code is IssueCode {
  return Object.hasOwn(ISSUE_CODES, code)
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

/** The value at a path as people call it. */
function nameOf(path: Path, { file, itemOf }: FileLanguage): string {
  const [section, index, ...rest] = path.map(String)
  if (section === undefined) return file
  if (index === undefined) return section
  if (rest.length === 0) return itemOf(section) ?? `${section}.${index}`
  const within = itemOf(section) === undefined ? [index, ...rest] : rest
  return within.filter(step => !/^[0-9]+$/.test(step)).join('.')
}

function describeValue(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (isJsonObject(value)) return 'a mapping'
  const written = JSON.stringify(value) ?? 'nothing'
  return written.length > 60 ? `${written.slice(0, 57)}…` : written
}

function listWords(words: unknown): string {
  const all = Array.isArray(words) ? words.map(String) : []
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

/** A sentence of the schema as a part of another. */
function asClause(sentence: string): string {
  const clause = sentence.replace(/\.$/, '')
  return /^(A |[A-Z][a-z])/.test(clause) ? clause.charAt(0).toLowerCase() + clause.slice(1) : clause
}

function asJson(schema: unknown): Json {
  return isJsonObject(schema) ? schema : null
}
