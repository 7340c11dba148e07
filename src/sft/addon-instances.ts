import type { Json, JsonObject } from '../model.ts'
import type { AddonInstance } from './api.ts'
import { asNumber, asObject, asObjects, asText, compact, firstText } from './values.ts'

/**
 * The blocks of a profile, of add-on details or of a subscription. ASSUMED (contract 4.10, 4.11, U1): they
 * stand under `Response.info`, `responseParam.info`, `responseParam`, or `Response` itself.
 */
export function blocksOf(
  response: JsonObject,
  ...names: readonly string[]
): JsonObject | undefined {
  const param = asObject(response['responseParam'])
  const places = [asObject(response['info']), asObject(param?.['info']), param, response]
  return places.find(place => place !== undefined && names.some(name => place[name] !== undefined))
}

/**
 * The add-on instances in these blocks: plans and data benefits joined on uniqueId (contract 4.11). A
 * benefit whose plan is not listed is an instance all the same: it must not look as if it were not there.
 * For the same reason the whole is undefined where a plan has no uniqueId.
 */
export function instancesIn(blocks: JsonObject): readonly AddonInstance[] | undefined {
  const plans = listIn(blocks['promotionalPlans'], 'plan').map(planPart)
  if (plans.some(plan => plan.uniqueId === undefined)) return undefined
  const benefits = listIn(blocks['benefitInfo'], 'benefit').map(benefitPart)
  const ids = [...plans, ...benefits].flatMap(part => part.uniqueId ?? [])
  return [...new Set(ids)].map(uniqueId => {
    const plan = plans.find(part => part.uniqueId === uniqueId)
    const own = benefits.filter(part => part.uniqueId === uniqueId)
    const data = own.filter(part => part.isData)
    const fields: Omit<AddonInstance, 'uniqueId'> = compact({
      planId: plan?.planId,
      planName: plan?.planName,
      grantedBytes: sumOf(data.map(part => part.granted)),
      leftBytes: sumOf(data.map(part => part.left)),
      startDate: plan?.startDate ?? own.find(part => part.startDate !== undefined)?.startDate,
      expiryDate: plan?.expiryDate ?? own.find(part => part.expiryDate !== undefined)?.expiryDate,
    })
    return { ...fields, uniqueId }
  })
}

/** A block's list, whether the block is the list itself or holds it under a key. */
function listIn(block: Json | undefined, key: string): readonly JsonObject[] {
  const holder = asObject(block)
  return asObjects(holder !== undefined && key in holder ? holder[key] : block) ?? []
}

function planPart(row: JsonObject) {
  return {
    uniqueId: asText(row['uniqueId']),
    planId: asText(row['planId']),
    planName: asText(row['planName']),
    startDate: firstText(row, 'planStartDate', 'startDate'),
    expiryDate: firstText(row, 'planExpiryDate', 'expiryDate'),
  }
}

function benefitPart(row: JsonObject) {
  return {
    uniqueId: asText(row['uniqueId']),
    // Absent from answers that have no other benefit than data.
    isData: (asText(row['name']) ?? 'DATA').toUpperCase() === 'DATA',
    granted: asNumber(row['actualBalance']),
    left: asNumber(row['balance']),
    startDate: asText(row['startDate']),
    expiryDate: asText(row['expiryDate']),
  }
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0)
}
