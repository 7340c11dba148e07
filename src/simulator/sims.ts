import { createHash } from 'node:crypto'
import type { JsonObject } from '../model.ts'
import { activationCode } from './forms.ts'
import type { SimulatedWire } from './settings.ts'

/** SIM states by the texts that the platform uses (contract 2.1, 4.8). */
export type SimulatedSimStatus = 'Ready To Activate' | 'Pre-Active' | 'Active' | 'Suspended'

/** A SIM in stock. Everything else about it follows from its ICCID and place. */
export interface SimulatedSim {
  /** Place in stock, from 0; fetchSIM lists by it. */
  readonly position: number
  readonly iccid: string
  readonly status: SimulatedSimStatus
  readonly endPointId?: string
}

/**
 * SIMs in order of delivery, with the number of SIMs of each class (status and attachment) per block,
 * so that a page of a filtered list costs the same whatever the stock.
 */
export interface SimStock {
  readonly byIccid: Map<string, SimulatedSim>
  readonly list: SimulatedSim[]
  readonly blocks: Int32Array[]
}

// ASSUMED (contract 7): only 12 is known; the others have the numbers around it.
const STATUS_IDS: Readonly<Record<string, SimulatedSimStatus>> = {
  '11': 'Ready To Activate',
  '12': 'Pre-Active',
  '13': 'Active',
  '14': 'Suspended',
}
const STATUSES: readonly SimulatedSimStatus[] = Object.values(STATUS_IDS)
const CLASSES = STATUSES.length * 2
const BLOCK = 512

export function createStock(): SimStock {
  return { byIccid: new Map(), list: [], blocks: [] }
}

/** Puts SIMs in stock; ICCIDs that it has already are left alone. Returns how many were new. */
export function addSims(stock: SimStock, iccids: Iterable<string>): number {
  let added = 0
  for (const iccid of iccids) {
    if (stock.byIccid.has(iccid)) continue
    placeSim(stock, { position: stock.list.length, iccid, status: 'Ready To Activate' })
    added += 1
  }
  return added
}

/** Puts a SIM in stock that may have a status already. */
export function placeSim(stock: SimStock, sim: SimulatedSim): void {
  stock.byIccid.set(sim.iccid, sim)
  stock.list.push(sim)
  count(stock, sim, 1)
}

/** Changes what can change about a SIM. */
export function changeSim(
  stock: SimStock,
  iccid: string,
  status: SimulatedSimStatus,
  endPointId: string | undefined,
): void {
  const before = stock.byIccid.get(iccid)
  if (before === undefined) throw new Error(`no SIM ${iccid} in stock`)
  const { position } = before
  const after: SimulatedSim =
    endPointId === undefined ? { position, iccid, status } : { position, iccid, status, endPointId }
  count(stock, before, -1)
  stock.byIccid.set(iccid, after)
  stock.list[position] = after
  count(stock, after, 1)
}

/** Query of fetchSIM: IDs as on the wire; a status ID that nobody knows matches nothing. */
export interface SimFilter {
  readonly simStatusId?: string
  readonly simAttachStatusId?: string
}

/** One page of the SIMs that match, from page 1, and how many match in all. */
export function pageOfSims(
  stock: SimStock,
  filter: SimFilter,
  page: number,
  perPage: number,
): { readonly sims: readonly SimulatedSim[]; readonly total: number } {
  const wanted = Array.from({ length: CLASSES }, (_, index) => {
    const status = STATUSES[index >> 1]
    const attached = index % 2 === 1 ? '1' : '0'
    return (
      (filter.simStatusId === undefined || STATUS_IDS[filter.simStatusId] === status) &&
      (filter.simAttachStatusId === undefined || filter.simAttachStatusId === attached)
    )
  })
  let skip = (page - 1) * perPage
  let total = 0
  const sims: SimulatedSim[] = []
  for (const [number, counts] of stock.blocks.entries()) {
    const matching = counts.reduce((sum, value, index) => (wanted[index] ? sum + value : sum), 0)
    total += matching
    if (sims.length === perPage || matching === 0) continue
    if (matching <= skip) {
      skip -= matching
      continue
    }
    const end = Math.min(stock.list.length, (number + 1) * BLOCK)
    for (let position = number * BLOCK; position < end && sims.length < perPage; position += 1) {
      const sim = stock.list[position]
      if (sim === undefined || !wanted[classOf(sim)]) continue
      if (skip > 0) skip -= 1
      else sims.push(sim)
    }
  }
  return { sims, total }
}

function classOf(sim: SimulatedSim): number {
  return STATUSES.indexOf(sim.status) * 2 + (sim.endPointId === undefined ? 0 : 1)
}

function count(stock: SimStock, sim: SimulatedSim, by: 1 | -1): void {
  const number = Math.floor(sim.position / BLOCK)
  let counts = stock.blocks[number]
  if (counts === undefined) {
    counts = new Int32Array(CLASSES)
    stock.blocks[number] = counts
  }
  const index = classOf(sim)
  counts[index] = (counts[index] ?? 0) + by
}

/** A row of fetchSIM (contract 4.8). Holds the activation code. */
export function simRow(sim: SimulatedSim, wire: SimulatedWire): JsonObject {
  return {
    simId: String(700_001 + sim.position),
    iccid: sim.iccid,
    eid: eidOf(sim),
    msisdn: msisdnOf(sim),
    simStatus: sim.status,
    simAttachStatus: sim.endPointId === undefined ? 'NOT ATTACHED' : 'ATTACHED',
    endPointId: sim.endPointId ?? '-',
    simProduct: 'IPP Consumer eUICC LPWAN',
    activationCode: activationCode(SMDP_HOST, matchingIdOf(sim), wire.activationCodes),
    iMSIList: [{ supplierIMSIList: [{ sponsorName: 'BICS', supplierIMSI: imsiOf(sim) }] }],
  }
}

const SMDP_HOST = 'smdp.example.com'

export function msisdnOf(sim: SimulatedSim): string {
  return `32466${String(sim.position).padStart(7, '0')}`
}

export function imsiOf(sim: SimulatedSim): string {
  return `20601${String(sim.position).padStart(10, '0')}`
}

/** 32 digits whose last two make the whole number 1 modulo 97 (SGP.02). */
function eidOf(sim: SimulatedSim): string {
  const body = `89033023${sim.iccid.slice(-20).padStart(20, '0')}00`
  const check = 98n - (BigInt(`${body}00`) % 97n)
  return `${body}${String(check).padStart(2, '0')}`
}

function matchingIdOf(sim: SimulatedSim): string {
  const digest = createHash('sha1').update(sim.iccid).digest('hex').toUpperCase()
  return [0, 5, 10, 15].map(start => digest.slice(start, start + 5)).join('-')
}

/** ICCIDs of 19 digits with a valid check digit (Luhn). */
export function* makeIccids(count: number, seed: number): Generator<string> {
  for (let index = 1; index <= count; index += 1) {
    const body = `8932042${String(seed % 1000).padStart(3, '0')}${String(index).padStart(8, '0')}`
    yield `${body}${luhnDigit(body)}`
  }
}

function luhnDigit(body: string): number {
  let sum = 0
  for (let index = body.length - 1, double = true; index >= 0; index -= 1, double = !double) {
    const digit = body.charCodeAt(index) - 48
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return (10 - (sum % 10)) % 10
}
