import { type Landscape, wantedLandscape } from '../../plan/landscape.ts'
import { type GraphPicture, graphDot, graphMermaid, graphPicture } from '../../render/graph.ts'
import { resolveAlone } from '../../resolve-alone.ts'
import { SavedPlanError } from '../../saved-plan.ts'
import { readCatalog } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { namesOf, on, text, UsageError, type Values } from '../flags.ts'
import { loadPages } from '../pages.ts'
import { readSavedPlan } from '../saved-plans.ts'

const FLAGS = {
  ...CATALOG_FLAGS,
  format: text('FORM', 'mermaid (default), dot or svg'),
  full: on('everything; else a large one is folded until it can be read'),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>
type Draw = (picture: GraphPicture) => string | Promise<string>

const FORMS: Readonly<Record<string, Draw>> = {
  mermaid: graphMermaid,
  dot: graphDot,
  svg: async picture => (await loadPages()).graphSvg(picture),
}

/** What needs what: of the catalog, or of a saved plan with what becomes of it. */
export const graph = defineCommand({
  name: 'graph',
  summary: 'draw what needs what, of the catalog or of a saved plan; asks no account',
  usage: '[PLAN] [flags]',
  flags: FLAGS,
  arguments: [0, 1],
  rules: [
    { when: '--json', not: ['--format', '--full'], why: 'stdout holds one of them' },
    { when: 'PLAN', not: namesOf(CATALOG_FLAGS), why: 'a saved plan holds what is drawn' },
  ],
  run: async ({ flags, args: [file] }, context) => {
    const draw = drawerOf(flags)
    const landscape = await landscapeToDraw(file, flags, context)
    if (landscape === undefined) return EXIT.failed
    if (flags.json) context.answer('graph', { nodes: landscape.nodes })
    else context.document(await draw(graphPicture(landscape, flags.full)))
    return EXIT.ok
  },
})

function drawerOf({ format = 'mermaid' }: Flags): Draw {
  const draw = Object.hasOwn(FORMS, format) ? FORMS[format] : undefined
  if (draw === undefined)
    throw new UsageError(`--format is "${format}": give one of ${Object.keys(FORMS).join(', ')}`)
  return draw
}

async function landscapeToDraw(
  file: string | undefined,
  flags: Flags,
  context: Context,
): Promise<Landscape | undefined> {
  if (file !== undefined) {
    const { landscape } = await readSavedPlan(file)
    if (landscape !== undefined) return landscape
    throw new SavedPlanError(
      `${file} was saved without what is drawn of it: make it anew with "sft-catalog plan --out ${file}"`,
    )
  }
  const catalog = await readCatalog(flags, context)
  return catalog && wantedLandscape(resolveAlone(catalog))
}
