/** The calls of endpoints: how one is made, found, edited and removed. */
import { type Finding, notKnown, notThere, seenIn, there } from '../finding.ts'
import type { Resource, Spec } from '../model.ts'
import type {
  CreateEndpointRequest,
  EndpointProfile,
  EndpointSettings,
  PatchEndpointRequest,
  Sft,
  SftReader,
  Sim,
} from '../sft/api.ts'
import { SftMissingPrerequisiteError, SftRejectedError } from '../sft/errors.ts'
import {
  type EditRequest,
  type EditResult,
  type ObservedObject,
  RetirementRefusedError,
  sftOf,
} from './kind.ts'

/** fetchSIM tells which endpoint a SIM has, and nothing of that endpoint's settings. */
export const observedSim = (sim: Sim): ObservedObject | undefined =>
  sim.endpointId === undefined
    ? undefined
    : {
        id: sim.endpointId,
        naturalKey: sim.iccid,
        spec: {},
        ...(sim.status !== undefined && { status: sim.status }),
      }

/** The endpoint that a SIM has. */
export async function findEndpoint(
  read: SftReader,
  iccid: string,
): Promise<Finding<ObservedObject>> {
  return seenIn(await read.sim(iccid), `SIM ${iccid} has no endpoint`, observedSim)
}

/** ASSUMED (contract 3): a refusal with this code is a mistake of the platform, and says nothing. */
const UNEXPECTED = '10057'

/**
 * Gone by two readings of its profile, once its SIM has another endpoint or none: a SIM that was de-linked
 * says nothing of an endpoint that was not deleted yet.
 */
export async function isRetired(
  read: SftReader,
  endpointId: string,
  iccid: string,
): Promise<Finding<true>> {
  const sim = await read.sim(iccid)
  if (sim.kind === 'not known') return sim
  if (sim.kind === 'there' && sim.value.endpointId === endpointId)
    return notThere(`endpoint ${endpointId} is still there`)
  const once = await isRefused(read, endpointId)
  return once.kind === 'there' ? await isRefused(read, endpointId) : once
}

async function isRefused(read: SftReader, endpointId: string): Promise<Finding<true>> {
  try {
    await read.endpointProfile(endpointId)
    return notThere(`endpoint ${endpointId} is still there`)
  } catch (error) {
    if (!(error instanceof SftRejectedError)) throw error
    return error.code === UNEXPECTED ? notKnown(error.message) : there(true)
  }
}

/** What endpoints that may share a bulk call have in common. */
export function endpointSettings(spec: Spec): EndpointSettings {
  const text = (field: string): string => {
    const value = spec[field]
    if (typeof value !== 'string' || value === '')
      throw new SftMissingPrerequisiteError(
        `CreateEndPoint needs ${field}, which account.${field} of the catalog gives`,
      )
    return value
  }
  const profiles = spec['roamingProfiles']
  if (!Array.isArray(profiles) || profiles.length === 0)
    throw new SftMissingPrerequisiteError(
      'CreateEndPoint needs roamingProfileId, which account.roamingProfiles of the catalog gives',
    )
  return {
    basePlan: text('basePlan'),
    apnGroup: text('apnGroup'),
    roamingProfiles: profiles.map(String),
    ...sftOf(spec),
  }
}

/** What CreateEndPoint is sent for an endpoint. Throws `SftMissingPrerequisiteError`. */
export const endpointRequest = (resource: Resource, spec: Spec): CreateEndpointRequest => ({
  name: String(spec['name']),
  iccid: resource.naturalKey,
  ...endpointSettings(spec),
})

/** The fields of an endpoint that its profile reports. */
export function observedProfile(profile: EndpointProfile): Spec {
  return {
    ...(profile.name !== undefined && { name: profile.name }),
    ...(profile.basePlan !== undefined && { basePlan: profile.basePlan }),
    ...(profile.apnGroup !== undefined && { apnGroup: profile.apnGroup }),
    ...(profile.roamingProfiles !== undefined && { roamingProfiles: profile.roamingProfiles }),
  }
}

const patched = ['name', 'apnGroup', 'roamingProfiles']

/** ChangePlan takes the base plan, PATCH the rest. */
export const editParts = (fields: readonly string[]): readonly (readonly string[])[] =>
  [
    fields.filter(field => field === 'basePlan'),
    fields.filter(field => patched.includes(field)),
  ].filter(part => part.length > 0)

/** Edits an endpoint, and reads what it is afterwards. */
export async function editEndpoint(
  sft: Sft,
  { id, fields, spec }: EditRequest,
): Promise<EditResult> {
  if (fields.includes('basePlan'))
    await sft.write.changePlan({ endpointId: id, planId: String(spec['basePlan']) })
  if (fields.some(field => patched.includes(field))) {
    const profiles = spec['roamingProfiles']
    const request: PatchEndpointRequest = {
      endpointId: id,
      ...(fields.includes('name') && { name: String(spec['name']) }),
      ...(fields.includes('apnGroup') && { apnGroup: String(spec['apnGroup']) }),
      ...(fields.includes('roamingProfiles') &&
        Array.isArray(profiles) && { roamingProfiles: profiles.map(String) }),
    }
    await sft.write.patchEndpoint(request)
  }
  const reported = observedProfile(await sft.read.endpointProfile(id))
  const refused: Record<string, string> = {}
  for (const field of fields) {
    const value = reported[field]
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(spec[field]))
      refused[field] =
        `the platform answered success, but the endpoint still has ${field} ${JSON.stringify(value)}: change it in the portal`
  }
  return { refused }
}

/** De-links the SIM of a Pre-Active endpoint and deletes it. Throws a `RetirementRefusedError` for every other one. */
export async function retireEndpoint(sft: Sft, endpointId: string, iccid: string): Promise<void> {
  const found = await sft.read.sim(iccid)
  if (found.kind === 'not known')
    throw new RetirementRefusedError(
      `whether SIM ${iccid} has endpoint ${endpointId} is not known: ${found.reason}`,
    )
  const sim = found.kind === 'there' ? found.value : undefined
  if (sim !== undefined && sim.endpointId === endpointId) {
    if (sim.status !== 'Pre-Active')
      throw new RetirementRefusedError(
        `endpoint ${endpointId} is ${sim.status ?? 'in a state that is not reported'}: only a Pre-Active one is removed`,
      )
    await sft.write.deLinkSim(endpointId)
  } else if ((await sft.read.endpointProfile(endpointId)).iccid !== undefined) {
    throw new RetirementRefusedError(
      `endpoint ${endpointId} has another SIM than ${iccid} by now: it is not removed`,
    )
  }
  await sft.write.deleteEndpoint(endpointId)
}
