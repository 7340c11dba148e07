import type { Json, JsonObject } from '../model.ts'
import { normaliseIccid } from '../units.ts'
import { instancesIn } from './addon-instances.ts'
import type { BulkRow, EndpointSettings, PatchEndpointRequest, SftWriter } from './api.ts'
import type { Write } from './calls.ts'
import { isTimeoutCode } from './codes.ts'
import { instanceInTerms } from './contract-terms.ts'
import { createdId } from './envelope.ts'
import { SftRejectedError } from './errors.ts'
import type { WriteName } from './operations.ts'
import { requireId, requireIds } from './prerequisites.ts'
import type { Redact } from './redact.ts'
import { asObject, asObjects, asText, compact, mergeUnder } from './values.ts'
import { toWire, type WireForm } from './wire-form.ts'

type EndpointWrites = Omit<
  SftWriter,
  'createRateZone' | 'modifyRateZone' | 'createPlan' | 'modifyPlan'
>

/** Writes of endpoints, their SIMs and their add-ons. */
export function createEndpointWrites(
  write: Write,
  bulkSize: number,
  redact: Redact,
  form: WireForm,
): EndpointWrites {
  return {
    async createEndpoint(request, options) {
      const ours = {
        ...settingsOnWire('CreateEndPoint', request),
        name: request.name,
        iccid: requireId('CreateEndPoint', 'iccid', request.iccid),
      }
      const body = { Request: { requestParam: mergeUnder(ours, request.sft) } }
      const response = await write('CreateEndPoint', body, options)
      const endpointId = createdId(response, 'endPointId', row => {
        const iccid = asText(row['iccid'])
        return iccid !== undefined && normaliseIccid(iccid) !== normaliseIccid(ours.iccid)
      })
      return endpointId === undefined ? {} : { endpointId }
    },
    async createEndpoints(request, options) {
      const { endpoints } = request
      if (endpoints.length === 0) return []
      if (endpoints.length > bulkSize)
        throw new RangeError(`${endpoints.length} endpoints in one bulk; at most ${bulkSize}`)
      const iccids = requireIds(
        'CreateBulkEndPoint',
        'iccid',
        endpoints.map(endpoint => endpoint.iccid),
      )
      const ours = {
        ...settingsOnWire('CreateBulkEndPoint', request),
        endPointList: endpoints.map(({ name, iccid }) => ({ name, iccid })),
      }
      const body = { Request: { requestParam: mergeUnder(ours, request.sft) } }
      const rows = bulkRows(await write('CreateBulkEndPoint', body, options))
      return iccids.map(iccid => bulkRowOf(iccid, rows.get(normaliseIccid(iccid)), redact, form))
    },
    async activateEndpoint(endpointId, options) {
      const body = { Request: endpointOnly('EndPointActivation', endpointId) }
      return await already('2507', () => write('EndPointActivation', body, options))
    },
    async changeLifecycle({ endpointId, lifecycle, reason }, options) {
      const body = endpointBody('EndPointLifeCycleChange', endpointId, {
        lifeCycle: toWire(form.lifecycle, lifecycle),
        reason: reason ?? form.lifecycleReason,
      })
      return await already('1254', () => write('EndPointLifeCycleChange', body, options))
    },
    async subscribeAddon({ endpointId, planId }, options) {
      // Both inside requestParam, unlike every other endpoint call (contract 4.10).
      const requestParam = {
        ...endpointOnly('SubscribeAddon', endpointId),
        planId: requireId('SubscribeAddon', 'planId', planId),
      }
      const response = await write('SubscribeAddon', { Request: { requestParam } }, options)
      const { items, doubt } = instancesIn(response)
      return doubt === undefined ? items.map(item => instanceInTerms(item, form)) : []
    },
    async patchEndpoint(request, options) {
      const param = patchOnWire(request, form)
      const body = endpointBody('ModifyEndPoint', request.endpointId, param)
      await write('ModifyEndPoint', body, options)
    },
    async changePlan({ endpointId, planId }, options) {
      const param = { planId: requireId('ChangePlan', 'planId', planId) }
      await write('ChangePlan', endpointBody('ChangePlan', endpointId, param), options)
    },
    async linkSim({ endpointId, iccid }, options) {
      const param = { iccid: requireId('LinkSim', 'iccid', iccid) }
      await write('LinkSim', endpointBody('LinkSim', endpointId, param), options)
    },
    async deLinkSim(endpointId, options) {
      const body = { Request: endpointOnly('DeLinkSim', endpointId) }
      await already('6420', () => write('DeLinkSim', body, options))
    },
    async deleteEndpoint(endpointId, options) {
      const body = { Request: endpointOnly('DeleteEndPoint', endpointId) }
      await write('DeleteEndPoint', body, options)
    },
  }
}

