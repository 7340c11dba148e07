import { type Finding, notKnown, notThere, there } from '../finding.ts'
import type { CallOptions, SftReader, Sim, SimPage } from '../sft/api.ts'
import { sideBySide } from '../side-by-side.ts'

/** SIMs by ICCID, and whether they are all that was asked for. */
export interface SimListing {
  readonly sims: Map<string, Sim>
  /** Why a SIM that is not among them is not known, for people; absent: there is none. */
  readonly doubt?: string
  /** What was odd all the same, for people. */
  readonly note?: string
}

/** Every SIM of the account, by ICCID. Pages run side by side; the budget spaces them. */
export async function readAllSims(
  read: SftReader,
  pageSize: number,
  options: CallOptions = {},
  onCount?: (sims: number) => void,
  onPages?: (pages: number) => void,
): Promise<SimListing> {
  const sims = new Map<string, Sim>()
  const first = await read.sims({ page: 1, perPage: pageSize }, options)
  onPages?.(first.totalPages)
  const how = await readPages(read, pageSize, first, options, page => {
    for (const sim of page) sims.set(sim.iccid, sim)
    onCount?.(sims.size)
    return 'go on'
  })
  const { stopped: _never, ...rest } = how
  return { sims, ...rest }
}

/** The endpoint that a SIM has, as far as a listing tells. */
export function endpointIn({ sims, doubt }: SimListing, iccid: string): Finding<string> {
  const sim = sims.get(iccid)
  if (sim?.endpointId !== undefined) return there(sim.endpointId)
  return sim === undefined && doubt !== undefined
    ? notKnown(`SIM ${iccid} was not read: ${doubt}`)
    : notThere(`SIM ${iccid} has no endpoint`)
}

/** How certain SIMs are looked for. */
export interface SimSearch {
  readonly pageSize: number
  /** Those that a whole list lacks are looked for one by one too: they are known to exist. */
  readonly confirm?: boolean
  readonly onCount?: (sims: number) => void
}

/** SIMs of these ICCIDs, by whichever takes fewer calls: single look-ups or pages of all SIMs. */
export async function readSims(
  read: SftReader,
  iccids: readonly string[],
  { pageSize, confirm, onCount }: SimSearch,
): Promise<SimListing> {
  const wanted = new Set(iccids)
  const sims = new Map<string, Sim>()
  const take = (page: readonly Sim[]) => {
    for (const sim of page) if (wanted.delete(sim.iccid)) sims.set(sim.iccid, sim)
    onCount?.(sims.size)
  }
  let odd: Pick<SimListing, 'note'> = {}
  if (wanted.size > 1) {
    const first = await read.sims({ page: 1, perPage: pageSize })
    let pages = 0
    const { stopped, doubt, ...rest } = await readPages(read, pageSize, first, {}, page => {
      take(page)
      pages += 1
      return Math.max(first.totalPages - pages, 1) > wanted.size ? 'enough' : 'go on'
    })
    odd = rest
    const isWhole = doubt === undefined && confirm !== true
    if (!stopped && (isWhole || wanted.size > MOST_LOOK_UPS))
      return { sims, ...rest, ...(doubt !== undefined && { doubt }) }
  }
  const doubts: string[] = []
  await sideBySide(wanted, READS_AT_ONCE, async iccid => {
    const found = await read.sim(iccid)
    if (found.kind === 'there') take([found.value])
    if (found.kind === 'not known') doubts.push(found.reason)
  })
  return { sims, ...odd, ...(doubts[0] !== undefined && { doubt: doubts[0] }) }
}

/** Above so many that a list lacks it is the list that is not known, without asking for each. */
export const MOST_LOOK_UPS = 20

/**
 * Pages of the SIM stock, until one brings nothing new or `take` says that it is enough. The end of what was
 * told or of what there is makes the list whole.
 */
async function readPages(
  read: SftReader,
  pageSize: number,
  first: SimPage,
  options: CallOptions,
  take: (sims: readonly Sim[]) => 'go on' | 'enough',
): Promise<Omit<SimListing, 'sims'> & { readonly stopped: boolean }> {
  const seen = new Set<string>()
  let total = first.totalPages
  let { doubt, note } = first
  let ended = false
  let stopped = false
  const turn = (number: number, page: SimPage) => {
    const before = seen.size
    for (const sim of page.sims) seen.add(sim.iccid)
    total = Math.max(total, page.totalPages)
    doubt ??= page.doubt
    note ??= page.note
    const said = take(page.sims)
    if (seen.size === before) {
      ended = true
      if (number < total)
        doubt ??= `fetchSIM tells of ${total} pages, and page ${number} brings nothing new`
    } else if (said === 'enough' && number < total) {
      ended = true
      stopped = true
    }
  }
  turn(1, first)
  for (let next = 2; next <= total && !ended; ) {
    // The number of pages may grow while they are read, and may be any number.
    const some = Math.min(ROUND, total - next + 1)
    const pages = Array.from({ length: some }, (_, at) => next + at)
    next += some
    await sideBySide(pages, READS_AT_ONCE, async page => {
      if (!ended) turn(page, await read.sims({ page, perPage: pageSize }, options))
    })
  }
  return {
    stopped,
    ...(doubt !== undefined && { doubt }),
    ...(note !== undefined && { note }),
  }
}

/** Enough side by side to fill any rate, few enough to bound memory. */
export const READS_AT_ONCE = 64

/** Pages that are asked for before the number of pages is looked at again. */
const ROUND = 16 * READS_AT_ONCE
