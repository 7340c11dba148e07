/**
 * Version 1 of the catalog language: the types, their defaults and the JSON Schema come from these
 * declarations. They hold plain JSON types only; what spans fields or files stands in rules.ts.
 */
import { z } from 'zod'
import type { IssueCode } from '../issues.ts'
import { AMOUNT_PATTERN, DATA_VOLUME_PATTERN, SHARE_PATTERN, VALIDITY_PATTERN } from '../units.ts'

/** Form of a key. Object.prototype has a `constructor`, the only such word in lower case. */
const KEY = '(?!constructor$)[a-z0-9][a-z0-9._-]{0,99}'
const PRINTABLE = '^(?!\\s)[^\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029]+(?<!\\s)$'
/** Nobody types an invisible character into an order. */
const SKU =
  '^(?!\\s)[^\\u0000-\\u001F\\u007F-\\u00A0\\u00AD\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u2069\\uFEFF]+(?<!\\s)$'
/** The platform's names have 255 characters; a replacement adds ` (r2)`. */
const NAME = 255 - ' (r2)'.length

interface Form {
  readonly pattern: string
  /** What to write, for people: shown by `validate` and by editors. */
  readonly write: string
  readonly code?: IssueCode
}

const text = (description: string, form?: Form, maximum = 255) => {
  const base = z.string().min(1).max(maximum)
  return form === undefined
    ? base.meta({ description })
    : base.regex(new RegExp(form.pattern, 'u')).meta({
        description,
        patternErrorMessage: form.write,
        ...(form.code === undefined ? {} : { 'x-code': form.code }),
      })
}

const platformId = (description: string) =>
  text(description, { pattern: '^[^\\s|]+$', write: 'an ID of the platform, without spaces' }, 100)

const key = text(
  'Name of this entry in the catalog and in the state, unique among its kind. Renaming it needs a line in `moved`.',
  {
    pattern: `^${KEY}$`,
    write: 'lower-case letters, digits, `-`, `_` and `.`, such as europe-10gb-30d',
  },
)

const name = (description: string, maximum = 255) =>
  text(description, { pattern: PRINTABLE, write: 'one line without spaces at its ends' }, maximum)

const free = (description: string) => z.record(z.string(), z.unknown()).meta({ description })

const lifecycle = z
  .strictObject({
    preventRetire: z
      .boolean()
      .default(false)
      .meta({ description: 'true: never retired, `apply --prune` or not.' }),
  })
  .meta({ description: 'Protection of this entry.' })

const shared = {
  key,
  portal: free('Anything your portal wants to find beside the ID in the state.').optional(),
  sft: free(
    'Fields of the platform that this language does not have, added to the request body as they stand.',
  ).optional(),
  lifecycle: lifecycle.optional(),
}

const onNetworkRemoval = z.enum(['block', 'replace']).meta({
  description:
    'When a network leaves a zone of the catalog: block and say what to do in the portal, or replace the zone and the plans that use it.',
})

const roamingProfiles = z
  .array(platformId('ID of a roaming profile.'))
  .min(1)
  .meta({ description: 'IDs of the roaming profiles of endpoints.' })

const account = z
  .strictObject({
    addonServiceProfile: platformId('Service profile of add-on plans.').optional(),
    currencyId: platformId('ID of the currency of charges.').optional(),
    planType: z
      .enum(['prepaid', 'postpaid'])
      .default('prepaid')
      .meta({ description: 'Type of the add-on plans.' }),
    basePlan: platformId('ID of the base plan of endpoints.').optional(),
    apnGroup: platformId('ID of the APN group of endpoints.').optional(),
    roamingProfiles: roamingProfiles.default([]),
    destinationGroup: platformId(
      'Destination group of add-on plans; the first roaming profile where it is left out.',
    ).optional(),
    destGroupId: platformId(
      'Destination group of rate zones, where the customer profile does not tell it or tells several.',
    ).optional(),
    onNetworkRemoval: onNetworkRemoval.default('block'),
  })
  .meta({ description: 'Defaults for all that follows. Once in the whole catalog.' })

const network = z
  .union([
    text('TADIG code: this operator through every sponsor.', {
      pattern: '^[A-Za-z0-9]{5}$',
      write: 'a TADIG code of five letters and digits, such as GBRVF',
    }),
    z
      .strictObject({
        operatorId: platformId("The network's operatorId on the platform."),
        sponsorId: platformId("The network's categoryGroupId on the platform."),
      })
      .meta({ description: 'One operator through one sponsor.' }),
  ])
  .meta({ description: 'A TADIG code, or { operatorId, sponsorId }.' })

export const rateZone = z
  .strictObject({
    ...shared,
    name: name('Name on the platform, unique among zones; found again by it.', NAME),
    countries: z
      .array(text('ISO 3166-1 code or English name.', { pattern: '\\S', write: 'a country' }, 100))
      .default([])
      .meta({ description: 'Countries: every network that the account has there.' }),
    networks: z.array(network).default([]).meta({ description: 'Single networks.' }),
    exclude: z.array(network).default([]).meta({ description: 'Networks to leave out.' }),
    onNetworkRemoval: onNetworkRemoval.optional(),
  })
  .meta({ description: 'Where add-ons work: a list of networks.' })

