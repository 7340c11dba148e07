import type { JsonObject } from '../model.ts'
import { normaliseIccid } from '../units.ts'
import { readActivationCode } from './activation-code.ts'
import { blocksOf, instancesIn, instancesInDetails, mergeInstances } from './addon-instances.ts'
import type {
  AddonListing,
  CallOptions,
  EndpointProfile,
  EndpointStatistics,
  InstanceListing,
  SftReader,
  Sim,
  SimPage,
  SimQuery,
} from './api.ts'
import { instanceInTerms, simInTerms, statisticsInTerms } from './contract-terms.ts'
import { SftNotUnderstoodError, SftRejectedError } from './errors.ts'
import {
  APART_MS,
  answerOf,
  answerOrNone,
  type ListReader,
  nonsenseOf,
  type Page,
  pageOf,
  readOne,
  saysNone,
  totalPagesOf,
} from './lists.ts'
import { requireId } from './prerequisites.ts'
import { asNumber, asObject, asObjects, asText, compact, firstText } from './values.ts'
import { fromWire, type WireForm } from './wire-form.ts'

/** So many details in a row that were not understood, and the profile is read at once from then on. */
const DETAILS_IN_VAIN = 3

/** Reads of SIMs and endpoints. */
export function createEndpointReads(
  reader: ListReader,
  form: WireForm,
): Pick<SftReader, 'sims' | 'sim' | 'endpointProfile' | 'addons' | 'statistics'> {
  const { read } = reader
  /** Details one after another that were not understood in full. */
  let detailsInVain = form.addonsFrom === 'profile' ? DETAILS_IN_VAIN : 0

  async function endpointProfile(
    endpointId: string,
    options?: CallOptions,
  ): Promise<EndpointProfile> {
    requireId('GetEndPointProfile', 'endPointId', endpointId)
    const query = { endPointId: endpointId }
    const extract = (response: JsonObject) => profileOf(endpointId, response, form)
    return answerOf(await read('GetEndPointProfile', query, extract, options))
  }

  async function addonDetails(endpointId: string, options?: CallOptions): Promise<InstanceListing> {
    const query = { endPointId: endpointId }
    const result = await read('GetEndpointAddonDetails', query, instancesInDetails, options)
    if (result.kind === 'missing') detailsInVain = DETAILS_IN_VAIN
    return result.kind === 'answered'
      ? inTerms(result.value, form)
      : { items: [], doubt: `add-on details: ${result.error.message}` }
  }

  async function addonsOfProfile(
    endpointId: string,
    options?: CallOptions,
  ): Promise<Omit<AddonListing, 'by'>> {
    try {
      const { instances, status } = await endpointProfile(endpointId, options)
      return { ...instances, ...(status !== undefined && { endpointStatus: status }) }
    } catch (error) {
      if (error instanceof SftNotUnderstoodError || error instanceof SftRejectedError)
        return { items: [], doubt: `endpoint profile: ${error.message}` }
      throw error
    }
  }

  return {
    async sims(query, options) {
      const wire = {
        page: String(query.page),
        perPage: String(query.perPage),
        // The stock query of guide 3 (contract 4.8): the only IDs that are documented.
        simStatusId: query.sellable ? form.sellable.simStatusId : undefined,
        simAttachStatusId: query.sellable ? form.sellable.simAttachStatusId : undefined,
      }
      const ask = async (): Promise<SimPage> => {
        const result = await read('fetchSIM', wire, simsOf(form), options)
        if (result.kind === 'answered') return simPageOf(query, result.value, result.response)
        if (!saysNone(result)) throw result.error
        return { sims: [], totalPages: query.page - 1, doubt: SAID_NONE }
      }
      const page = await ask()
      // A traveller does not wait for a second reading: whatever is not on the page is not sold.
      if (page.doubt === undefined || query.sellable) return page
      await reader.clock.sleep(APART_MS, options?.signal)
      const { doubt, ...again } = await ask()
      // Past the first page two readings without data are the end; of a whole stock they prove nothing.
      const isEnd = doubt === SAID_NONE && query.page > 1
      return doubt === undefined || isEnd ? again : { ...again, doubt }
    },
    sim(iccid, options) {
      const wanted = normaliseIccid(requireId('fetchSIM', 'iccid', iccid))
      const call = {
        operation: 'fetchSIM',
        query: { iccid: wanted },
        pageOf: simsOf(form),
      } as const
      const what = `SIM ${wanted}`
      return readOne(reader, call, what, sim => sim.iccid === wanted, {
        ...options,
        absent: meansNoSim,
      })
    },
    endpointProfile,
    async addons(endpointId, { knownGood = false, ...options } = {}) {
      requireId('GetEndpointAddonDetails', 'endPointId', endpointId)
      let details: InstanceListing = {
        items: [],
        doubt: 'the add-on details were not asked',
      }
      if (!knownGood && detailsInVain < DETAILS_IN_VAIN) {
        details = await addonDetails(endpointId, options)
        if (details.doubt === undefined) {
          detailsInVain = 0
          return { ...details, by: 'details' }
        }
        detailsInVain++
      }
      const profile = await addonsOfProfile(endpointId, options)
      return { ...profile, ...mergeInstances(details, profile), by: 'profile' }
    },
    async statistics({ endpointId, from, to }, options) {
      requireId('GetStatistics', 'endPointId', endpointId)
      const query = { endPointId: endpointId, from_date: dayOf(from), to_date: dayOf(to) }
      const result = await read(
        'GetStatistics',
        query,
        response => {
          const statistics = statisticsOf(response)
          return statistics && statisticsInTerms(statistics, form)
        },
        options,
      )
      if (result.kind === 'rejected' && ['1340', '1000'].includes(result.error.code))
        return { days: [], totalMB: 0 }
      return answerOrNone(result, { days: [], totalMB: 0 })
    },
  }
}

