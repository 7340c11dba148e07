/** What is said of a catalog, and what is written into it. */
import { z } from 'zod'
import { account, address, count, flag, issue, list, maybe, said, text } from './words.ts'

/** An issue of a catalog, which has the line where it is. */
const placedIssue = issue.extend({
  source: maybe(
    z.object({
      text: text,
      length: count,
      start: maybe(count.meta({ description: 'column at which text begins' })),
    }),
  ),
})

const network = z.object({
  operatorId: text,
  sponsorId: text,
  tadig: maybe(text),
  operatorName: maybe(text),
  countryName: maybe(said("the platform's own country name")),
})

/** The answers of the commands for it; several where a command has several. */
export const CATALOG_ANSWERS = {
  validate: [z.object({ valid: flag, issues: list(placedIssue) })],
  fmt: [
    z.object({
      check: flag,
      files: count,
      changed: list(text).meta({
        description: 'files that were, or with --check are, in another form',
      }),
      issues: list(placedIssue),
    }),
  ],
  import: [
    z.object({
      written: flag,
      files: list(z.object({ path: text, text: text })),
      imported: list(z.object({ line: count, sku: text, key: text })),
      known: list(z.object({ line: count, sku: text })),
      refused: list(z.object({ line: count, sku: maybe(text), reason: text })),
      leftToLike: list(
        z.object({
          line: count,
          sku: text,
          what: list(said('what the row says, and the plan that it is like gives')),
        }),
      ),
      unused: list(text).meta({ description: 'columns that nothing was taken from' }),
    }),
  ],
  coverage: [
    z.object({
      account: maybe(account),
      whole: flag.meta({
        description: 'whether networks and zones of the account were read whole',
      }),
      zones: list(
        z.object({
          address,
          name: text,
          networks: maybe(count),
          lost: list(text),
          available: list(text),
          nearEmpty: flag,
          countries: list(said('ISO 3166-1 alpha-2 code')),
          lostCountries: list(said('of networks that it lost, and where it has none any more')),
          gainedCountries: list(said('of networks that the catalog chooses, where it has none')),
        }),
      ),
      unsold: list(z.object({ country: text, name: text, networks: count })),
      homeless: list(text),
    }),
    z.object({ networks: list(network) }),
  ],
  adopt: [
    z.object({
      account: maybe(account),
      written: flag,
      files: list(z.object({ path: text, text: text })),
      adopted: list(address),
      rejoined: list(text),
      left: list(z.object({ kind: text, what: text, why: text })),
      notes: list(text),
      remaining: list(text),
    }),
  ],
} as const
