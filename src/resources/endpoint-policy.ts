/** What rules of a team may ask of batches of endpoints. */
import type { EndpointBatchEntry } from './endpoint-entry.ts'
import type { PolicyPart } from './policy-part.ts'

/** Batches of endpoints in rules. */
export const endpointBatchPolicy: PolicyPart<EndpointBatchEntry> = {
  variable: 'endpointBatch',
  facts: {
    key: { type: 'string', meaning: 'its key' },
    name: { type: 'string', meaning: 'the template of the names of its endpoints' },
    size: { type: 'int', at: 'iccids', meaning: 'how many ICCIDs it has' },
    tags: { type: 'list<string>', meaning: 'its tags' },
    create: { type: 'string', meaning: '"in-advance" or "on-demand"' },
    basePlan: { type: 'string', meaning: 'its base plan; "" where account: says it' },
    apnGroup: { type: 'string', meaning: 'its APN group; "" where account: says it' },
    preventRetire: { type: 'bool', at: 'lifecycle', meaning: 'whether none is ever removed' },
    portal: { type: 'map<string, dyn>', meaning: 'all that it has for your portal' },
  },
  ofEntry: ({ key, name, iccids, tags, create, basePlan, apnGroup, lifecycle, portal }) => ({
    key,
    name,
    size: iccids.length,
    tags,
    create,
    basePlan: basePlan ?? '',
    apnGroup: apnGroup ?? '',
    preventRetire: lifecycle.preventRetire,
    portal: portal ?? {},
  }),
}
