/** `account.wire`: wire values of plans, by the IDs of SFT_WIRE. */
import { z } from 'zod'
import { PLAN_SETTING_VALUES, type PlanSetting } from '../plan-words.ts'
import { text } from './language.ts'

const value = text('A value as the platform writes it.')

const named = (names: readonly string[], description: string) =>
  z
    .strictObject(Object.fromEntries(names.map(name => [name, value.optional()])))
    .meta({ description })

/** Fields of a plan with their values, by path. */
const fields = (description: string) => z.record(z.string(), value).meta({ description })

const FIELDS =
  'fields of CreatePlan with their values, such as { basicInfo.FIELD: "VALUE" }; benefit is the row of the data, charge that of the charge'

export const wireSchema = z
  .strictObject({
    'validity-type': named(
      PLAN_SETTING_VALUES['validity-type'],
      'Values of validityType.',
    ).optional(),
    'benefit-id': named(PLAN_SETTING_VALUES['benefit-id'], 'Values of benefitId.').optional(),
    'unlimited-renewals': text(
      'The occurrences of a plan that renews itself without an end.',
    ).optional(),
    'unlimited-data': fields(`What says data without an end: ${FIELDS}.`).optional(),
    'daily-data': fields(`What says that the data is given anew each day: ${FIELDS}.`).optional(),
    throttle: z
      .record(z.string(), fields(`What says this speed after the data: ${FIELDS}.`))
      .meta({ description: 'By speed, such as 512 kbps.' })
      .optional(),
    'recurring-charge': fields(`What makes a charge a recurring one: ${FIELDS}.`).optional(),
  } satisfies Readonly<Record<PlanSetting, z.ZodType>>)
  .meta({
    description:
      'What this account has for what plans say beyond data and days, by the IDs of SFT_WIRE, which wins over it.',
  })
