/** Evaluating rules: the work of the process that is made for it. */
import { Script } from 'node:vm'
import { celValue, wordsOf } from './cel-values.ts'
import {
  evaluationProblem,
  openReader,
  type Reader,
  type Understood,
  type Wanted,
} from './expressions.ts'
import type {
  Broken,
  Doubt,
  ExpressionFault,
  ExpressionPlace,
  Expressions,
  Job,
  Verdict,
} from './job.ts'

/** A rule whose expressions were understood. */
interface Ready {
  readonly when?: Understood
  readonly condition: Understood
  readonly message: readonly (string | Understood)[]
}

/** Reads every rule and, where there is a world, holds it against that; tells of one after the other. */
export function judge(job: Job, tell: (verdict: Verdict) => void): void {
  const open = openReaders(job)
  const values = job.world && worldValues(job)
  for (const rule of job.rules) {
    const work = (): Verdict => {
      const read = readRule(rule, open(rule.scope))
      if (!('ready' in read)) return { kind: 'read', reads: [], faults: read.faults }
      if (values === undefined)
        return { kind: 'read', reads: read.ready.condition.reads, faults: [] }
      return judgeSubjects(rule.scope, read.ready, values)
    }
    tell(withinDeadline(work, job.deadlineMs) ?? tooSlow(job.deadlineMs))
  }
}

const tooSlow = (deadlineMs: number): Verdict => ({
  kind: 'lost',
  why: `it was not evaluated within ${deadlineMs / 1000} s`,
})

/** Readers of the scopes, each made when it is asked for. */
function openReaders({ scopes, types }: Job): (scope: string) => Reader {
  const made = new Map<string, Reader>()
  return scope => {
    const reader = made.get(scope) ?? openReader(scope, scopes[scope] ?? {}, types)
    made.set(scope, reader)
    return reader
  }
}

interface Values {
  readonly shared: Readonly<Record<string, unknown>>
  readonly subjects: Readonly<Record<string, readonly unknown[]>>
}

function worldValues({ world, scopes, types }: Job): Values {
  const typeOf = (scope: string, variable: string) => scopes[scope]?.[variable] ?? 'dyn'
  const all = new Map(Object.values(scopes).flatMap(variables => Object.entries(variables)))
  const shared = Object.entries(world?.shared ?? {}).map(([name, value]) => [
    name,
    celValue(value, all.get(name) ?? 'dyn', types),
  ])
  const subjects = Object.entries(world?.subjects ?? {}).map(([scope, list]) => [
    scope,
    list.map(value => celValue(value, typeOf(scope, scope), types)),
  ])
  return { shared: Object.fromEntries(shared), subjects: Object.fromEntries(subjects) }
}

function readRule(
  rule: Expressions,
  reader: Reader,
): { readonly ready: Ready } | { readonly faults: readonly ExpressionFault[] } {
  const faults: ExpressionFault[] = []
  const read = (source: string, wanted: Wanted, place: ExpressionPlace): Understood | undefined => {
    const found = reader.read(source, wanted)
    if ('reads' in found) return found
    faults.push({ ...found, place })
    return undefined
  }
  const when = rule.when === undefined ? undefined : read(rule.when, 'truth', 'when')
  const condition = read(rule.condition, 'truth', 'condition')
  const message = rule.message.flatMap((part, index) =>
    typeof part === 'string' ? part : (read(part.expression, 'words', index) ?? []),
  )
  if (faults.length > 0 || condition === undefined) return { faults }
  return { ready: { condition, message, ...(when && { when }) } }
}

function judgeSubjects(scope: string, ready: Ready, { shared, subjects }: Values): Verdict {
  const broken: Broken[] = []
  const notKnown: Doubt[] = []
  const list = subjects[scope]
  if (list === undefined) return { kind: 'lost', why: `nothing was told of any ${scope}` }
  for (const [subject, value] of list.entries()) {
    const variables = { ...shared, [scope]: value }
    try {
      if (ready.when !== undefined && !isTrue(ready.when, variables)) continue
      if (isTrue(ready.condition, variables)) continue
      broken.push({ subject, message: messageOf(ready, variables) })
    } catch (error) {
      notKnown.push({ subject, why: evaluationProblem(error) })
    }
  }
  return { kind: 'judged', broken, notKnown }
}

const isTrue = ({ evaluate }: Understood, variables: Readonly<Record<string, unknown>>): boolean =>
  evaluate(variables) === true

/** What breaks a rule is told also where a part of the message is not known. */
function messageOf({ message }: Ready, variables: Readonly<Record<string, unknown>>): string {
  const words = (part: Understood): string => {
    try {
      return wordsOf(part.evaluate(variables)) ?? '?'
    } catch (error) {
      evaluationProblem(error)
      return '?'
    }
  }
  return message.map(part => (typeof part === 'string' ? part : words(part))).join('')
}

/** The name by which a script finds what it is to run. */
const WORK = Symbol.for('sft-catalog policy work')
const SCRIPT = new Script("globalThis[Symbol.for('sft-catalog policy work')]()")

/** Runs what may go on for ever, a regular expression too; undefined where it was ended. */
function withinDeadline<Value>(work: () => Value, timeout: number): Value | undefined {
  let value: Value | undefined
  Reflect.set(globalThis, WORK, () => {
    value = work()
  })
  try {
    SCRIPT.runInThisContext({ timeout })
    return value
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      return undefined
    throw error
  } finally {
    Reflect.deleteProperty(globalThis, WORK)
  }
}
