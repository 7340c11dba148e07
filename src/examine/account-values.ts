import type { Listing } from '../finding.ts'
import type { AccountDefaults } from '../model.ts'
import type { EndpointProfile, ReportedPlan, ReportedRoamingProfile, Sft, Sim } from '../sft/api.ts'
import { type Seen, trying } from './evidence.ts'
import { type PlanField, planFieldsOf } from './plan-fields-seen.ts'
import { openTally, type SeenValue, type Tally } from './tally.ts'

/** Fields of `account:` that hold IDs of the platform, and the type of plans. */
type AccountSetting =
  | 'addonServiceProfile'
  | 'currencyId'
  | 'planType'
  | 'basePlan'
  | 'apnGroup'
  | 'roamingProfiles'
  | 'destinationGroup'
  | 'destGroupId'

/** What a catalog says, against what was seen; `not seen` proves nothing: the account may have more. */
type Agreement = 'seen' | 'not seen' | 'not known'

/** What the account's own objects have for a field of `account:`. */
export interface SettingValues {
  readonly setting: AccountSetting
  /** Those that most objects have come first. */
  readonly values: readonly SeenValue[]
  /** Why there may be more, or why nothing is known. */
  readonly notKnown?: string
  /** What the catalog has, where it says something. */
  readonly catalog?: readonly { readonly value: string; readonly agreement: Agreement }[]
}

/** Which IDs and enumerations an account's own objects use. */
export interface AccountValues {
  readonly settings: readonly SettingValues[]
  /** Fields of its add-on plans, by their path on the wire. */
  readonly fields: readonly PlanField[]
  /** Why `fields` may say less than there is. */
  readonly notKnown?: string
}

export interface AccountValuesOptions {
  /** Endpoints whose profile is read: a call each. */
  readonly endpoints: number
  /** What a catalog says. */
  readonly catalog?: AccountDefaults
  /** Told what is being read, for progress. */
  readonly onRead?: (what: string) => void
}

/** What was read for it. */
interface Reads {
  readonly destGroups: Seen<readonly string[]>
  readonly plans: Seen<Listing<ReportedPlan>>
  readonly basePlans: Seen<Listing<ReportedPlan>>
  readonly profiles: Seen<Listing<ReportedRoamingProfile>>
  readonly endpoints: Seen<readonly Seen<EndpointProfile>[]>
}

/**
 * Reads which IDs and enumerations the account's own objects use, each with where it was seen. Some ten calls;
 * nothing is written. Throws where the login is refused or the host cannot be reached.
 *
 * @example
 * const { settings } = await readAccountValues(sft, { endpoints: 4 })
 * settings.find(({ setting }) => setting === 'apnGroup')?.values
 */
export async function readAccountValues(
  sft: Sft,
  options: AccountValuesOptions,
): Promise<AccountValues> {
  const { read, form } = sft
  const reading = <Value>(what: string, work: () => Promise<Value>): Promise<Seen<Value>> => {
    options.onRead?.(what)
    return trying(work)
  }
  const reads: Reads = {
    destGroups: await reading('the customer profile', async () => {
      return (await read.customerProfile()).destGroupIds
    }),
    plans: await reading('add-on plans', () => read.addonPlans()),
    basePlans: await reading('base plans', () => read.basePlans()),
    profiles: await reading('roaming profiles', () => read.roamingProfiles()),
    endpoints: await reading('endpoints', async () => {
      const { sims } = await read.sims({ page: 1, perPage: form.pageSize })
      const seen: Seen<EndpointProfile>[] = []
      for (const { endpointId = '' } of spread(sims, options.endpoints))
        seen.push(await trying(() => read.endpointProfile(endpointId)))
      return seen
    }),
  }
  const notKnown = doubtOf(reads.plans, 'add-on plan')
  return {
    settings: settingsOf(reads).map(values => ({
      ...values,
      ...agreementsOf(values, options.catalog),
    })),
    fields: planFieldsOf(itemsOf(reads.plans), form),
    ...(notKnown !== undefined && { notKnown }),
  }
}

/** So many endpoints of a page, from all over it: neighbours were made alike. */
function spread(sims: readonly Sim[], wanted: number): readonly Sim[] {
  const attached = sims.filter(({ endpointId }) => endpointId !== undefined)
  const step = Math.max(1, attached.length / Math.max(1, wanted))
  return Array.from(
    { length: Math.min(wanted, attached.length) },
    (_, at) => attached[Math.floor(at * step)],
  ).filter(sim => sim !== undefined)
}

const itemsOf = <Item>(seen: Seen<Listing<Item>>): readonly Item[] =>
  seen.kind === 'seen' ? seen.value.items : []

function doubtOf<Item>(seen: Seen<Listing<Item>>, what: string): string | undefined {
  if (seen.kind === 'failed') return seen.error.message
  const { items, doubt } = seen.value
  return doubt ?? (items.length === 0 ? `the account has no ${what} yet` : undefined)
}

