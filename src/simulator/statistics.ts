import type { JsonObject } from '../model.ts'
import { CODES, Rejection } from './rejection.ts'
import type { SimulatedEndpoint } from './world.ts'

/** GetStatistics (contract 5): days from and to, `YYYYMMDD`, both included; volumes in MB. */
export function readStatistics(endpoint: SimulatedEndpoint, from: string, to: string): JsonObject {
  for (const day of [from, to]) {
    if (!/^\d{8}$/.test(day)) {
      throw new Rejection(CODES.badRequest, `${day} is not a date of the form YYYYMMDD`)
    }
  }
  if (from > to) throw new Rejection(CODES.badRequest, 'from_date is after to_date')
  const days = Object.entries(endpoint.usage)
    .filter(([day]) => day >= from && day <= to)
    .toSorted(([a], [b]) => a.localeCompare(b))
  if (days.length === 0) throw new Rejection(CODES.noUsage, 'No usage found')
  const total = { uplinkMB: 0, downlinkMB: 0 }
  for (const [, usage] of days) {
    total.uplinkMB += usage.uplinkMB
    total.downlinkMB += usage.downlinkMB
  }
  return {
    dataUsage: days.map(([day, usage]) => ({
      date: `${day.slice(6)}/${day.slice(4, 6)}/${day.slice(0, 4)}`,
      ...volumes(usage),
    })),
    dataTotalUsage: volumes(total),
    smsUsage: [],
    smsTotalUsage: [],
  }
}

function volumes(usage: { readonly uplinkMB: number; readonly downlinkMB: number }): JsonObject {
  return {
    uplink: usage.uplinkMB.toFixed(3),
    downlink: usage.downlinkMB.toFixed(3),
    totalVolume: (usage.uplinkMB + usage.downlinkMB).toFixed(3),
    totalCost: null,
  }
}
