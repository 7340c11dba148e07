/** An add-on plan as it stands in the catalog. */
import { z } from 'zod'
import { type Draft, reportAt } from '../catalog/drafts.ts'
import { cannotBe, defined, entryOf } from '../catalog/entry.ts'
import type { IssueLog, Problem } from '../catalog/issue-log.ts'
import {
  NAME,
  name,
  PROSE_FORM,
  platformId,
  shared,
  TYPED_FORM,
  text,
} from '../catalog/language.ts'
import { objectOf, textOf } from '../json.ts'
import type { Entry } from '../model.ts'
import { normaliseName } from '../names.ts'
import {
  AMOUNT_PATTERN,
  DATA_VOLUME_PATTERN,
  parseAmount,
  parseDataVolume,
  parseValidity,
  VALIDITY_PATTERN,
} from '../units.ts'
import type { CatalogPart } from './catalog-part.ts'

/** The kind by its names. */
export const ADDON_PLAN = {
  kind: 'addonPlan',
  title: 'add-on plan',
  plural: 'add-on plans',
} as const

export type Activation = 'first-use' | 'immediate'
export interface Renewal {
  readonly on: 'expiry' | 'exhaustion'
  /** Subscriptions in all, the first one included (contract 7). */
  readonly times: number
}

export interface AddonPlanEntry extends Entry {
  readonly name: string
  readonly description?: string
  /** A zone of this catalog by its key, or one kept elsewhere by its ID. */
  readonly rateZone: { readonly key: string } | { readonly id: string }
  readonly dataMB: number
  readonly validityDays: number
  readonly activation: Activation
  readonly renewal?: Renewal
  /** Decimal amount as text, in the account's currency. */
  readonly charge: string
  readonly priority: number
  /** Overrides of the account's defaults. */
  readonly serviceProfile?: string
  readonly currencyId?: string
  readonly destinationGroup?: string
}

declare module '../model.ts' {
  interface Catalog {
    readonly addonPlans: readonly AddonPlanEntry[]
  }
}

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
    sku: text('Text by which orders name the plan, unique among plans.', TYPED_FORM).optional(),
  })
  .meta({ description: 'Anything your portal wants to find beside the ID in the state.' })

const schema = z
  .strictObject({
    ...shared,
    portal: plansPortal.optional(),
    name: name('Name on the platform, unique among plans; found again by it.', NAME),
    description: text('Description on the platform.', PROSE_FORM, 1000).optional(),
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

function buildAddonPlan(draft: Draft): AddonPlanEntry {
  const plan = schema.parse(draft.raw)
  const zone = plan.rateZone
  return {
    ...entryOf(draft, plan),
    name: normaliseName(plan.name),
    rateZone: typeof zone === 'string' ? { key: zone } : zone,
    dataMB: parseDataVolume(plan.data) ?? cannotBe(`data ${plan.data}`),
    validityDays: parseValidity(plan.validity) ?? cannotBe(`validity ${plan.validity}`),
    activation: plan.activation,
    charge: parseAmount(plan.charge) ?? cannotBe(`charge ${plan.charge}`),
    priority: plan.priority,
    ...defined({
      description: plan.description,
      renewal: plan.renewal,
      serviceProfile: plan.serviceProfile,
      currencyId: plan.currencyId,
      destinationGroup: plan.destinationGroup,
    }),
  }
}

function checkAddonPlan(plan: Draft, log: IssueLog): void {
  checkSku(plan, log)
  const data = textOf(plan.raw['data'])
  if (data !== undefined && new RegExp(DATA_VOLUME_PATTERN).test(data)) {
    if (parseDataVolume(data) === undefined) {
      reportAt(log, plan, ['data'], {
        code: 'UNIT_INVALID',
        message: `${data} is not a whole number of MB above 0`,
        hint: '1 GB is 1024 MB; the platform counts data in whole MB',
      })
    }
  }
}

/** `SKU:` would be kept for the portal like any other field, and nothing could be sold by it. */
function checkSku(plan: Draft, log: IssueLog): void {
  for (const field of Object.keys(objectOf(plan.raw['portal']))) {
    if (field === 'sku' || normaliseName(field).toLowerCase() !== 'sku') continue
    const problem: Problem = {
      code: 'UNKNOWN_KEY',
      message: `orders name a plan by portal.sku, and this is ${JSON.stringify(field)}`,
      hint: 'write sku in lower case',
    }
    reportAt(log, plan, ['portal', field], problem, 'key')
  }
}

/** Add-on plans in the catalog. */
export const addonPlanPart: CatalogPart<AddonPlanEntry> = {
  section: 'addonPlans',
  title: ADDON_PLAN.title,
  plural: ADDON_PLAN.plural,
  schema,
  fieldOrder: [
    'key',
    'name',
    'description',
    'rateZone',
    'data',
    'validity',
    'activation',
    'renewal',
    'charge',
    'priority',
    'serviceProfile',
    'currencyId',
    'destinationGroup',
  ],
  // Body of CreatePlan (contract 4.4).
  owned: {
    into: 'Request.plan',
    paths: [
      'basicInfo.planId',
      'basicInfo.planName',
      'basicInfo.planCategory',
      'basicInfo.planDescription',
      'basicInfo.planType',
      'basicInfo.serviceProfile',
      'basicInfo.currencyId',
      'basicInfo.destinationGroup',
      'basicInfo.planStatus',
      'basicInfo.addOnPriority',
      'charge',
      'subscription.reSubscription',
      'subscription.reSubscriptionRule',
      'subscription.occurrences',
      'subscription.activatedBy',
      'validity.validityType',
      'validity.validityFactor',
    ],
    items: [{ list: 'benefit', field: 'benefitId', value: '1' }],
  },
  unique: [{ path: ['portal', 'sku'], what: 'SKU', code: 'DUPLICATE_SKU' }],
  settings: [
    { field: 'serviceProfile', sources: ['addonServiceProfile'] },
    { field: 'currencyId', sources: ['currencyId'] },
    { field: 'destinationGroup', sources: ['destinationGroup', 'roamingProfiles'] },
  ],
  check: checkAddonPlan,
  build: buildAddonPlan,
}
