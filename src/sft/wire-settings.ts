import { z } from 'zod'
import {
  FIELD_PATH_PATTERN,
  type FieldValues,
  PLAN_SETTING_VALUES,
  type PlanSetting,
} from '../plan-words.ts'
import { parseSpeed } from '../units.ts'
import { WIRE_ASSUMPTIONS } from './assumptions.ts'
import { OPERATIONS } from './operations.ts'
import { keptField } from './plan-fields.ts'
import type { WireForm } from './wire-form.ts'

const value = z.union([z.string().min(1), z.int().transform(String)])
const values = <Name extends string>(...names: readonly Name[]) =>
  z
    .strictObject(
      Object.fromEntries(names.map(name => [name, value.optional()])) as Record<
        Name,
        z.ZodOptional<typeof value>
      >,
    )
    .optional()
const codes = z.array(value).optional()
const fieldValues = (saysVolume: boolean) =>
  z.record(z.string(), value).superRefine((fields, context) => {
    const strange = Object.keys(fields).find(path => !new RegExp(FIELD_PATH_PATTERN).test(path))
    if (strange !== undefined)
      context.addIssue({ code: 'custom', message: `${strange} is no field of a plan` })
    const kept = keptField(fields as FieldValues, saysVolume)
    if (kept !== undefined)
      context.addIssue({ code: 'custom', message: `${kept} is sent from what the catalog says` })
    if (Object.keys(fields).length === 0)
      context.addIssue({ code: 'custom', message: 'name a field with its value' })
  })
const operation = z.enum(Object.keys(OPERATIONS) as [keyof typeof OPERATIONS])

/**
 * What an account has for what plans say. Of what has no assumed value here nothing is known: plans that say it
 * are refused until it is set.
 */
const PLAN_OVERRIDES = {
  'validity-type': values(...PLAN_SETTING_VALUES['validity-type']),
  'benefit-id': values(...PLAN_SETTING_VALUES['benefit-id']),
  /** The occurrences of a plan that renews itself without an end. */
  'unlimited-renewals': value.optional(),
  'unlimited-data': fieldValues(true).optional(),
  'daily-data': fieldValues(false).optional(),
  /** By the speed. */
  throttle: z
    .record(z.string(), fieldValues(false))
    .superRefine((speeds, context) => {
      const strange = Object.keys(speeds).find(speed => parseSpeed(speed) === undefined)
      if (strange !== undefined)
        context.addIssue({ code: 'custom', message: `${strange} is no speed such as 512 kbps` })
    })
    .optional(),
  'recurring-charge': fieldValues(false).optional(),
} as const satisfies Readonly<Record<PlanSetting, z.ZodType>>

/**
 * What differs on an account whose wire is not as assumed: a key is the ID of an assumption
 * (docs/wire.md), apart from `query`. `sft-catalog doctor` says what to set.
 */
const OVERRIDES = z.strictObject({
  'plan-type': values('prepaid', 'postpaid'),
  'activated-by': values('first-use', 'immediate'),
  'renewal-rule': values('expiry', 'exhaustion'),
  'one-time': values('reSubscription', 'occurrences', 'renewing'),
  ...PLAN_OVERRIDES,
  'plan-status': values('active', 'inactive'),
  'zone-status': values('active'),
  /** What totalCount says in CreatePlan; null: it is not sent. */
  'total-count': value.nullable().optional(),
  /** Texts of fetchSIM. */
  'sim-status': values('ready', 'pre-active', 'active', 'suspended'),
  /** IDs of the query for sellable SIMs. */
  'sellable-query': values('simStatusId', 'simAttachStatusId'),
  'lifecycle-codes': values('active', 'suspended', 'reason'),
  'date-form': z.enum(['day-first', 'month-first']).optional(),
  /** Unit of the value of a data benefit. */
  'plan-units': z.enum(['bytes', 'KB', 'MB', 'GB']).optional(),
  /** Unit of balances in profiles and add-on details. */
  'balance-unit': z.enum(['bytes', 'KB', 'MB', 'GB']).optional(),
  'statistics-unit': z.enum(['bytes', 'KB', 'MB', 'GB']).optional(),
  /** Bytes of one MB; a KB and a GB follow from it. */
  megabyte: z.literal([1_048_576, 1_000_000]).optional(),
  /** Further result codes that mean the same. */
  'timeout-codes': codes,
  'empty-list': codes,
  'throttled-not-executed': codes,
  /** Seconds that a token lives whose JWT does not tell. */
  'token-life': z.int().min(10).optional(),
  /** SIMs asked for in one page. */
  'page-size': z.int().min(1).max(10_000).optional(),
  /** `roaming-profile`: networks are read from the roaming profile DEFAULT, without asking the list. */
  'network-list': z.enum(['list', 'roaming-profile']).optional(),
  /** `profile`: add-on instances are read from the endpoint profile, without asking for details. */
  'addon-details': z.enum(['details', 'profile']).optional(),
  /** Names of fields in basicInfo of an endpoint profile. */
  'profile-fields': values('name', 'basePlan', 'apnGroup', 'roamingProfiles', 'status'),
  /** Names of fields in PATCH endpoint. */
  'patch-fields': values(
    'name',
    'apnGroup',
    'roamingProfiles',
    'addAddonPlanIds',
    'removeAddonUniqueIds',
  ),
  /** IDs of assumptions that `doctor` may find otherwise without failing. */
  accepted: z.array(z.enum(WIRE_ASSUMPTIONS.map(({ id }) => id))).optional(),
  /** Query parameters that calls of an operation get besides, or in place of, the client's own. */
  query: z.partialRecord(operation, z.record(z.string().min(1), value)).optional(),
})