const renewal = z
  .strictObject({
    on: z.enum(['expiry', 'exhaustion']).meta({
      description:
        'expiry: when the validity ends. exhaustion: when the data is used up or the validity ends.',
    }),
    times: z
      .int()
      .min(2)
      .max(99_999)
      .meta({ description: 'Subscriptions in all, the first one included.' }),
  })
  .meta({ description: 'The add-on subscribes itself again. Left out: one time.' })

const plansPortal = z
  .looseObject({
    sku: text('Text by which orders name the plan, unique among plans.', {
      pattern: SKU,
      write: 'visible characters, without spaces at its ends',
    }).optional(),
  })
  .meta({ description: 'Anything your portal wants to find beside the ID in the state.' })

export const addonPlan = z
  .strictObject({
    ...shared,
    portal: plansPortal.optional(),
    name: name('Name on the platform, unique among plans; found again by it.', NAME),
    description: text('Description on the platform.', undefined, 1000).optional(),
    rateZone: z
      .union([
        text('Key of a rate zone of this catalog.'),
        z
          .strictObject({ id: platformId('ID of a rate zone that is kept elsewhere.') })
          .meta({ description: 'A rate zone that this catalog does not manage.' }),
      ])
      .meta({ description: 'Key of a rate zone of this catalog, or { id: "1201" }.' }),
    data: text('Data volume: MB, GB or TB; 1 GB = 1024 MB.', {
      pattern: DATA_VOLUME_PATTERN,
      write: 'a number and MB, GB or TB, such as 10 GB or 500 MB',
      code: 'UNIT_INVALID',
    }),
    validity: text('How long it lasts from its start.', {
      pattern: VALIDITY_PATTERN,
      write: 'a whole number of days, such as 30 days',
      code: 'UNIT_INVALID',
    }),
    activation: z.enum(['first-use', 'immediate']).default('first-use').meta({
      description: 'first-use: starts at the first traffic. immediate: starts when subscribed.',
    }),
    renewal: renewal.optional(),
    charge: text("Amount charged by the platform, in the account's currency.", {
      pattern: AMOUNT_PATTERN,
      write: 'a decimal amount such as "4.50"',
      code: 'UNIT_INVALID',
    }).default('0'),
    priority: z
      .int()
      .min(1)
      .max(9999)
      .default(1)
      .meta({ description: 'Which of several add-ons is used first: 1 before 2.' }),
    serviceProfile: platformId("Overrides the account's addonServiceProfile.").optional(),
    currencyId: platformId("Overrides the account's currencyId.").optional(),
    destinationGroup: platformId("Overrides the account's destinationGroup.").optional(),
  })
  .meta({ description: 'A data package to be sold.' })

export const endpointBatch = z
  .strictObject({
    ...shared,
    tags: z
      .array(name('Tag, kept in the state.'))
      .default([])
      .meta({ description: 'Tags, kept in the state.' }),
    name: name('Template of endpoint names: {iccid}, {n} (from 1) and {batch}.').default('{iccid}'),
    iccids: z
      .array(text('ICCID of 19 or 20 digits, in quotes.', undefined, 64))
      .default([])
      .meta({ description: 'ICCIDs of the eSIMs.' }),
    iccidFile: text(
      'File of ICCIDs, relative to this file and inside the catalog: one ICCID a line, or a CSV with a column iccid.',
    ).optional(),
    basePlan: platformId("Overrides the account's basePlan.").optional(),
    apnGroup: platformId("Overrides the account's apnGroup.").optional(),
    roamingProfiles: roamingProfiles.optional(),
  })
  .meta({ description: 'Endpoints to be made in advance, one for each ICCID.' })

const movable = (description: string) =>
  text(description, {
    pattern: `^(rateZone|addonPlan)/${KEY}$`,
    write: 'rateZone/KEY or addonPlan/KEY',
    code: 'MOVED_INVALID',
  })

const moved = z
  .strictObject({ from: movable('The old address.'), to: movable('The new address.') })
  .meta({ description: 'An entry whose key was changed: same object on the platform.' })

const share = (of: string) =>
  text(`Share of the ${of} on record.`, {
    pattern: SHARE_PATTERN,
    write: 'a percentage from 0% to 100%',
    code: 'UNIT_INVALID',
  }).default('30%')

export const limits = z
  .strictObject({
    rateZones: share('rate zones'),
    addonPlans: share('add-on plans'),
    endpoints: share('endpoints'),
  })
  .meta({
    description:
      'Largest share that one plan may change or retire without --force. Once in the whole catalog.',
  })

export const catalogFile = z
  .strictObject({
    version: z
      .literal(1)
      .meta({ description: 'Version of the catalog language.', 'x-code': 'VERSION_UNKNOWN' }),
    account: account.optional(),
    rateZones: z.array(rateZone).optional(),
    addonPlans: z.array(addonPlan).optional(),
    endpointBatches: z.array(endpointBatch).optional(),
    moved: z.array(moved).optional(),
    limits: limits.optional(),
  })
  .meta({ title: 'sft-catalog, version 1', description: 'A catalog file of sft-catalog.' })

export { account as accountDefaults }
