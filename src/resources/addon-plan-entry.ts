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
  refused,
  shared,
  TYPED_FORM,
  text,
} from '../catalog/language.ts'
import type { OwnedFields } from '../catalog/owned-fields.ts'
import { isJsonObject, objectOf, textOf } from '../json.ts'
import type { Entry, Json, JsonObject } from '../model.ts'
import { normaliseName } from '../names.ts'
import { SENT_PLAN_FIELDS } from '../plan-words.ts'
import {
  AMOUNT_PATTERN,
  formatSpeed,
  PLAN_DATA_PATTERN,
  parseAmount,
  parsePlanData,
  parseSpeed,
  parseValidity,
  SPEED_PATTERN,
  VALIDITY_PATTERN,
  type Validity,
  validityParts,
} from '../units.ts'
import type { LikeTemplate } from './addon-plan-like.ts'
import type { CatalogPart, PlanSettings, WireNeed } from './catalog-part.ts'
import { checkPrices, pricesSchema } from './prices.ts'

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
  readonly times: number | 'unlimited'
}

export interface AddonPlanEntry extends Entry {
  readonly name: string
  readonly description?: string
  /** A zone of this catalog by its key, or one kept elsewhere by its ID. */
  readonly rateZone: { readonly key: string } | { readonly id: string }
  /** What is left out here and below comes from the template that `like` names. */
  readonly dataMB?: number | 'unlimited'
  /** The data is given anew each day. */
  readonly dataPer?: 'day'
  readonly smsCount?: number
  /** Speed that is left once the data is used up. */
  readonly throttleKbps?: number
  /** Days as a number; else `1 month`, `2 years`, `unlimited`. */
  readonly validityDays?: Validity
  readonly activation?: Activation
  /** Absent: one time, or as the template has it. */
  readonly renewal?: Renewal
  /** Decimal amount as text, in the account's currency. */
  readonly charge?: string
  /** The same, charged again at each renewal of the platform. */
  readonly recurringCharge?: string
  readonly priority?: number
  readonly like?: LikeTemplate
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
    times: z.union([z.int().min(2).max(99_999), z.literal('unlimited')]).meta({
      description:
        'Subscriptions in all, the first one included: 2 to 99,999, or unlimited, which needs account.wire.',
    }),
  })
  .meta({ description: 'The add-on subscribes itself again. Left out: one time.' })

const likeSchema = z
  .strictObject({
    planId: platformId('ID of the plan.').optional(),
    name: name('Name of the plan, which may be the same in several accounts.', NAME).optional(),
    copy: z
      .int()
      .min(1)
      .max(9999)
      .default(1)
      .meta({ description: 'A higher number takes the plan as it is now: a new revision.' }),
    except: z
      .array(text('Path of a field, such as basicInfo.FIELD.'))
      .default([])
      .meta({ description: 'Fields of the plan that are not taken.' }),
  })
  .meta({
    description:
      'Another plan of the account, by planId or name: what this entry does not say is taken from it.',
  })

const plansPortal = z
  .looseObject({
    sku: text('Text by which orders name the plan, unique among plans.', TYPED_FORM).optional(),
    prices: pricesSchema.optional(),
  })
  .meta({ description: 'Anything your portal wants to find beside the ID in the state.' })

const data = text(
  'Data: MB, GB or TB in all or a day, or unlimited; 1 GB = 1024 MB, 1 TB = 1024 GB, and it comes to whole MB. Required, here or in benefits, without like. By the day and unlimited need account.wire.',
  {
    pattern: PLAN_DATA_PATTERN,
    write: 'a number and MB, GB or TB, such as 10 GB, 500 MB or 1 GB a day, or unlimited',
    code: 'UNIT_INVALID',
  },
)

const benefits = z
  .strictObject({
    data: data.optional(),
    sms: z
      .int()
      .min(1)
      .max(999_999)
      .optional()
      .meta({ description: 'Messages that it grants, beside data. They need account.wire.' }),
    minutes: refused(
      'the platform has no voice service (contract 6: DATA, SMS-MO, SMS-MT and NB-IoT): leave minutes out',
    ),
  })
  .meta({ description: 'What it grants, in place of data, where it is more than that.' })

