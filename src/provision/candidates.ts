import { eachRecord } from '../state/records.ts'
import type { State } from '../state/state.ts'

/** An endpoint of the state that may be sold. */
export interface Candidate {
  readonly endpointId: string
  readonly iccid: string
  readonly batch: string
  readonly tags: readonly string[]
}

/**
 * The endpoints that may be sold, batch by batch in the order in which they are to be sold: that of
 * `batches` or of `tags` where given, else that of the state.
 */
export function listCandidates(
  state: State,
  policies: { readonly batches?: readonly string[]; readonly tags?: readonly string[] },
): readonly Candidate[] {
  const { batches, tags } = policies
  const count = Object.keys(state.endpoints).length
  const ranked: { readonly rank: number; readonly candidate: Candidate }[] = []
  const order = new Map((batches ?? []).map((batch, index) => [batch, index]))
  for (const [iccid, record] of eachRecord(state.endpoints)) {
    if (record.endpointId === '') continue
    const tagRank = tags === undefined ? 0 : tags.findIndex(tag => record.tags.includes(tag))
    if (tagRank === -1) continue
    let batchRank = order.get(record.batch)
    if (batchRank === undefined) {
      if (batches !== undefined) continue
      batchRank = order.size
      order.set(record.batch, batchRank)
    }
    ranked.push({
      rank: tagRank * (count + 1) + batchRank,
      candidate: {
        endpointId: record.endpointId,
        iccid,
        batch: record.batch,
        tags: record.tags,
      },
    })
  }
  return ranked.sort((one, other) => one.rank - other.rank).map(({ candidate }) => candidate)
}