/**
 * Wire settings as a caller gives them.
 *
 * @example
 * openSft({ …, wire: { 'balance-unit': 'MB', 'date-form': 'month-first' } })
 */
export type WireOverrides = z.input<typeof OVERRIDES>

/** Checked wire settings. */
type WireSettings = z.output<typeof OVERRIDES>

/** Checks wire settings. Throws a `TypeError` that names every key that cannot be used. */
export function checkWireSettings(given: unknown): WireSettings {
  const checked = OVERRIDES.safeParse(given)
  if (!checked.success) {
    const problems = checked.error.issues.map(issue =>
      issue.code === 'unrecognized_keys'
        ? `${[...issue.path, issue.keys.join(', ')].join('.')}: there is no such setting`
        : `${issue.path.join('.') || 'the whole'}: ${issue.message}`,
    )
    throw new TypeError(`${problems.join('; ')}; docs/wire.md tells what can be set`)
  }
  refuseTwice(wireFormOf(checked.data))
  return checked.data
}

/**
 * Settings of two sources as one, those of the first over those of the second: value by value in enumerations and
 * by speed, fields of one thing as a whole.
 */
export function mergeWire(over: WireOverrides, under: WireOverrides): WireOverrides {
  const merged = (['validity-type', 'benefit-id', 'throttle'] as const).flatMap(key => {
    const both = { ...under[key], ...over[key] }
    return Object.keys(both).length === 0 ? [] : [[key, both] as const]
  })
  return { ...under, ...over, ...Object.fromEntries(merged) }
}

/** Assumed values, and in their place those that were set. */
const assumed = <Values extends Readonly<Record<string, string>>>(
  values: Values,
  set: { readonly [Name in keyof Values]?: string | undefined } = {},
): Record<keyof Values, string> => {
  const all: Record<keyof Values, string> = { ...values }
  for (const name of Object.keys(values) as (keyof Values)[]) all[name] = set[name] ?? values[name]
  return all
}

/** The assumed form, with what was set in its place. */
export const wireFormOf = (settings: WireSettings): WireForm => ({
  ...valuesOf(settings),
  ...unitsOf(settings),
  ...fieldsOf(settings),
  ...readingOf(settings),
})

/** Values of enumerations. */
function valuesOf(settings: WireSettings) {
  const planType = assumed({ prepaid: '0', postpaid: '1' }, settings['plan-type'])
  const activatedBy = assumed({ 'first-use': '1', immediate: '0' }, settings['activated-by'])
  const rule = assumed({ expiry: '1', exhaustion: '2' }, settings['renewal-rule'])
  const planStatus = assumed({ active: 'Active', inactive: 'In-Active' }, settings['plan-status'])
  const sim = assumed(
    {
      ready: 'Ready To Activate',
      'pre-active': 'Pre-Active',
      active: 'Active',
      suspended: 'Suspended',
    },
    settings['sim-status'],
  )
  const lifecycle = assumed(
    { active: 'A', suspended: 'S', reason: '1' },
    settings['lifecycle-codes'],
  )
  return {
    planType: { '0': planType.prepaid, '1': planType.postpaid },
    activatedBy: { '1': activatedBy['first-use'], '0': activatedBy.immediate },
    renewalRule: { '1': rule.expiry, '2': rule.exhaustion },
    planStatus: { Active: planStatus.active, 'In-Active': planStatus.inactive },
    simStatus: {
      'Ready To Activate': sim.ready,
      'Pre-Active': sim['pre-active'],
      Active: sim.active,
      Suspended: sim.suspended,
    },
    lifecycle: { A: lifecycle.active, S: lifecycle.suspended },
    lifecycleReason: lifecycle.reason,
    ...planValuesOf(settings),
    zoneStatus: assumed({ active: '1' }, settings['zone-status']).active,
    // As a public client creates a pack: one occurrence, so that the rule never acts.
    oneTime: assumed(
      { reSubscription: 'true', occurrences: '1', renewing: 'true' },
      settings['one-time'],
    ),
  }
}

