/** What rules of a team may ask of rate zones. */
import type { NetworkSelector } from '../model.ts'
import type { PolicyPart } from './policy-part.ts'
import type { RateZoneEntry } from './rate-zone-entry.ts'

const networkText = (network: NetworkSelector): string =>
  'tadig' in network ? network.tadig : `${network.operatorId}/${network.sponsorId}`

/** Rate zones in rules. */
export const rateZonePolicy: PolicyPart<RateZoneEntry> = {
  variable: 'rateZone',
  facts: {
    key: { type: 'string', meaning: 'its key' },
    name: { type: 'string', meaning: 'its name on the platform' },
    countries: { type: 'list<string>', meaning: 'ISO 3166-1 codes of its countries' },
    networks: {
      type: 'list<string>',
      meaning: 'its single networks: TADIG codes, or operatorId/sponsorId',
    },
    exclude: { type: 'list<string>', meaning: 'the networks that it leaves out' },
    onNetworkRemoval: {
      type: 'string',
      meaning: '"block" or "replace"; "" where account: says it',
    },
    preventRetire: { type: 'bool', at: 'lifecycle', meaning: 'whether it is never retired' },
    portal: { type: 'map<string, dyn>', meaning: 'all that it has for your portal' },
  },
  ofEntry: ({ key, name, countries, networks, exclude, onNetworkRemoval, lifecycle, portal }) => ({
    key,
    name,
    countries,
    networks: networks.map(networkText),
    exclude: exclude.map(networkText),
    onNetworkRemoval: onNetworkRemoval ?? '',
    preventRetire: lifecycle.preventRetire,
    portal: portal ?? {},
  }),
}
