/** What was seen of an account. */
import { z } from 'zod'
import { account, count, list, maybe, said, table, text, value } from './words.ts'

const verdict = z.object({
  id: said('an assumption of docs/wire.md'),
  contract: text,
  assumed: text,
  verdict: z.enum(['confirmed', 'contradicted', 'untested', 'unseen']),
  message: text,
  otherwise: text,
  set: maybe(z.union([z.object({ wire: table(value) }), z.object({ text })])),
})

const seenValue = z.object({
  value: said('as the platform writes it'),
  name: maybe(said('what the account calls it')),
  meaning: maybe(said('what the catalog calls it')),
  write: maybe(said('what to write under account: if that is what it means')),
  seen: list(z.object({ where: text, count, examples: list(text) })),
})

const accountSettings = z.object({
  setting: z.enum([
    'addonServiceProfile',
    'currencyId',
    'planType',
    'basePlan',
    'apnGroup',
    'roamingProfiles',
    'destinationGroup',
    'destGroupId',
  ]),
  values: list(seenValue),
  notKnown: maybe(said('why there may be more, or why nothing is known')),
  catalog: maybe(
    list(z.object({ value: text, agreement: z.enum(['seen', 'not seen', 'not known']) })),
  ),
})

/** The answers of the commands for it; several where a command has several. */
export const ACCOUNT_ANSWERS = {
  account: [
    z.object({
      account: maybe(account),
      settings: list(accountSettings),
      fields: list(z.object({ field: text, values: list(seenValue), more: maybe(count) })).meta({
        description: 'fields of add-on plans, by their path on the wire',
      }),
      notKnown: maybe(said('why fields may say less than there is')),
    }),
  ],
  doctor: [
    z.object({
      account: maybe(account),
      verdicts: list(verdict),
      failures: list(text),
      wire: table(value),
      accepted: list(text),
    }),
  ],
} as const
