/** Reading a team's rules from a folder. */
import { checkSchema } from '../catalog/check-schema.ts'
import type { FileLanguage } from '../catalog/file-language.ts'
import { createIssueLog, type IssueLog, type Problem } from '../catalog/issue-log.ts'
import { type CatalogLimits, DEFAULT_LIMITS } from '../catalog/limits.ts'
import { parseYaml } from '../catalog/parse.ts'
import { type FolderWords, openCatalogFolder, readCatalogFiles } from '../catalog/read.ts'
import { issueAt, positionOf, type Source } from '../catalog/source.ts'
import { type Path, readValues, type Values } from '../catalog/values.ts'
import { grouped } from '../counts.ts'
import type { Issue } from '../issues.ts'
import { isJsonObject, listOf, objectOf, textOf } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { oncePerKinds } from '../resources/kinds.ts'
import { askEvaluator } from './ask-evaluator.ts'
import { expressionsOf, languageOfRules, openPolicy, type Policy } from './check-policy.ts'
import type { ExpressionFault } from './job.ts'
import { placeInScalar } from './place-in-scalar.ts'
import { policyFile, policyJsonSchema } from './policy-schema.ts'
import type { PolicyRule } from './rule.ts'
import { type MessagePart, parseMessage } from './template.ts'

/** Rules that were read, or all that is wrong with them. */
export interface LoadedPolicy {
  /** Only where there is no issue. */
  readonly policy?: Policy
  readonly issues: readonly Issue[]
  /** The YAML files that were read. */
  readonly files: readonly { readonly path: string }[]
}

/** A team has few rules: what comes with a pull request is bounded. */
const LIMITS: CatalogLimits = {
  ...DEFAULT_LIMITS,
  yamlBytes: 256 * 1024,
  files: 100,
  tokens: 50_000,
  depth: 16,
  aliasedNodes: 1_000,
  properties: 100,
}
const MOST_RULES = 500

const WORDS: FolderWords = {
  folder: 'the policy folder',
  hint: 'name the folder with --policy or SFT_POLICY',
  empty: {
    code: 'POLICY_EMPTY',
    message: 'there is no .yaml or .yml file in this folder, so that no rule is looked at',
    hint: 'write a rule (docs/policy.md has some to begin with), or remove the folder',
  },
}

const policyLanguage = oncePerKinds(
  (): FileLanguage => ({
    file: 'a policy file',
    folder: WORDS.folder,
    declared: policyFile(),
    schema: policyJsonSchema,
    itemOf: section => (section === 'rules' ? 'this rule' : undefined),
  }),
)

/**
 * Reads the rules of a folder and checks all of them, expressions too: what is wrong is an issue with its place,
 * never an exception.
 *
 * @example
 * const { policy, issues } = await loadPolicy('policy')
 * if (policy !== undefined) broken = await policy.checkCatalog(catalog)
 */
export async function loadPolicy(directory: string): Promise<LoadedPolicy> {
  const log = createIssueLog(LIMITS.issuesPerFile)
  const folder = await openCatalogFolder(directory, log, WORDS)
  if (folder === undefined) return { issues: log.sorted(), files: [] }
  const sources = await readCatalogFiles(folder, LIMITS, log)
  const drafts: Draft[] = []
  for (const { source } of sources) drafts.push(...(await draftsOf(source, log)))
  const files = sources.map(({ source: { path } }) => ({ path }))
  checkKeys(drafts, log)
  const tooMany = drafts[MOST_RULES]
  if (tooMany !== undefined)
    report(log, tooMany, [], {
      code: 'POLICY_EXPRESSION',
      message: `there are ${grouped(drafts.length)} rules; at most ${grouped(MOST_RULES)} are looked at`,
      hint: 'put several conditions into one rule',
    })
  if (log.hasErrors()) return { issues: log.sorted(), files }
  const rules = await understand(drafts, log)
  return log.hasErrors()
    ? { issues: log.sorted(), files }
    : { policy: openPolicy(rules), issues: log.sorted(), files }
}

/** A rule as it stands in its file. */
interface Draft {
  readonly source: Source
  readonly values: Values
  readonly index: number
  readonly raw: JsonObject
}

async function draftsOf(source: Source, log: IssueLog): Promise<readonly Draft[]> {
  const root = parseYaml(source, LIMITS, log)
  if (root === undefined) return []
  const values = readValues(root, source, policyJsonSchema(), LIMITS, log)
  if (values === undefined) return []
  await checkSchema(values, source, log, policyLanguage())
  return listOf(objectOf(values.data)['rules']).flatMap((raw, index) =>
    isJsonObject(raw) ? [{ source, values, index, raw }] : [],
  )
}

