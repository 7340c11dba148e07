import type { PrintedEntry } from '../catalog/print-yaml.ts'
import type { Catalog, Json } from '../model.ts'
import { observedPlan } from '../resources/addon-plan.ts'
import { byText } from '../text-order.ts'
import {
  type Defaults,
  hasAccountSection,
  mostCommon,
  type Proposal,
  type ProposalInput,
} from './proposal.ts'
import { endpointDefaults, proposeBatches, unmanagedEndpoints } from './propose-endpoints.ts'
import { present, proposePlans, unmanagedPlans } from './propose-plans.ts'
import { managedZoneIds, proposeZones } from './propose-zones.ts'

/** Account, state and catalog → what taking over the rest would write. Pure. */
export function proposeAdoption(input: ProposalInput): Proposal {
  const { catalog, observation, kinds } = input
  const found = foundDefaults(input)
  const own = catalog !== undefined && hasAccountSection(catalog) ? catalog.account : undefined
  const defaults: Defaults = own ?? found
  const zones = kinds.has('rateZone') ? proposeZones(input) : { drafts: [], left: [] }
  const zoneKeys = new Map<string, string>([
    ...managedZones(catalog, input),
    ...zones.drafts.map(draft => [draft.id, draft.address.slice('rateZone/'.length)] as const),
  ])
  const plans = kinds.has('addonPlan')
    ? proposePlans(input, zoneKeys, defaults)
    : { drafts: [], retired: new Map(), left: [] }
  const batches = kinds.has('endpoint') ? proposeBatches(input, defaults) : { drafts: [], left: [] }
  const account = own === undefined ? accountSection(input, found) : undefined
  const sorted = <Draft extends { readonly fields: PrintedEntry['fields'] }>(
    drafts: readonly Draft[],
  ) => [...drafts].sort((a, b) => byText(String(a.fields['key']), String(b.fields['key'])))
  const count = zones.drafts.length + plans.drafts.length + batches.drafts.length
  return {
    ...(account !== undefined && count > 0 && { account }),
    zones: sorted(zones.drafts),
    plans: sorted(plans.drafts),
    batches: batches.drafts,
    retired: plans.retired,
    left: [...zones.left, ...plans.left, ...batches.left],
    notes: notesOf(
      input,
      observation.addonPlans.items.length > 0 ? zoneKeys : undefined,
      plans.drafts,
    ),
  }
}

/** Zones that plans can name by key: in the catalog, and in the state or found by name. */
function managedZones(
  catalog: Catalog | undefined,
  { state, observation, kinds }: ProposalInput,
): readonly (readonly [id: string, key: string])[] {
  return (catalog?.rateZones ?? []).flatMap(zone => {
    const record = Object.hasOwn(state.rateZones, zone.key) ? state.rateZones[zone.key] : undefined
    if (record !== undefined) return [[record.id, zone.key] as const]
    if (!kinds.has('rateZone')) return []
    const named = observation.rateZones.items.filter(reported => reported.name === zone.name)
    return named.length === 1 && named[0] !== undefined ? [[named[0].id, zone.key] as const] : []
  })
}

/** The defaults that the account itself tells: what most of its plans and endpoints have. */
function foundDefaults(input: ProposalInput): Defaults {
  const { answers } = input
  const { active } = unmanagedPlans(input)
  const common = (field: string) =>
    mostCommon(
      active.map(plan => {
        const value = observedPlan(plan).spec[field]
        return typeof value === 'string' ? value : undefined
      }),
    )
  const addonServiceProfile = common('serviceProfile') ?? answers.account.addonServiceProfile
  const currencyId = common('currencyId') ?? answers.account.currencyId
  const destinationGroup = common('destinationGroup') ?? answers.account.destinationGroup
  const endpoints = endpointDefaults(input.profiles.values())
  const basePlan = endpoints.basePlan ?? answers.account.basePlan
  const apnGroup = endpoints.apnGroup ?? answers.account.apnGroup
  return {
    planType: common('planType') === 'postpaid' ? 'postpaid' : 'prepaid',
    ...(addonServiceProfile !== undefined && { addonServiceProfile }),
    ...(currencyId !== undefined && { currencyId }),
    ...(destinationGroup !== undefined && { destinationGroup }),
    ...(basePlan !== undefined && { basePlan }),
    ...(apnGroup !== undefined && { apnGroup }),
    roamingProfiles: endpoints.roamingProfiles ?? answers.account.roamingProfiles ?? [],
  }
}

function accountSection(input: ProposalInput, found: Defaults): Proposal['account'] {
  const { observation, answers, kinds, profilesRead } = input
  const destGroupId =
    observation.destGroupIds.length === 1 ? undefined : answers.account.destGroupId
  const plans = kinds.has('addonPlan')
  const endpoints = kinds.has('endpoint')
  const fields: Record<string, Json | undefined> = {
    addonServiceProfile: plans ? found.addonServiceProfile : undefined,
    currencyId: plans ? found.currencyId : undefined,
    planType: plans ? found.planType : undefined,
    destinationGroup: plans ? found.destinationGroup : undefined,
    basePlan: endpoints ? found.basePlan : undefined,
    apnGroup: endpoints ? found.apnGroup : undefined,
    roamingProfiles:
      endpoints && found.roamingProfiles.length > 0 ? found.roamingProfiles : undefined,
    destGroupId,
  }
  if (Object.values(fields).every(value => value === undefined)) return undefined
  return {
    fields: present(fields),
    comments: [
      ...(plans ? ['Of add-on plans: what most of them have.'] : []),
      ...(endpoints && found.basePlan !== undefined
        ? [
            profilesRead === 'sample'
              ? `Of endpoints: what ${input.profiles.size} of them have, which were read as a sample.`
              : 'Of endpoints: what most of them have.',
          ]
        : []),
    ],
  }
}

/** What people should know besides what is left out. */
function notesOf(
  input: ProposalInput,
  zoneKeys: ReadonlyMap<string, string> | undefined,
  plans: Proposal['plans'],
): readonly string[] {
  const notes: string[] = []
  const byId = plans.filter(draft => typeof draft.fields['rateZone'] === 'object').length
  if (zoneKeys !== undefined && byId > 0)
    notes.push(
      `${byId} add-on plans use a rate zone that is not in the catalog: they name it by its ID`,
    )
  const lower = new Map<string, string[]>()
  for (const draft of plans) {
    const name = String(draft.fields['name'])
    lower.set(name.toLowerCase(), [...(lower.get(name.toLowerCase()) ?? []), name])
  }
  for (const names of lower.values())
    if (names.length > 1)
      notes.push(
        `names that differ by capital letters only are different plans: ${names.map(name => `"${name}"`).join(', ')}`,
      )
  if (input.kinds.has('endpoint')) {
    const endpoints = unmanagedEndpoints(input)
    const unsold = endpoints.filter(({ sim }) => sim.status === 'Pre-Active').length
    if (unsold > 0)
      notes.push(
        `${unsold.toLocaleString('en-GB')} of the endpoints are Pre-Active and will count as unsold stock: where some of them are sold already, adopt without endpoints (--only rateZones --only addonPlans), or take those ICCIDs out of the inventory and out of the state (sft-catalog state rm)`,
      )
  }
  const superseded = managedZoneIds(input)
  const foreign = input.observation.rateZones.items.filter(zone => !superseded.has(zone.id)).length
  if (!input.kinds.has('rateZone') && foreign > 0)
    notes.push(`${foreign} rate zones of the account stay unmanaged (--only)`)
  return notes
}
