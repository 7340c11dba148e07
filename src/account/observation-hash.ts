import { createHash } from 'node:crypto'
import { listingOf, type Observation } from './observation.ts'

/** What a row has besides what is read of it, such as counts: where it matters, the plan itself has it. */
const withoutFields = (key: string, value: unknown): unknown =>
  key === 'fields' ? undefined : value

/**
 * One hash over what was read, whatever the order in which the platform lists it: a saved plan is good while it
 * stays the same. `sections`: those of the kinds that the platform lists.
 */
export function observationHash(observation: Observation, sections: readonly string[]): string {
  const hash = createHash('sha256')
  const lists: readonly (readonly unknown[])[] = [
    observation.networks.items,
    ...sections.map(section => listingOf(observation, section).items),
    [...observation.sims.values()].map(({ iccid, endpointId, status }) => ({
      iccid,
      endpointId,
      status,
    })),
  ]
  hash.update(JSON.stringify([...observation.destGroupIds].sort()))
  for (const list of lists)
    hash.update(JSON.stringify(list.map(item => JSON.stringify(item, withoutFields)).sort()))
  return hash.digest('hex')
}
