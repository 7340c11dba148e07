import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { isMissing } from '../durable/files.ts'
import type { Issue } from '../issues.ts'
import { IssuesError } from '../issues.ts'
import { createIssueLog } from './issue-log.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { parseYaml } from './parse.ts'
import { createSource, issueAt } from './source.ts'
import { readValues } from './values.ts'

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'is no name of an environment variable' })
const text = z.string().min(1, { error: 'is empty' })

const FILE = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }),
  baseUrl: text.exactOptional(),
  username: text.exactOptional(),
  usernameFrom: variable.exactOptional(),
  passwordFrom: variable.exactOptional(),
  passwordFile: text.exactOptional(),
  targetAccountId: text.exactOptional(),
  catalog: text.exactOptional(),
  policy: text.exactOptional(),
  state: text.exactOptional(),
  stateFrom: variable.exactOptional(),
  ledger: text.exactOptional(),
  ledgerFrom: variable.exactOptional(),
  budget: text.exactOptional(),
  values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
})

/** An environment as its file has it. `…From` names a variable that holds what must not stand in a file. */
export type EnvironmentFile = Readonly<z.infer<typeof FILE>>

/** What may stand in a name: it becomes a file name and a part of comments. */
export const ENVIRONMENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$/

/** Where the environment of a name is. */
export const environmentPath = (name: string): string => `environments/${name}.yaml`

/**
 * Reads `environments/NAME.yaml`. Throws an `IssuesError` with file, line and column for whatever is wrong with it, a
 * secret in an address too.
 */
export async function readEnvironmentFile(name: string): Promise<EnvironmentFile> {
  const path = environmentPath(name)
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new IssuesError([
      {
        code: 'ENVIRONMENT_INVALID',
        severity: 'error',
        message: `there is no environment "${name}": ${path} does not exist`,
        hint: 'write the file, or name another one with --env or SFT_ENV',
      },
    ])
  }
  const source = createSource(path, content)
  const log = createIssueLog(DEFAULT_LIMITS.issuesPerFile)
  const root = parseYaml(source, DEFAULT_LIMITS, log)
  const values = root === undefined ? undefined : readValues(root, source, {}, DEFAULT_LIMITS, log)
  if (values === undefined || log.hasErrors()) throw new IssuesError(log.sorted().map(withoutLine))
  const { data, error } = FILE.safeParse(values.data)
  const wrong = (at: readonly PropertyKey[], message: string, part?: 'key'): Issue =>
    withoutLine(
      issueAt(source, values.placeOf(at.map(String), part), {
        code: 'ENVIRONMENT_INVALID',
        message,
        hint: 'docs/environments.md has every field',
      }),
    )
  if (error !== undefined)
    throw new IssuesError(
      error.issues.map(issue =>
        issue.code === 'unrecognized_keys'
          ? wrong([...issue.path, issue.keys[0] ?? ''], unknownField(issue.keys), 'key')
          : wrong(issue.path, `${issue.path.join('.') || 'the file'}: ${issue.message}`),
      ),
    )
  const secrets = (['baseUrl', 'state', 'ledger', 'budget'] as const).filter(field =>
    /:\/\/[^/@]*:[^/@]*@/.test(data[field] ?? ''),
  )
  if (secrets.length > 0)
    throw new IssuesError(
      secrets.map(field =>
        wrong(
          [field],
          `${field} holds a password: name a variable that has the address instead, as ${field}From`,
        ),
      ),
    )
  return data
}

/** The line is not shown: what should not stand in it may be a secret. */
const withoutLine = ({ source: _line, ...issue }: Issue): Issue => issue

const unknownField = (keys: readonly string[]): string =>
  keys.some(key => /password|secret|token/i.test(key))
    ? `${keys.join(', ')}: a secret does not stand in a file; passwordFrom names a variable, passwordFile a file`
    : `there is no field ${keys.join(', ')}`
