import { type PrintedEntry, printCatalogFile } from '../catalog/print-yaml.ts'
import type { PlannedFile } from '../catalog/stage-catalog.ts'
import type { KindName } from '../model.ts'
import type { EntryDraft, LeftOut, Proposal } from './proposal.ts'

/** Comment lines of one file about what is left out; the command reports all of it. */
const SHOWN = 200

const HEAD = [
  'Taken over from the account by "sft-catalog adopt". These files are yours now: move entries where you like,',
  'rename keys with moved:, add portal: data.',
]

/** The files of a proposal, the folder `into` being below the catalog: one a kind, ICCIDs in CSV. */
export function printAdoption(proposal: Proposal, into: string): readonly PlannedFile[] {
  const files: PlannedFile[] = []
  const { account, zones, plans, batches } = proposal
  if (account !== undefined)
    files.push({
      path: `${into}/account.yaml`,
      text: printCatalogFile({ head: [...HEAD, 'Defaults of the whole catalog.'], account }),
    })
  if (zones.length > 0)
    files.push({
      path: `${into}/rate-zones.yaml`,
      text: printCatalogFile({
        head: [...HEAD, 'countries: stands for every network that the account has there.'],
        section: 'rateZones',
        entries: zones.map(printed),
        tail: leftLines(proposal.left, 'rateZone'),
      }),
    })
  if (plans.length > 0)
    files.push({
      path: `${into}/addon-plans.yaml`,
      text: printCatalogFile({
        head: HEAD,
        section: 'addonPlans',
        entries: plans.map(printed),
        tail: leftLines(proposal.left, 'addonPlan'),
      }),
    })
  if (batches.length > 0)
    files.push({
      path: `${into}/endpoints.yaml`,
      text: printCatalogFile({
        head: [
          ...HEAD,
          'Sold endpoints stand here too: the state knows them, and never sells or removes them.',
        ],
        section: 'endpointBatches',
        entries: batches,
        tail: leftLines(proposal.left, 'endpoint'),
      }),
    })
  for (const batch of batches)
    files.push({
      path: `${into}/inventory/${batch.key}.csv`,
      text: `iccid\n${batch.iccids.join('\n')}\n`,
    })
  return files
}

const printed = ({ fields, comments }: EntryDraft): PrintedEntry => ({ fields, comments })

function leftLines(left: readonly LeftOut[], kind: KindName): readonly string[] {
  const own = left.filter(item => item.kind === kind)
  if (own.length === 0) return []
  const lines = own.slice(0, SHOWN).map(({ what, why }) => `- ${what}: ${why}`)
  const more = own.length > SHOWN ? [`- and ${own.length - SHOWN} more`] : []
  return ['Left out:', ...lines, ...more]
}