const amount = (description: string) =>
  text(description, {
    pattern: AMOUNT_PATTERN,
    write: 'a decimal amount such as "4.50"',
    code: 'UNIT_INVALID',
  })

const schema = z
  .strictObject({
    ...shared,
    portal: plansPortal.optional(),
    name: name('Name on the platform, unique among plans; found again by it.', NAME),
    description: text(
      'Description on the platform. Without one, what the account has is not managed; taken out again, the last one stays there.',
      PROSE_FORM,
      1000,
    ).optional(),
    rateZone: z
      .union([
        text('Key of a rate zone of this catalog.'),
        z
          .strictObject({ id: platformId('ID of a rate zone that is kept elsewhere.') })
          .meta({ description: 'A rate zone that this catalog does not manage.' }),
      ])
      .meta({ description: 'Key of a rate zone of this catalog, or { id: "1201" }.' }),
    data: data.optional(),
    benefits: benefits.optional(),
    throttle: text(
      'Speed that is left once the data (of the day) is used up; of unlimited data, its speed. 1 Mbps = 1000 kbps. It needs account.wire.',
      {
        pattern: SPEED_PATTERN,
        write: 'a speed in kbps or Mbps, such as 512 kbps',
        code: 'UNIT_INVALID',
      },
    ).optional(),
    validity: text(
      'How long it lasts from its start: 1 to 99,999. Required without like. Months and years go by the calendar; they and unlimited need account.wire.',
      {
        pattern: VALIDITY_PATTERN,
        write: 'a whole number of days, months or years, such as 30 days or 1 month, or unlimited',
        code: 'UNIT_INVALID',
      },
    ).optional(),
    activateWithin: refused(
      'the platform has nothing that ends an add-on which was not started (contract 4.4): leave it out and say it in your portal, or build one such plan there and name it under like:',
    ),
    activation: z.enum(['first-use', 'immediate']).default('first-use').meta({
      description: 'first-use: starts at the first traffic. immediate: starts when subscribed.',
    }),
    renewal: renewal.optional(),
    charge: amount(
      "Amount charged by the platform, in the account's currency, at most four decimal places; 4.50 and 4.5 are the same.",
    ).default('0'),
    recurringCharge: amount(
      'Amount charged again and again by the platform, beside the charge. It needs account.wire.',
    ).optional(),
    priority: z.int().min(1).max(9999).default(1).meta({
      description: 'Which of several add-ons of an endpoint is used first: 1 before 2; 1 to 9,999.',
    }),
    like: likeSchema.optional(),
    serviceProfile: platformId("Overrides the account's addonServiceProfile.").optional(),
    currencyId: platformId("Overrides the account's currencyId.").optional(),
    destinationGroup: platformId("Overrides the account's destinationGroup.").optional(),
  })
  .meta({ description: 'A data package to be sold.' })

function buildAddonPlan(draft: Draft): AddonPlanEntry {
  const plan = schema.parse(draft.raw)
  const zone = plan.rateZone
  // With a template, what is not written is the template's and not a default.
  const says = (field: string) => plan.like === undefined || draft.raw[field] !== undefined
  return {
    ...entryOf(draft, plan),
    name: normaliseName(plan.name),
    rateZone: typeof zone === 'string' ? { key: zone } : zone,
    ...dataOf(plan.data ?? plan.benefits?.data),
    ...defined({
      validityDays:
        plan.validity === undefined
          ? undefined
          : (parseValidity(plan.validity) ?? cannotBe(`validity ${plan.validity}`)),
      activation: says('activation') ? plan.activation : undefined,
      charge: says('charge')
        ? (parseAmount(plan.charge) ?? cannotBe(`charge ${plan.charge}`))
        : undefined,
      priority: says('priority') ? plan.priority : undefined,
      like: likeOf(plan.like),
      description: plan.description,
      renewal: plan.renewal,
      smsCount: plan.benefits?.sms,
      throttleKbps: plan.throttle === undefined ? undefined : parseSpeed(plan.throttle),
      recurringCharge:
        plan.recurringCharge === undefined ? undefined : parseAmount(plan.recurringCharge),
      serviceProfile: plan.serviceProfile,
      currencyId: plan.currencyId,
      destinationGroup: plan.destinationGroup,
    }),
  }
}

