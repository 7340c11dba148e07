/** What an add-on plan takes from another one of the account: fields that the catalog does not say (contract 4.5). */
import type { Finding } from '../finding.ts'
import { isJsonObject } from '../json.ts'
import type { Json, JsonObject } from '../model.ts'
import type { ReportedPlan } from '../sft/api.ts'

/** Another plan, from which a plan takes what its entry does not say. */
export interface LikeTemplate {
  /** One of the two. */
  readonly planId?: string
  readonly name?: string
  /** A higher number takes the template as it is now. */
  readonly copy: number
  /** Paths of fields that are not taken. */
  readonly except: readonly string[]
}

/** Where a copy came from, as the state keeps it. */
export interface LikeSource {
  readonly planId: string
  readonly name: string
  readonly copy: number
}

/** Whether a value of a record is such a source. */
export const isLikeSource = (value: unknown): value is LikeSource & JsonObject =>
  isJsonObject(value) && typeof value['planId'] === 'string'

/** Fields by path, as the platform reported them. */
export type Copied = Readonly<Record<string, Json>>

/** Which of its fields an entry says itself; the rest comes from the template. */
export interface SaidFields {
  readonly data: boolean
  readonly sms: boolean
  readonly throttle: boolean
  readonly validity: boolean
  readonly activation: boolean
  readonly renewal: boolean
  readonly charge: boolean
  readonly priority: boolean
}

/** Always of the entry and of `account:`, whatever the template has. */
const OURS = new Set([
  'basicInfo.planId',
  'basicInfo.planName',
  'basicInfo.planCategory',
  'basicInfo.planDescription',
  'basicInfo.planType',
  'basicInfo.serviceProfile',
  'basicInfo.currencyId',
  'basicInfo.destinationGroup',
  'basicInfo.planStatus',
  'basicInfo.activatedBy',
  'benefit.benefitId',
  'benefit.rateZone',
])

/** What tells of the template itself, and would be another thing of a copy. */
const OF_ITSELF =
  /(^|\.)((last)?(created|creation|modified|modification|updated?)|version)[A-Za-z]*$/i

/** What an entry must get from somewhere: by what it says itself, the fields that stand for it. */
const NEEDED = {
  data: ['benefit.'],
  validity: ['validity.validityType'],
  activation: ['subscription.activatedBy'],
  renewal: ['subscription.occurrences'],
  charge: ['charge'],
  priority: ['basicInfo.addOnPriority'],
} as const satisfies Partial<Record<keyof SaidFields, readonly string[]>>

/** Fields that stand for what an entry says itself. */
function fieldsSaid(said: SaidFields, settings: ReportedPlan['settings']): ReadonlySet<string> {
  const { data = [], throttle = [] } = settings ?? {}
  return new Set([
    ...(said.data ? ['benefit.value', ...data] : []),
    ...(said.throttle ? throttle : []),
    ...(said.validity ? ['validity.validityType', 'validity.validityFactor'] : []),
    ...(said.activation ? ['subscription.activatedBy'] : []),
    ...(said.renewal
      ? ['reSubscription', 'reSubscriptionRule', 'occurrences'].map(name => `subscription.${name}`)
      : []),
    ...(said.charge ? ['charge', 'charge.chargeAmount'] : []),
    ...(said.priority ? ['basicInfo.addOnPriority'] : []),
  ])
}

/** Of a copy, what an entry does not say itself and still wants; `template`: what it knows of settings. */
export function copiedFor(
  copied: Copied,
  said: SaidFields,
  except: readonly string[],
  template: Finding<ReportedPlan>,
): Copied {
  const settings = template.kind === 'there' ? template.value.settings : undefined
  const own = fieldsSaid(said, settings)
  return Object.fromEntries(
    Object.entries(copied).filter(([path]) => !own.has(path) && !isExcepted(path, except)),
  )
}

const isExcepted = (path: string, except: readonly string[]): boolean =>
  except.some(one => path === one || path.startsWith(`${one}.`))

