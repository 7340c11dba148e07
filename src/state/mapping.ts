import { isJsonObject } from '../json.ts'
import type { Json } from '../model.ts'
import { oneLine } from '../render/gate.ts'
import type { State } from './state.ts'

/** A row of a mapping table: columns in order, absent ones left out. */
export type MappingRow = Readonly<Record<string, Json>>

/**
 * The three tables that the platform's guide for backend configuration asks a seller to keep ("Recommended
 * Backend Data Model"): endpoint to SIM, rate zone to portal destination, add-on to portal product.
 */
export interface Mapping {
  readonly endpoints: readonly MappingRow[]
  readonly rateZones: readonly MappingRow[]
  readonly addonPlans: readonly MappingRow[]
}

/** What a plan's row tells of its spec. */
const PLAN_ATTRIBUTES = ['dataMB', 'validityDays', 'activation'] as const

/** The mapping tables of a state, rows in the order of their keys. */
export function exportMapping(state: State): Mapping {
  return {
    endpoints: sorted(state.endpoints).map(([iccid, { endpointId, name, batch, tags }]) => ({
      endpointId,
      iccid,
      name,
      batch,
      tags,
    })),
    rateZones: sorted(state.rateZones).map(([key, { id, name, portal }]) => ({
      rateZoneId: id,
      rateZoneName: name,
      key,
      ...(portal !== undefined && { portal }),
    })),
    addonPlans: sorted(state.addonPlans).map(([key, plan]) => ({
      planId: plan.planId,
      planName: plan.name,
      key,
      rateZoneId: plan.rateZoneId,
      ...(plan.rateZone !== undefined && { rateZone: plan.rateZone }),
      ...Object.fromEntries(
        PLAN_ATTRIBUTES.flatMap(field => {
          const value = plan.spec[field]
          return value === undefined ? [] : [[field, value]]
        }),
      ),
      ...(plan.retired === true && { retired: true }),
      ...(plan.portal !== undefined && { portal: plan.portal }),
    })),
  }
}

const sorted = <Value>(section: Readonly<Record<string, Value>>): [string, Value][] =>
  Object.entries(section).toSorted(([a], [b]) => (a < b ? -1 : 1))

/**
 * A table as CSV (RFC 4180) with a header line. A field that is an object gets a column for each of its
 * own fields (`portal.sku`); a list stands in one cell, its items apart by a space; what else is nested
 * is JSON. Text that a spreadsheet would run as a formula gets a leading `'`; a line break becomes a space.
 */
export function mappingCsv(table: readonly MappingRow[]): string {
  const rows = table.map(row => new Map(Object.entries(row).flatMap(flatten)))
  const columns = [...new Set(rows.flatMap(row => [...row.keys()]))]
  const lines = [
    columns.map(quote),
    ...rows.map(row => columns.map(column => quote(row.get(column) ?? ''))),
  ]
  return lines.map(line => `${line.join(',')}\r\n`).join('')
}

function flatten([column, value]: [string, Json]): [string, string][] {
  return isJsonObject(value)
    ? Object.entries(value).map(([key, item]) => [`${column}.${key}`, cell(item)])
    : [[column, cell(value)]]
}

function cell(value: Json): string {
  if (value === null) return ''
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value.join(' ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/

function quote(cell: string): string {
  const text = oneLine(cell)
  const safe = /^[=+\-@\t\r]/.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
