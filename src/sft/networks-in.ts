import type { Json, JsonObject } from '../model.ts'
import type { Network } from './api.ts'
import { asObject, compact, firstText } from './values.ts'

interface NetworkFields {
  readonly operatorId?: string
  readonly sponsorId?: string
  readonly tadig?: string
  readonly operatorName?: string
  readonly countryName?: string
}

/** Networks at some depth, and how many rows among them cannot be read. */
export interface Networks {
  readonly networks: readonly Network[]
  readonly unread: number
}

const NO_NETWORKS: Networks = { networks: [], unread: 0 }

const together = (parts: readonly Networks[]): Networks => ({
  networks: parts.flatMap(part => part.networks),
  unread: parts.reduce((sum, part) => sum + part.unread, 0),
})

export function networksOfList(list: readonly Json[], outer: NetworkFields): Networks {
  return together(
    list.map(item => {
      const object = asObject(item)
      return object === undefined ? { networks: [], unread: 1 } : networksIn(object, outer)
    }),
  )
}

/** The networks of an object: what is nested in it, or itself; one that is none and has none is unread. */
export function networksIn(object: JsonObject, outer: NetworkFields): Networks {
  const fields: NetworkFields = { ...outer, ...networkFields(object) }
  const lists = Object.values(object).filter(isList)
  const parts = [
    ...lists.map(list => networksOfList(list, fields)),
    ...Object.values(object).flatMap(value => {
      const nested = asObject(value)
      return nested === undefined ? [] : [networksIn(nested, fields)]
    }),
  ]
  // Beside lists of networks others may stand, such as one of languages.
  const having = parts.filter(part => part.networks.length > 0)
  if (having.length > 0) return together(having)
  const { operatorId, sponsorId } = fields
  // Only an item that itself names an operator or a sponsor is a network.
  const isItem = firstText(object, 'operatorId', 'categoryGroupId', 'sponsorId') !== undefined
  if (isItem && operatorId !== undefined && sponsorId !== undefined)
    return { networks: [{ ...fields, operatorId, sponsorId }], unread: 0 }
  const isEmptyGroup = !isItem && lists.length > 0 && lists.every(list => list.length === 0)
  return isEmptyGroup ? NO_NETWORKS : { networks: [], unread: Math.max(1, together(parts).unread) }
}

function networkFields(object: JsonObject): NetworkFields {
  return compact({
    operatorId: firstText(object, 'operatorId'),
    sponsorId: firstText(object, 'categoryGroupId', 'sponsorId'),
    tadig: firstText(object, 'tadigCode', 'tadig'),
    operatorName: firstText(object, 'operatorName'),
    countryName: firstText(object, 'countryName'),
  })
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