/** What an entry takes from a template, or why it cannot. */
export function takeCopy(
  template: ReportedPlan,
  said: SaidFields,
  except: readonly string[],
): { readonly copied: Copied } | { readonly problem: string } {
  const { fields = {}, settings } = template
  const of = `"${template.name}" (${template.planId})`
  if (template.benefits !== undefined && template.benefits.length !== 1)
    return {
      problem: `${of} has ${template.benefits.length} data benefits, and the catalog has plans of one`,
    }
  const charges = fields['charge']
  if (said.charge && Array.isArray(charges) && charges.length > 1)
    return {
      problem: `${of} has ${charges.length} charges: leave charge out of the entry, which takes them as they are`,
    }
  const own = fieldsSaid(said, settings)
  const copied: Record<string, Json> = {}
  for (const [path, value] of Object.entries(fields)) {
    const isLeft = OURS.has(path) || own.has(path) || OF_ITSELF.test(path)
    if (isLeft || isExcepted(path, except) || (!said.charge && path.startsWith('charge.'))) continue
    const taken =
      path === OTHER_BENEFITS ? otherBenefits(value, said, settings?.sms, fields) : value
    if (taken === 'other zone')
      return {
        problem: `${of} has benefits of several rate zones, and the catalog has plans of one`,
      }
    if (taken !== undefined) copied[path] = taken
  }
  const lacking = lackingIn(copied, said)
  if (lacking.length > 0)
    return {
      problem: `${of} does not report ${lacking.join(', ')}, which the entry leaves to it: say it in the entry`,
    }
  return Object.keys(copied).length > 0
    ? { copied }
    : {
        problem: `${of} reports nothing that the entry does not say itself: what it is meant to give cannot be seen`,
      }
}

/** What an entry leaves to its template and a copy does not have. */
export const lackingIn = (copied: Copied, said: SaidFields): readonly string[] =>
  Object.entries(NEEDED).flatMap(([field, paths]) => {
    const isThere = paths.some(path =>
      Object.keys(copied).some(own => own === path || (path.endsWith('.') && own.startsWith(path))),
    )
    return said[field as keyof typeof NEEDED] || isThere ? [] : [field]
  })

/** Path of the benefits beside that of the data. */
const OTHER_BENEFITS = 'benefit.*'

/**
 * The benefits beside the data: those with the zone of the template's data get that of the plan, which stands as
 * an empty text.
 */
function otherBenefits(
  value: Json,
  said: SaidFields,
  sms: string | undefined,
  fields: Copied,
): readonly JsonObject[] | 'other zone' | undefined {
  const rows = rowsOf(value).filter(row => !(said.sms && row['benefitId'] === sms))
  if (
    rows.some(({ rateZone }) => rateZone !== undefined && rateZone !== fields['benefit.rateZone'])
  )
    return 'other zone'
  return rows.length === 0 ? undefined : rows.map(withoutZone)
}

const withoutZone = (row: JsonObject): JsonObject =>
  row['rateZone'] === undefined ? row : { ...row, rateZone: '' }

const rowsOf = (value: Json): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly JsonObject[]) : []

/** What a plan has of the fields of a copy, in its form. */
export function seenOf(reported: Copied, copied: Copied): Copied {
  const sms = rowsOf(copied[OTHER_BENEFITS] ?? []).map(row => row['benefitId'])
  return Object.fromEntries(
    Object.keys(copied).flatMap(path => {
      const value = reported[path]
      if (value === undefined) return []
      if (path !== OTHER_BENEFITS) return [[path, value] as const]
      // Messages that the entry says itself stand beside those of the copy.
      const rows = rowsOf(value).filter(row => sms.includes(row['benefitId']))
      return [[path, rows.map(withoutZone)] as const]
    }),
  )
}

/** A copy for people: `basicInfo.pcrfRule = Throttle_512`. */
export const copyText = (copied: Copied): string =>
  Object.entries(copied)
    .map(
      ([path, value]) => `${path} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join(', ')
