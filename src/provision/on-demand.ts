/** Endpoints that are made when somebody buys and none is left: which ones, and those made and not sold yet. */
import type { LoadOptions } from '../catalog/index.ts'
import type { Resource } from '../model.ts'
import { endpointResources } from '../resources/endpoint.ts'
import type { State } from '../state/state.ts'
import type { Candidate } from './candidates.ts'
import { InvalidRequestError } from './errors.ts'
import type { EsimRow, Ledger } from './ledger.ts'
import { esimPages } from './pages.ts'

/** A batch of the catalog whose endpoints are made on demand. */
export interface OnDemandBatch {
  readonly key: string
  readonly tags: readonly string[]
  /** What the endpoint of each SIM is to be, in the order in which they are made. */
  readonly resources: readonly Resource[]
}

/** The batch as the catalog has it now. */
export type OnDemand = () => Promise<OnDemandBatch>

/** How long a catalog that was read is taken to be as it was, in milliseconds. */
const FRESH_MS = 60_000

/** Which batch of which catalog. */
export interface OnDemandWish {
  readonly folder: string
  readonly key: string
  /** How the catalog is read. */
  readonly load: LoadOptions
  /** By what it is named, for errors. */
  readonly field: string
}

/**
 * Reads the batch, and again where the last reading is a minute old. Throws InvalidRequestError where the catalog
 * has errors, or no such batch.
 */
export async function openOnDemand(wish: OnDemandWish, now: () => number): Promise<OnDemand> {
  let read = await readBatch(wish)
  let at = now()
  return async () => {
    if (now() - at < FRESH_MS) return read
    at = now()
    read = await readBatch(wish)
    return read
  }
}

async function readBatch({ folder, key, load, field }: OnDemandWish): Promise<OnDemandBatch> {
  // Who makes nothing on demand does without YAML.
  const { loadCatalog } = await import('../catalog/index.ts')
  const { catalog, issues } = await loadCatalog(folder, load)
  if (catalog === undefined) {
    const [first] = issues.filter(({ severity }) => severity === 'error')
    throw new InvalidRequestError(
      field,
      `needs the catalog, and ${folder} has errors: ${first?.message ?? 'run sft-catalog validate'}`,
    )
  }
  const entry = catalog.endpointBatches.find(batch => batch.key === key)
  if (entry === undefined) {
    const known = catalog.endpointBatches.map(batch => batch.key).join(', ')
    throw new InvalidRequestError(
      field,
      `names no batch of ${folder}: it has ${known === '' ? 'none' : known}`,
    )
  }
  return { key, tags: entry.tags, resources: [...endpointResources(entry, { catalog })] }
}

/** eSIMs whose endpoints were made on demand, that nobody has, and that the state does not have. */
export async function listMade(
  ledger: Ledger,
  state: State,
  batch: string,
): Promise<readonly EsimRow[]> {
  const made: EsimRow[] = []
  for await (const page of esimPages(ledger, { status: 'released' }))
    for (const row of page)
      if (row.onDemand === true && row.batch === batch && state.endpoints[row.iccid] === undefined)
        made.push(row)
  return made
}

export const candidateOf = ({ endpointId, iccid, batch, tags }: EsimRow): Candidate => ({
  endpointId,
  iccid,
  batch,
  tags,
})