function settingsOf(reads: Reads): readonly SettingValues[] {
  return [
    ...ofPlans(reads),
    ...ofEndpoints(reads),
    {
      setting: 'destGroupId',
      values:
        reads.destGroups.kind === 'seen'
          ? reads.destGroups.value.map(value => ({
              value,
              seen: [{ where: 'customer profile', count: 1, examples: [] }],
            }))
          : [],
      ...(reads.destGroups.kind === 'failed' && { notKnown: reads.destGroups.error.message }),
      ...(reads.destGroups.kind === 'seen' &&
        reads.destGroups.value.length === 0 && {
          notKnown: 'the customer profile does not tell it',
        }),
    },
  ]
}

/** What add-on plans, and of currencies base plans too, have. */
function ofPlans({ plans, basePlans }: Reads): readonly SettingValues[] {
  const tallies = {
    addonServiceProfile: openTally(),
    currencyId: openTally(),
    planType: openTally(),
    destinationGroup: openTally(),
  }
  for (const { name, serviceProfile, currencyId, planType, destinationGroup } of itemsOf(plans)) {
    tallies.addonServiceProfile.add(serviceProfile, ADDON_PLANS, name)
    tallies.currencyId.add(currencyId, ADDON_PLANS, name)
    tallies.planType.add(planType && (PLAN_TYPES[planType] ?? planType), ADDON_PLANS, name)
    tallies.destinationGroup.add(destinationGroup, ADDON_PLANS, name)
  }
  for (const { name, currencyId } of itemsOf(basePlans))
    tallies.currencyId.add(currencyId, 'base plans', name)
  const doubt = doubtOf(plans, 'add-on plan')
  return Object.entries(tallies).map(([name, tally]) => {
    const values = tally.values()
    const untold = values.length === 0 ? 'no add-on plan of the account tells it' : undefined
    return {
      setting: name as keyof typeof tallies,
      values,
      ...known(doubt ?? untold),
    }
  })
}

const ADDON_PLANS = 'add-on plans'
const PLAN_TYPES: Readonly<Record<string, string>> = { '0': 'prepaid', '1': 'postpaid' }

/** What endpoints have, and the base plans and roaming profiles that there are besides. */
function ofEndpoints({ endpoints, basePlans, profiles }: Reads): readonly SettingValues[] {
  const read = endpoints.kind === 'seen' ? endpoints.value : []
  const seen = read.flatMap(one => (one.kind === 'seen' ? [one.value] : []))
  const tallies = { basePlan: openTally(), apnGroup: openTally(), roamingProfiles: openTally() }
  for (const { endpointId, basePlan, apnGroup, roamingProfiles = [] } of seen) {
    tallies.basePlan.add(basePlan, 'endpoints', endpointId)
    tallies.apnGroup.add(apnGroup, 'endpoints', endpointId)
    for (const one of roamingProfiles) tallies.roamingProfiles.add(one, 'endpoints', endpointId)
  }
  for (const plan of itemsOf(basePlans)) tallies.basePlan.add(plan.planId, 'base plans', plan.name)
  for (const { id, name = id } of itemsOf(profiles))
    tallies.roamingProfiles.add(id, 'roaming profiles', name)
  const names = new Map([
    ...itemsOf(basePlans).map(({ planId, name }) => [planId, name] as const),
    ...itemsOf(profiles).flatMap(({ id, name }) =>
      name === undefined ? [] : [[id, name] as const],
    ),
  ])
  const doubtOfSetting = (tally: Tally, field: string): string | undefined => {
    if (endpoints.kind === 'failed') return endpoints.error.message
    if (read.length === 0)
      return 'no SIM on the first page of fetchSIM has an endpoint, or none was to be read'
    const failed = read.find(one => one.kind === 'failed')
    if (failed?.kind === 'failed') return failed.error.message
    const told = tally
      .values()
      .some(({ seen: by }) => by.some(({ where }) => where === 'endpoints'))
    return told
      ? undefined
      : `no profile of ${seen.length} endpoints tells it; where it has another name there, set ${field} under "profile-fields" of SFT_WIRE`
  }
  return (['basePlan', 'apnGroup', 'roamingProfiles'] as const).map(setting => ({
    setting,
    values: tallies[setting].values().map(one => {
      const name = setting === 'apnGroup' ? undefined : names.get(one.value)
      return { ...one, ...(name !== undefined && { name }) }
    }),
    ...known(doubtOfSetting(tallies[setting], setting)),
  }))
}

const known = (notKnown: string | undefined): Pick<SettingValues, 'notKnown'> =>
  notKnown === undefined ? {} : { notKnown }

function agreementsOf(
  { setting, values, notKnown }: SettingValues,
  catalog: AccountDefaults | undefined,
): Pick<SettingValues, 'catalog'> {
  const said = catalog === undefined ? [] : [catalog[setting] ?? []].flat()
  if (said.length === 0) return {}
  const agreementOf = (value: string): Agreement => {
    if (values.some(seen => seen.value === value)) return 'seen'
    return values.length === 0 || notKnown !== undefined ? 'not known' : 'not seen'
  }
  return { catalog: said.map(value => ({ value, agreement: agreementOf(value) })) }
}