function likeOf(like: z.output<typeof likeSchema> | undefined): LikeTemplate | undefined {
  if (like === undefined) return undefined
  const { planId, name, copy, except } = like
  return {
    ...(planId !== undefined && { planId }),
    ...(name !== undefined && { name: normaliseName(name) }),
    copy,
    except,
  }
}

function dataOf(written: string | undefined): Pick<AddonPlanEntry, 'dataMB' | 'dataPer'> {
  if (written === undefined) return {}
  const { megabytes, per } = parsePlanData(written) ?? cannotBe(`data ${written}`)
  return { dataMB: megabytes, ...(per !== undefined && { dataPer: per }) }
}

function checkAddonPlan(plan: Draft, log: IssueLog): void {
  checkSku(plan, log)
  checkPrices(plan, log)
  checkData(plan, log)
  checkLike(plan, log)
}

/** That a template is named in one way, and that without one the validity is there. */
function checkLike(plan: Draft, log: IssueLog): void {
  const like = plan.raw['like']
  if (like === undefined) {
    if (plan.raw['validity'] === undefined)
      reportAt(log, plan, [], {
        code: 'REQUIRED',
        message: 'this add-on plan needs validity',
        hint: 'add validity: how long it lasts from its start, such as 30 days',
      })
    return
  }
  const { planId, name } = objectOf(like)
  if ((planId === undefined) === (name === undefined))
    reportAt(log, plan, ['like'], {
      code: 'SCHEMA',
      message: `like names a plan by planId or by name${planId === undefined ? '' : ', not by both'}`,
      hint: 'planId is of one account; a name may be the same in several',
    })
}

/** Why a plan of SMS alone is not made (contract 4.4, 4.11, U15). */
export const WITHOUT_DATA =
  'where a plan works and how much of it is used are read from its data, and no plan of SMS alone was ever seen on the platform'

/** That the data stands in one place, and comes to whole MB. */
function checkData(plan: Draft, log: IssueLog): void {
  const benefits = objectOf(plan.raw['benefits'])
  const written = plan.raw['data'] !== undefined
  const within = benefits['data'] !== undefined
  if (!written && !within && plan.raw['like'] === undefined) {
    const isSmsOnly = benefits['sms'] !== undefined
    reportAt(log, plan, plan.raw['benefits'] === undefined ? [] : ['benefits'], {
      code: 'REQUIRED',
      message: `this add-on plan needs data${isSmsOnly ? `: ${WITHOUT_DATA}` : ''}`,
      hint: isSmsOnly
        ? 'add data beside the SMS, were it 1 MB: benefits: { data: 1 MB, sms: … }'
        : 'add data, such as 10 GB, 1 GB a day or unlimited; beside SMS it may stand in benefits',
    })
  }
  if (written && within)
    reportAt(log, plan, ['benefits', 'data'], {
      code: 'SCHEMA',
      message: 'data stands twice, by itself and in benefits',
      hint: 'keep one of the two',
    })
  for (const path of [['data'], ['benefits', 'data']]) {
    const data = textOf(path.length === 1 ? plan.raw['data'] : benefits['data'])
    const isForm = data !== undefined && new RegExp(PLAN_DATA_PATTERN).test(data)
    if (isForm && parsePlanData(data) === undefined)
      reportAt(log, plan, path, {
        code: 'UNIT_INVALID',
        message: `${data} is not a whole number of MB above 0`,
        hint: '1 GB is 1024 MB; the platform counts data in whole MB',
      })
  }
}

