/**
 * Expressions of rules: read, typed and evaluated as CEL. Only the process that evaluates imports this file, since
 * an expression may be made to take all the time and memory that there is.
 */
import {
  type ASTNode,
  Environment,
  EvaluationError,
  ParseError,
  TypeError as TypingError,
} from '@marcbachmann/cel-js'
import { nearestOf } from '../nearest.ts'
import type { ExpressionFault } from './job.ts'
import type { Fields } from './words.ts'

/** A mistake in an expression, with its place in it. */
type Fault = Omit<ExpressionFault, 'place'>

/** An expression that was understood. */
export interface Understood {
  /** Evaluates; throws an `EvaluationError` for what is not known or cannot be done. */
  readonly evaluate: (variables: Readonly<Record<string, unknown>>) => unknown
  /** Fields of the scope's own variable that it asks for, in their order. */
  readonly reads: readonly string[]
}

/** What an expression is to give: true or false, or what can stand in a message. */
export type Wanted = 'truth' | 'words'

/** Reads expressions of one scope. */
export interface Reader {
  read(source: string, wanted: Wanted): Understood | Fault
}

/** Far above what a rule for people takes. */
const LIMITS = {
  maxAstNodes: 2_000,
  maxDepth: 64,
  maxListElements: 1_000,
  maxMapEntries: 100,
  maxCallArguments: 16,
}

const WORDS = /^(string|int|uint|double|bool|dyn|list<(string|int|double|bool|dyn)>)$/

/** A reader for a scope: its variables with their types, and what the types have. */
export function openReader(
  scope: string,
  variables: Readonly<Record<string, string>>,
  types: Readonly<Record<string, Fields>>,
): Reader {
  const environment = new Environment({ limits: LIMITS, homogeneousAggregateLiterals: false })
  // Types come before those that have them.
  for (const [name, fields] of Object.entries(types))
    environment.registerType(name, {
      fields: Object.fromEntries(Object.entries(fields).map(([field, { type }]) => [field, type])),
    })
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type)
  // `has` of the library takes any field, one that does not exist too: a misspelt one would never be there.
  const strict = environment.clone()
  strict.registerFunction(`${STRICT_HAS}(ast): bool`, strictHas)
  const knownNames = [...Object.keys(variables), ...Object.values(types).flatMap(Object.keys)]
  const faultOf = (error: unknown): Fault => {
    if (!(error instanceof ParseError || error instanceof TypingError)) throw error
    const { start = 0, end = start } = error.range ?? {}
    return { message: `${plainly(error.summary)}${meant(error, knownNames)}`, start, end }
  }
  return {
    read(source, wanted) {
      try {
        const parsed = environment.parse(source)
        const nodes = [...nodesOf(parsed.ast)]
        const bytes = nodes.find(isBytes)
        if (bytes !== undefined)
          return { message: 'bytes are not part of rules', ...rangeOf(bytes) }
        const { valid, type = '', error } = strict.check(withStrictHas(source, nodes))
        if (!valid) return faultOf(error)
        const fits = wanted === 'truth' ? type === 'bool' : WORDS.test(type)
        if (!fits)
          return {
            message: `this is ${type}, and must be ${wanted === 'truth' ? 'true or false (bool)' : 'text, a number, true or false, or a list of them'}`,
            start: 0,
            end: source.length,
          }
        return { evaluate: context => parsed(context), reads: readsOf(nodes, scope) }
      } catch (error) {
        return faultOf(error)
      }
    },
  }
}

/** Why an expression could not be evaluated, for people. */
export function evaluationProblem(error: unknown): string {
  if (error instanceof EvaluationError) return plainly(error.summary)
  // A list or a text of the expression's own making that is larger than any may be.
  if (error instanceof RangeError) return 'it makes something too large'
  throw error
}

const plainly = (summary: string): string => {
  const missing = /^No such key: (.*)$/.exec(summary)?.[1]
  if (missing !== undefined) return `there is no ${missing}`
  return summary.charAt(0).toLowerCase() + summary.slice(1)
}

/** The name that a misspelt one most likely stands for. */
function meant({ summary }: { readonly summary: string }, known: readonly string[]): string {
  const name = /^(?:No such key|Unknown variable): (.*)$/.exec(summary)?.[1]
  const near = name === undefined ? undefined : nearestOf(name, known)
  return near === undefined ? '' : `; did you mean ${near}?`
}

/** As long as `has`, so that places stay what they are. */
const STRICT_HAS = 'hAs'

/** What the library hands to a macro when types are checked. */
interface TypeChecker {
  check(node: ASTNode, context: unknown): unknown
  getType(name: string): unknown
}

const strictHas = ({ args }: { readonly args: readonly ASTNode[] }) => ({
  typeCheck(checker: TypeChecker, _macro: unknown, context: unknown) {
    for (const node of args) checker.check(node, context)
    return checker.getType('bool')
  },
  evaluate: () => false,
})

function withStrictHas(source: string, nodes: readonly ASTNode[]): string {
  const starts = nodes.filter(node => nameOfCall(node) === 'has').map(node => node.start)
  return starts.reduce(
    (text, start) => `${text.slice(0, start)}${STRICT_HAS}${text.slice(start + STRICT_HAS.length)}`,
    source,
  )
}

/** Bytes lie outside of the memory that the process is bounded in. */
const isBytes = (node: ASTNode): boolean =>
  nameOfCall(node) === 'bytes' || node.args instanceof Uint8Array

function nameOfCall(node: ASTNode): string | undefined {
  if (node.op !== 'call' || !Array.isArray(node.args)) return undefined
  const name: unknown = node.args[0]
  return typeof name === 'string' ? name : undefined
}

/** Fields of a variable, each once. */
function readsOf(nodes: readonly ASTNode[], variable: string): readonly string[] {
  const fields = nodes.flatMap(node => {
    if (node.op !== '.' || !Array.isArray(node.args)) return []
    const [of, field]: readonly unknown[] = node.args
    const isOwn = isNode(of) && of.op === 'id' && of.args === variable
    return isOwn && typeof field === 'string' ? [field] : []
  })
  return [...new Set(fields)]
}

function* nodesOf(part: unknown): Generator<ASTNode> {
  if (Array.isArray(part)) {
    for (const item of part) yield* nodesOf(item)
    return
  }
  if (!isNode(part)) return
  yield part
  yield* nodesOf(part.args)
}

const isNode = (part: unknown): part is ASTNode =>
  typeof part === 'object' && part !== null && 'op' in part && 'args' in part

const rangeOf = ({ start, end }: ASTNode) => ({ start, end })
