import type { Expected, RecordedAccount } from '../account/observation.ts'
import type { Address, Catalog } from '../model.ts'
import { networkWord } from '../networks.ts'
import { recordOf } from '../state/records.ts'
import type { State } from '../state/state.ts'

/** What a comparison of catalog, state and account relies upon. */
export function expectedOf(catalog: Catalog, state: State): Expected {
  const wantedPlans = new Set(catalog.addonPlans.map(({ key }) => key))
  const movedFrom = new Map(catalog.moved.map(move => [move.to, move.from]))
  const isNew = (address: Address): boolean => {
    const from = movedFrom.get(address) ?? address
    return recordOf(state, address) === undefined && recordOf(state, from) === undefined
  }
  return {
    ...recorded(state, key => wantedPlans.has(key)),
    whole: {
      rateZones: catalog.rateZones.some(({ key }) => isNew(`rateZone/${key}`)),
      addonPlans: catalog.addonPlans.some(({ key }) => isNew(`addonPlan/${key}`)),
    },
  }
}

/** The same where everything that the account has is looked at. */
export const wholeLists = (state: State): Expected => ({
  ...recorded(state, () => false),
  whole: { rateZones: true, addonPlans: true },
})

function recorded(state: State, isWanted: (planKey: string) => boolean): Omit<Expected, 'whole'> {
  // A plan that was taken out of use matters only where the catalog wants it back.
  const plans = Object.entries(state.addonPlans).flatMap(([key, plan]) =>
    plan.retired === true && !isWanted(key) ? [] : [plan],
  )
  const networks = Object.values(state.rateZones).flatMap(({ id, networks }) =>
    networks.map(network => [networkWord(network), id] as const),
  )
  const account = recordedAccount(state)
  return {
    ...(account && { account }),
    rateZones: new Set(Object.values(state.rateZones).map(({ id }) => id)),
    addonPlans: new Set(plans.map(({ planId }) => planId)),
    networks: new Map(networks),
    endpoints: new Map(
      Object.entries(state.endpoints).map(([iccid, { endpointId }]) => [iccid, endpointId]),
    ),
  }
}

/** The account of the state, where the state knows its destination group and has something of it. */
function recordedAccount({ account, rateZones, addonPlans }: State): RecordedAccount | undefined {
  const names = new Map<string, string>()
  for (const { id, name } of Object.values(rateZones)) names.set(`rateZone ${id}`, name)
  for (const { planId, name } of Object.values(addonPlans)) names.set(`addonPlan ${planId}`, name)
  const destGroupId = account?.destGroupId
  return destGroupId === undefined || names.size === 0 ? undefined : { destGroupId, names }
}