/** What plans may say beyond data, days and times: nothing is assumed of it. */
function planValuesOf(settings: WireSettings) {
  const {
    days = '1',
    'unlimited-factor': unlimitedFactor,
    ...validity
  } = settings['validity-type'] ?? {}
  const { data = '1', sms } = settings['benefit-id'] ?? {}
  return {
    validityType: { '1': days, ...setOnly(validity) },
    unlimitedFactor,
    dataBenefit: data,
    smsBenefit: sms,
    unlimitedRenewals: settings['unlimited-renewals'],
    unlimitedData: settings['unlimited-data'],
    dailyData: settings['daily-data'],
    throttles: throttlesOf(settings),
    recurringCharge: settings['recurring-charge'],
  }
}

/** By the speed in kbps. Throws a `TypeError` for one that stands there twice. */
function throttlesOf({ throttle = {} }: WireSettings): ReadonlyMap<number, FieldValues> {
  const bySpeed = new Map<number, FieldValues>()
  for (const [speed, fields] of Object.entries(throttle)) {
    const kbps = parseSpeed(speed) ?? 0
    if (bySpeed.has(kbps)) throw new TypeError(`throttle: ${speed} stands there twice`)
    bySpeed.set(kbps, fields)
  }
  return bySpeed
}

const setOnly = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

function unitsOf(settings: WireSettings) {
  const megabyte = settings.megabyte ?? 1_048_576
  const bytesOf = (unit: 'bytes' | 'KB' | 'MB' | 'GB'): number => {
    const thousand = megabyte === 1_048_576 ? 1024 : 1000
    return { bytes: 1, KB: thousand, MB: megabyte, GB: megabyte * thousand }[unit]
  }
  const planUnit = settings['plan-units'] ?? 'MB'
  return {
    planUnit: { name: planUnit, bytes: bytesOf(planUnit) },
    balanceBytes: bytesOf(settings['balance-unit'] ?? 'bytes'),
    statisticsBytes: bytesOf(settings['statistics-unit'] ?? 'MB'),
    megabyte,
  }
}

/** Names of fields and parameters. */
const fieldsOf = (settings: WireSettings) => ({
  sellable: assumed({ simStatusId: '12', simAttachStatusId: '1' }, settings['sellable-query']),
  profileFields: assumed(
    {
      name: 'name',
      basePlan: 'planId',
      apnGroup: 'apnGroupId',
      roamingProfiles: 'roamingProfileId',
      status: 'status',
    },
    settings['profile-fields'],
  ),
  patchFields: assumed(
    {
      name: 'name',
      apnGroup: 'apnGroupId',
      roamingProfiles: 'roamingProfileId',
      addAddonPlanIds: 'addAddonPlanIds',
      removeAddonUniqueIds: 'removeAddonUniqueIds',
    },
    settings['patch-fields'],
  ),
  queries: settings.query ?? {},
})

/** How answers are read. */
function readingOf(settings: WireSettings) {
  const total = settings['total-count']
  return {
    totalCount: total === undefined ? '1' : (total ?? undefined),
    monthFirst: settings['date-form'] === 'month-first',
    codes: {
      timeout: settings['timeout-codes'] ?? [],
      emptyList: settings['empty-list'] ?? [],
      throttled: settings['throttled-not-executed'] ?? [],
    },
    tokenLifeMs: (settings['token-life'] ?? 540) * 1000,
    pageSize: settings['page-size'] ?? 250,
    networksFrom: settings['network-list'] ?? 'list',
    addonsFrom: settings['addon-details'] ?? 'details',
    accepted: settings.accepted ?? [],
  }
}

/** Two meanings of one value could not be told apart, be it that one of them is what is assumed. */
function refuseTwice(form: WireForm): void {
  const tables = {
    'plan-type': form.planType,
    'activated-by': form.activatedBy,
    'renewal-rule': form.renewalRule,
    'plan-status': form.planStatus,
    'sim-status': form.simStatus,
    'lifecycle-codes': form.lifecycle,
    'validity-type': form.validityType,
    'benefit-id': setOnly({ data: form.dataBenefit, sms: form.smsBenefit }),
    throttle: Object.fromEntries(
      [...form.throttles].map(([kbps, fields]) => [kbps, JSON.stringify(fields)]),
    ),
  }
  for (const [key, table] of Object.entries(tables)) {
    const words = Object.values(table)
    if (new Set(words).size < words.length)
      throw new TypeError(
        `${key}: two meanings have the same value (${words.join(', ')}); give each its own`,
      )
  }
}
