import { printCatalogFile, printedKeyAt } from '../catalog/print-yaml.ts'
import type { PlannedFile } from '../catalog/stage-catalog.ts'
import { grouped } from '../counts.ts'
import type { Address, KindName } from '../model.ts'
import { kinds } from '../resources/kinds.ts'
import type { LeftOut, Proposal } from './proposal.ts'

/** Comment lines of one file about what is left out; the command reports all of it. */
const SHOWN = 200

const HEAD = [
  'Taken over from the account by "sft-catalog adopt". These files are yours now: move entries where you like,',
  'rename keys with moved:, add portal: data.',
]

/** A file of a proposal. */
export interface AdoptedFile extends PlannedFile {
  /** What a line of it is about; undefined where that is not one thing. */
  readonly addressAt: (line: number) => Address | undefined
}

/** The files of a proposal, the folder `into` being below the catalog: one a kind, ICCIDs in CSV. */
export function printAdoption(proposal: Proposal, into: string): readonly AdoptedFile[] {
  const files: AdoptedFile[] = []
  const lists: AdoptedFile[] = []
  if (proposal.account !== undefined)
    files.push({
      path: `${into}/account.yaml`,
      text: printCatalogFile({
        head: [...HEAD, 'Defaults of the whole catalog.'],
        account: proposal.account,
      }),
      addressAt: () => undefined,
    })
  for (const { kind, catalog, adoption, grouping } of kinds()) {
    const { entries = [], lists: own = [] } = proposal.kinds.get(kind) ?? {}
    if (adoption === undefined || entries.length === 0) continue
    const text = printCatalogFile({
      head: [...HEAD, ...adoption.head],
      section: catalog.section,
      entries: entries.map(({ fields, comments = [] }) => ({ fields, comments })),
      tail: leftLines(proposal.left, kind),
    })
    const addressAt = (line: number) => {
      const key = grouping === undefined ? printedKeyAt(text, line) : undefined
      return key === undefined ? undefined : (`${kind}/${key}` as const)
    }
    files.push({ path: `${into}/${adoption.file}`, text, addressAt })
    for (const { path, iccids } of own)
      lists.push({
        path: `${into}/${path}`,
        text: `iccid\n${iccids.join('\n')}\n`,
        addressAt: line => `${kind}/${iccids[line - 2] ?? ''}`,
      })
  }
  return [...files, ...lists]
}

function leftLines(left: readonly LeftOut[], kind: KindName): readonly string[] {
  const own = left.filter(item => item.kind === kind)
  if (own.length === 0) return []
  const lines = own.slice(0, SHOWN).map(({ what, why }) => `- ${what}: ${why}`)
  const more = own.length > SHOWN ? [`- and ${grouped(own.length - SHOWN)} more`] : []
  return ['Left out:', ...lines, ...more]
}