/** An answer by which an empty page and a page that is not known look the same. */
const SAID_NONE = 'fetchSIM lists no SIM at all'

/** ASSUMED (contract 4.8): fetchSIM by ICCID without a match answers "no data" or that it was not found. */
function meansNoSim(description: string): boolean {
  return /\b(sim|iccid)\b.*\b(not found|not exist|unknown)\b|\bno sim\b/i.test(description)
}

function simPageOf(query: SimQuery, page: Page<Sim>, response: JsonObject): SimPage {
  const told = totalPagesOf(response)
  // Untold, the next page is asked for until one is empty: a short page proves nothing.
  const totalPages = told ?? (page.rows.length === 0 ? query.page - 1 : query.page + 1)
  const doubt =
    page.unread > 0
      ? `${page.unread} rows of fetchSIM cannot be read`
      : page.saidNone || page.rows.length === 0
        ? SAID_NONE
        : undefined
  const note = nonsenseOf(response)
  return {
    sims: page.rows,
    totalPages,
    ...(doubt !== undefined && { doubt }),
    ...(note !== undefined && { note: `fetchSIM ${note}` }),
  }
}

const simsOf =
  (form: WireForm) =>
  (response: JsonObject): Page<Sim> | undefined =>
    pageOf(response, ['rows'], row => {
      const sim = simOf(row)
      return sim && simInTerms(sim, form)
    })

function simOf(row: JsonObject): Sim | undefined {
  const iccid = asText(row['iccid'])
  // Without this field an attached SIM would look free.
  if (iccid === undefined || row['endPointId'] === undefined) return undefined
  const attachStatus = asText(row['simAttachStatus'])
  const fields: Omit<Sim, 'iccid'> = compact({
    simId: asText(row['simId']),
    eid: asText(row['eid']),
    msisdn: asText(row['msisdn']),
    status: asText(row['simStatus']),
    attached: attachStatus === undefined ? undefined : attachStatus.toUpperCase() === 'ATTACHED',
    endpointId: asText(row['endPointId']),
    product: asText(row['simProduct']),
    activationCode: activationCodeOf(asObject(row['activationCode'])),
  })
  return { ...fields, iccid: normaliseIccid(iccid) }
}

function activationCodeOf(code: JsonObject | undefined): string | undefined {
  if (code === undefined) return undefined
  const host = firstText(code, 'smDpPlusAdress', 'smDpPlusAddress')
  const matchingId = asText(code['matchingId'])
  const made = host && matchingId ? `1$${host}$${matchingId}` : undefined
  const text = asText(code['textQrCode'])
  // What cannot be read is handed on as it is: that there is a code is known.
  return (text && readActivationCode(text)) ?? (made && readActivationCode(made)) ?? text
}

function profileOf(
  endpointId: string,
  response: JsonObject,
  form: WireForm,
): EndpointProfile | undefined {
  const blocks = blocksOf(response, 'basicInfo', 'promotionalPlans')
  if (blocks === undefined) return undefined
  const instances = inTerms(instancesIn(response), form)
  const names = form.profileFields
  const basic = asObject(blocks['basicInfo']) ?? {}
  const status = asText(basic[names.status])
  // ASSUMED (contract 4.11): plan, APN group and roaming profiles have the names that requests give them, the
  // state is a text of fetchSIM.
  const fields: Omit<EndpointProfile, 'endpointId' | 'instances'> = compact({
    name: asText(basic[names.name]),
    iccid: asText(basic['iccid']),
    msisdn: asText(basic['msisdn']),
    basePlan: asText(basic[names.basePlan]),
    apnGroup: asText(basic[names.apnGroup]),
    roamingProfiles: asText(basic[names.roamingProfiles])?.split('|'),
    status: status && fromWire(form.simStatus, status),
  })
  return { ...fields, endpointId, instances }
}

function inTerms(listing: InstanceListing, form: WireForm): InstanceListing {
  return { ...listing, items: listing.items.map(item => instanceInTerms(item, form)) }
}

/** ASSUMED (contract U23): the days of GetStatistics are days in UTC. */
function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll('-', '')
}

function statisticsOf(response: JsonObject): EndpointStatistics | undefined {
  const payload = asObject(response['responseParam'])
  if (payload === undefined) return undefined
  const days = (asObjects(payload['dataUsage']) ?? []).flatMap(day => {
    const date = asText(day['date'])
    return date === undefined ? [] : [{ date, ...volumesOf(day) }]
  })
  const total = asObject(payload['dataTotalUsage'])
  const totalMB = total ? volumesOf(total).totalMB : days.reduce((sum, day) => sum + day.totalMB, 0)
  return { days, totalMB }
}

/** Values may be null (contract 5): no usage. */
function volumesOf(row: JsonObject) {
  const uplinkMB = asNumber(row['uplink']) ?? 0
  const downlinkMB = asNumber(row['downlink']) ?? 0
  return { uplinkMB, downlinkMB, totalMB: asNumber(row['totalVolume']) ?? uplinkMB + downlinkMB }
}