/** ASSUMED (contract 4.12): only the two lists of add-ons were seen; the rest has the names of creation. */
function patchOnWire(request: PatchEndpointRequest, { patchFields }: WireForm): JsonObject {
  const fields: Readonly<Record<keyof WireForm['patchFields'], Json | undefined>> = {
    name: request.name,
    apnGroup: request.apnGroup,
    roamingProfiles: request.roamingProfiles?.join('|'),
    addAddonPlanIds: request.addAddonPlanIds,
    removeAddonUniqueIds: request.removeAddonUniqueIds,
  }
  const names = Object.keys(fields) as (keyof typeof fields)[]
  return Object.fromEntries(
    names.flatMap((name): readonly [string, Json][] => {
      const value = fields[name]
      return value === undefined ? [] : [[patchFields[name], value]]
    }),
  )
}

/** What is refused because it is so already is done (contract 3). */
async function already(
  code: string,
  send: () => Promise<JsonObject>,
): Promise<{ readonly already: boolean }> {
  try {
    await send()
    return { already: false }
  } catch (error) {
    if (error instanceof SftRejectedError && error.code === code) return { already: true }
    throw error
  }
}

function endpointOnly(operation: WriteName, endpointId: string): { readonly endPointId: string } {
  return { endPointId: requireId(operation, 'endPointId', endpointId) }
}

function endpointBody(
  operation: WriteName,
  endpointId: string,
  requestParam: JsonObject,
): JsonObject {
  return { Request: { ...endpointOnly(operation, endpointId), requestParam } }
}

function settingsOnWire(
  operation: 'CreateEndPoint' | 'CreateBulkEndPoint',
  settings: EndpointSettings,
): JsonObject {
  return {
    isLinkSIM: 'true',
    isDefaultActivation: 'false',
    roamingProfileId: requireIds(operation, 'roamingProfileId', settings.roamingProfiles).join('|'),
    apnGroupId: requireId(operation, 'apnGroupId', settings.apnGroup),
    planId: requireId(operation, 'planId', settings.basePlan),
  }
}

/** ASSUMED (contract 4.7): `responseParam.rows[]`, each with iccid and endPointId or a result code. */
function bulkRows(response: JsonObject): ReadonlyMap<string, JsonObject> {
  const param = asObject(response['responseParam'])
  const rows = asObjects(param?.['rows'] ?? response['rows']) ?? []
  return new Map(
    rows.flatMap((row): readonly [string, JsonObject][] => {
      const iccid = asText(row['iccid'])
      return iccid === undefined ? [] : [[normaliseIccid(iccid), row]]
    }),
  )
}

/**
 * What is not answered, answered with "verify", or has neither ID nor failure must be read back. The ID of a
 * row that failed is that of what was there.
 */
function bulkRowOf(
  iccid: string,
  row: JsonObject | undefined,
  redact: Redact,
  form: WireForm,
): BulkRow {
  if (row === undefined) return { iccid, unknown: true }
  const code = asText(row['resultCode'])
  const words = asText(row['resultDescription'])
  const mustVerify =
    isTimeoutCode(code) || (code !== undefined && form.codes.timeout.includes(code))
  const failed = code !== undefined && code !== '0' && !mustVerify
  const endpointId = failed || mustVerify ? undefined : asText(row['endPointId'])
  const fields: Omit<BulkRow, 'iccid' | 'unknown'> = compact({
    endpointId,
    code,
    description: words === undefined ? undefined : redact(words),
  })
  return { ...fields, iccid, unknown: endpointId === undefined && !failed }
}
