/**
 * What `--json` answers, command by command: the types that the commands are held to, and the JSON Schema
 * that is published, of one declaration.
 */
import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { JSON_FORMATS, type JsonCommand } from './formats.ts'
import { ACCOUNT_ANSWERS } from './outputs/account.ts'
import { CATALOG_ANSWERS } from './outputs/catalog.ts'
import { PLAN_ANSWERS, planFields } from './outputs/plan.ts'
import { SALE_ANSWERS } from './outputs/sale.ts'
import { STOCK_ANSWERS } from './outputs/stock.ts'
import { STORE_ANSWERS } from './outputs/store.ts'
import { count, list, maybe, outcome, text } from './outputs/words.ts'

/** The fields that each command answers with; several where it has several answers. */
const ANSWERS = {
  ...PLAN_ANSWERS,
  ...CATALOG_ANSWERS,
  ...SALE_ANSWERS,
  ...STOCK_ANSWERS,
  ...ACCOUNT_ANSWERS,
  ...STORE_ANSWERS,
} as const satisfies Readonly<Record<JsonCommand, readonly z.ZodType[]>>

/** A plan of others' making, as `plan --json` has it; the reason where it is none. */
export function readPlanJson(
  value: unknown,
): { readonly plan: JsonAnswer<'plan'> } | { readonly plan?: never; readonly why: string } {
  const { data, error } = planFields.safeParse(value)
  if (data !== undefined) return { plan: data }
  const [issue] = error.issues
  return { why: `${issue?.path.join('.')}: ${issue?.message}` }
}

/** What a command answers with, beside the envelope. */
export type JsonAnswer<Name extends JsonCommand> = z.infer<(typeof ANSWERS)[Name][number]>

/** How every answer begins, whatever the command and however it ended. */
const envelopeOf = (command: JsonCommand) => ({
  format: z.literal(JSON_FORMATS[command]).meta({ description: 'version of this answer' }),
  command: z.literal(command),
  outcome: outcome.meta({ description: 'what it came to' }),
  exitCode: count.meta({ description: 'what the process ends with' }),
})

const messages = list(text).meta({ description: 'the lines of stderr' })

/**
 * What `sft-catalog COMMAND --json` writes, as JSON Schema (draft 2020-12). What is added later is allowed for;
 * with `exact` it is refused, which is for tests of the commands.
 *
 * @example
 * const schema = outputSchema('plan')
 */
export function outputSchema(
  command: JsonCommand,
  { exact = false }: { readonly exact?: boolean } = {},
): JsonObject {
  const envelope = envelopeOf(command)
  const answers: readonly z.ZodObject[] = ANSWERS[command]
  const all = z
    .union([
      ...answers.map(fields => fields.extend({ ...envelope, messages: maybe(messages) })),
      z.object({ ...envelope, messages }).meta({ description: 'it ended before it had data' }),
    ])
    .meta({ title: `sft-catalog ${command} --json, format ${JSON_FORMATS[command]}` })
  const schema = z.toJSONSchema(all, {
    unrepresentable: 'any',
    io: exact ? 'output' : 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly
    },
  })
  // Through JSON, since zod's own type of it allows what JSON does not have.
  const made: unknown = JSON.parse(JSON.stringify(schema))
  if (!isJsonObject(made)) throw new TypeError('zod made a JSON Schema that is no object')
  return made
}
