/** What answers are said in. */
import { z } from 'zod'
import type { Json } from '../../model.ts'
import { OUTCOMES } from '../../outcome.ts'

export const text = z.string()

export const flag = z.boolean()

export const count = z.int().min(0)

/** A value of a field as it stands in a catalog, a state or an account. */
export const value = z.custom<Json>()

export const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

export const table = <Item extends z.ZodType>(item: Item) => z.record(z.string(), item).readonly()

export const maybe = <Item extends z.ZodType>(item: Item) => item.exactOptional()

export const said = (meaning: string) => text.meta({ description: meaning })

export const address = said('kind and key, or kind and ICCID: rateZone/alps')

export const isoTime = said('ISO 8601 time')

export const endpointId = said('platform ID of an endpoint')

export const uniqueId = said('unique ID of an add-on instance')

export const position = z.object({
  file: text,
  line: count.meta({ description: 'from 1' }),
  column: count.meta({ description: 'from 1' }),
})

export const issue = z.object({
  code: said('one of docs/reference/codes.md'),
  severity: z.enum(['error', 'warning']),
  message: text,
  hint: maybe(said('what to do next')),
  position: maybe(position),
  rule: maybe(
    z.object({ key: text, position }).meta({ description: 'of the team (docs/policy.md)' }),
  ),
})

export const account = z
  .object({
    host: text,
    user: text,
    targetAccountId: text.nullable(),
    state: said('where the state is'),
    environment: maybe(said('the environment that binds these')),
  })
  .meta({ description: 'which account this is about' })

export const outcome = z.enum(Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[])