const pathOf = ({ index }: Draft, below: Path): Path => ['rules', index, ...below]

function report(log: IssueLog, draft: Draft, below: Path, problem: Problem): void {
  log.add(issueAt(draft.source, draft.values.placeOf(pathOf(draft, below)), problem))
}

function checkKeys(drafts: readonly Draft[], log: IssueLog): void {
  const first = new Map<string, Draft>()
  for (const draft of drafts) {
    const key = textOf(draft.raw['key'])
    if (key === undefined) continue
    const other = first.get(key)
    if (other === undefined) {
      first.set(key, draft)
      continue
    }
    const { file, line } = positionAt(other)
    report(log, draft, ['key'], {
      code: 'DUPLICATE_KEY',
      message: `there are two rules with the key ${JSON.stringify(key)}; the first is at ${file}:${line}`,
      hint: 'change one of the two',
    })
  }
}

const positionAt = (draft: Draft) =>
  positionOf(draft.source, draft.values.placeOf(pathOf(draft, [])).offset)

/** Reads all expressions; what is wrong with them goes to the log. */
async function understand(drafts: readonly Draft[], log: IssueLog): Promise<readonly PolicyRule[]> {
  const rules = drafts.map(draft => ruleOf(draft, log))
  if (log.hasErrors()) return rules
  const verdicts = await askEvaluator({ ...languageOfRules(), rules: rules.map(expressionsOf) })
  return rules.map((rule, index) => {
    const [draft, verdict] = [drafts[index], verdicts[index]]
    if (draft === undefined || verdict === undefined) return rule
    if (verdict.kind === 'lost')
      report(log, draft, ['condition'], {
        code: 'POLICY_NOT_KNOWN',
        message: `whether this rule can be understood is not known: ${verdict.why}`,
        hint: 'write it in a simpler way',
      })
    if (verdict.kind !== 'read') return rule
    for (const fault of verdict.faults) reportFault(draft, rule, fault, log)
    return { ...rule, reads: verdict.reads }
  })
}

function ruleOf(draft: Draft, log: IssueLog): PolicyRule {
  const { raw } = draft
  const text = (field: string) => textOf(raw[field]) ?? ''
  const when = textOf(raw['when'])
  return {
    key: text('key'),
    position: positionAt(draft),
    description: text('description').trim(),
    on: text('on'),
    ...(when !== undefined && { when }),
    condition: text('condition'),
    message: messageOf(draft, text('message'), log),
    severity: raw['severity'] === 'warning' ? 'warning' : 'error',
    reads: [],
  }
}

function messageOf(draft: Draft, message: string, log: IssueLog): readonly MessagePart[] {
  const parts = parseMessage(message.trim())
  if (!('unclosed' in parts)) return parts
  const fault = {
    message: 'a curly bracket after a $ is not closed',
    start: parts.unclosed,
    end: parts.unclosed + 2,
  }
  reportAt(draft, 'message', fault, log)
  return []
}

function reportFault(draft: Draft, rule: PolicyRule, fault: ExpressionFault, log: IssueLog): void {
  if (typeof fault.place === 'string') {
    reportAt(draft, fault.place, fault, log)
    return
  }
  const part = rule.message[fault.place]
  const before = part !== undefined && 'start' in part ? part.start : 0
  const { message, start, end } = fault
  reportAt(draft, 'message', { message, start: before + start, end: before + end }, log)
}

/** A fault at its place within an expression. */
function reportAt(
  draft: Draft,
  field: string,
  { message, start, end }: Pick<ExpressionFault, 'message' | 'start' | 'end'>,
  log: IssueLog,
): void {
  const { source, values, raw } = draft
  const { offset, length } = values.placeOf(pathOf(draft, [field]))
  const written = source.text.slice(offset, offset + length)
  const value = textOf(raw[field]) ?? ''
  // A message is read without the blanks around it.
  const lead = field === 'message' ? value.length - value.trimStart().length : 0
  const at = offset + placeInScalar(written, value, lead + start)
  log.add(
    issueAt(
      source,
      { offset: at, length: Math.max(1, end - start) },
      {
        code: 'POLICY_EXPRESSION',
        message: `${field}: ${message}`,
        hint: 'docs/policy.md has all that rules can name; "sft-catalog explain POLICY_EXPRESSION"',
      },
    ),
  )
}