/** What of an entry takes a wire value that is not known before somebody set it (contract 7, U11, U15, U17). */
function wireNeeds(plan: AddonPlanEntry): readonly WireNeed[] {
  const { dataMB, dataPer, smsCount, throttleKbps, recurringCharge, renewal } = plan
  const data = plan.positions['benefits.data'] === undefined ? 'data' : 'benefits.data'
  const needs: readonly (WireNeed | false)[] = [
    dataMB === 'unlimited' && {
      field: data,
      setting: ['unlimited-data'],
      what: 'data without an end',
      example: 'unlimited-data: { benefit.FIELD: "…" }',
    },
    dataPer === 'day' && {
      field: data,
      setting: ['daily-data'],
      what: 'data that is given anew each day',
      example: 'daily-data: { benefit.FIELD: "…" }',
    },
    smsCount !== undefined && {
      field: 'benefits.sms',
      setting: ['benefit-id', 'sms'],
      what: 'SMS',
      example: 'benefit-id: { sms: "…" }',
    },
    throttleKbps !== undefined && {
      field: 'throttle',
      setting: ['throttle', formatSpeed(throttleKbps)],
      what: `${formatSpeed(throttleKbps)} after the data`,
      example: `throttle: { ${formatSpeed(throttleKbps)}: { basicInfo.FIELD: "…" } }`,
    },
    plan.validityDays !== undefined && validityNeed(plan.validityDays),
    renewal?.times === 'unlimited' && {
      field: 'renewal.times',
      setting: ['unlimited-renewals'],
      what: 'renewals without an end',
      example: 'unlimited-renewals: "…"',
    },
    recurringCharge !== undefined && {
      field: 'recurringCharge',
      setting: ['recurring-charge'],
      what: 'a recurring charge',
      example: 'recurring-charge: { charge.FIELD: "…" }',
    },
  ]
  return needs.filter(need => need !== false)
}

/**
 * What of `sft:` the account's settings make a field of the entry: what one of them means that the entry says, and what
 * has the value of any, which would be read as what the entry does not say.
 */
function wireOwned(plan: AddonPlanEntry, settings: PlanSettings): OwnedFields {
  const fieldsOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {})
  const benefits = fieldsOf(settings['benefit-id'])
  const { throttleKbps, dataMB, dataPer, recurringCharge, sft = {} } = plan
  const meanings: readonly (readonly [says: boolean, fields: unknown])[] = [
    ...Object.values(fieldsOf(settings.throttle)).map(
      fields => [throttleKbps !== undefined, fields] as const,
    ),
    [dataMB === 'unlimited', settings['unlimited-data']],
    [dataPer === 'day', settings['daily-data']],
    [recurringCharge !== undefined, settings['recurring-charge']],
  ]
  const paths = meanings.flatMap(([says, fields]) =>
    Object.entries(fieldsOf(fields)).flatMap(([path, value]) =>
      says || textOf(valueAt(sft, path)) === String(value) ? path : [],
    ),
  )
  return {
    into: 'Request.plan',
    paths: [...new Set(paths)],
    items: [benefits['data'], benefits['sms']].flatMap(value =>
      value === undefined ? [] : [{ list: 'benefit', field: 'benefitId', value: String(value) }],
    ),
  }
}

const valueAt = (sft: JsonObject, path: string): Json | undefined =>
  path
    .split('.')
    .reduce<Json | undefined>((at, step) => (isJsonObject(at) ? at[step] : undefined), sft)

function validityNeed(validity: Validity): WireNeed | false {
  const unit = validityParts(validity)?.unit ?? 'unlimited'
  return (
    unit !== 'days' && {
      field: 'validity',
      setting: ['validity-type', unit],
      what: unit === 'unlimited' ? 'a validity without an end' : `a validity in ${unit}`,
      example: `validity-type: { ${unit}: "…" }`,
    }
  )
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
    'benefits',
    'throttle',
    'validity',
    'activation',
    'renewal',
    'charge',
    'recurringCharge',
    'priority',
    'like',
    'serviceProfile',
    'currencyId',
    'destinationGroup',
  ],
  // Body of CreatePlan (contract 4.4).
  owned: {
    into: 'Request.plan',
    paths: SENT_PLAN_FIELDS,
    items: [{ list: 'benefit', field: 'benefitId', value: '1' }],
  },
  unique: [{ path: ['portal', 'sku'], what: 'SKU', code: 'DUPLICATE_SKU' }],
  settings: [
    { field: 'serviceProfile', sources: ['addonServiceProfile'] },
    { field: 'currencyId', sources: ['currencyId'] },
    { field: 'destinationGroup', sources: ['destinationGroup', 'roamingProfiles'] },
  ],
  wireNeeds,
  wireOwned,
  check: checkAddonPlan,
  build: buildAddonPlan,
}
