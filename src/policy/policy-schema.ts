/** The language of a team's rules: a file of `policy/`. */
import { z } from 'zod'
import { KEY, PROSE_FORM, text } from '../catalog/language.ts'
import { isJsonObject } from '../json.ts'
import type { JsonObject } from '../model.ts'
import { oncePerKinds } from '../resources/kinds.ts'
import { scopes } from './words.ts'

/** Characters of one expression. */
const LONGEST_EXPRESSION = 4000

const expression = (description: string) =>
  text(description, { pattern: '\\S', write: 'an expression' }, LONGEST_EXPRESSION)

export const policyFile = () =>
  z
    .strictObject({
      version: z
        .literal(1)
        .meta({ description: 'Version of the language of rules.', 'x-code': 'VERSION_UNKNOWN' }),
      rules: z
        .array(
          z
            .strictObject({
              key: text('Name of the rule, unique among all of the folder.', {
                pattern: `^${KEY}$`,
                write: 'lower-case letters, digits, `-`, `_` and `.`, such as price-floor',
              }),
              description: text(
                'What the rule is for, and what to do who breaks it.',
                PROSE_FORM,
                1000,
              ),
              on: z.enum(scopes().map(({ name }) => name)).meta({
                description:
                  'What it is about: each entry of a kind, the catalog, the plan, or each change of the plan.',
              }),
              when: expression('It is about those only of which this is true.').optional(),
              condition: expression('What must be true, in CEL.'),
              message: text(
                'What is said where it is not; an expression in curly brackets after a $ is put in.',
                PROSE_FORM,
                1000,
              ),
              severity: z
                .enum(['error', 'warning'])
                .default('error')
                .meta({ description: 'error: nothing is applied. warning: it is said.' }),
            })
            .meta({ description: 'A rule.' }),
        )
        .min(1)
        .meta({ description: 'Rules of the team.' }),
    })
    .meta({ title: 'sft-catalog policy, version 1', description: 'Rules of a team.' })

/** The language as JSON Schema (draft 2020-12), for editors and for reading. */
export const policyJsonSchema: () => JsonObject = oncePerKinds(() => {
  const made: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(policyFile(), { io: 'input' })))
  if (!isJsonObject(made)) throw new TypeError('zod made a JSON Schema that is no object')
  return made
})
