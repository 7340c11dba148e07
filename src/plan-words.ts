/** Words for add-on plans that catalog, kinds and client share. */

/**
 * Wire settings of what plans say (docs/wire.md): of what has no assumed value among them nothing is known, and
 * plans that say it are refused until it is set, in `account.wire` or in `SFT_WIRE`.
 */
export type PlanSetting =
  | 'validity-type'
  | 'benefit-id'
  | 'unlimited-renewals'
  | 'unlimited-data'
  | 'daily-data'
  | 'throttle'
  | 'recurring-charge'

/** Names of the values of those that are enumerations. */
export const PLAN_SETTING_VALUES = {
  'validity-type': ['days', 'months', 'years', 'unlimited', 'unlimited-factor'],
  'benefit-id': ['data', 'sms'],
} as const

/** What CreatePlan gets from the fields of a catalog entry, below `Request.plan` (contract 4.4). */
export const SENT_PLAN_FIELDS = [
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
] as const

/**
 * Fields that say something on an account, with their values: by their path below `Request.plan`, where
 * `benefit` is the row of the data benefit and `charge` that of the charge which is meant.
 */
export type FieldValues = Readonly<Record<string, string>>

/** Form of such a path. */
export const FIELD_PATH_PATTERN =
  '^(basicInfo|benefit|charge|subscription|validity)(\\.[A-Za-z][A-Za-z0-9_]{0,99}){1,4}$'
