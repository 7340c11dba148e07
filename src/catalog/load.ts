import type { Issue } from '../issues.ts'
import type { Catalog } from '../model.ts'
import { kinds } from '../resources/kinds.ts'
import type { WireOverrides } from '../sft/wire-settings.ts'
import { buildCatalog } from './build.ts'
import { checkSchema } from './check-schema.ts'
import { checkWire, checkWireNeeds, checkWireOwned } from './check-wire.ts'
import { collectDrafts, type ParsedFile } from './drafts.ts'
import { type CheckDigitRule, readInventory } from './inventory.ts'
import { createIssueLog } from './issue-log.ts'
import { catalogJsonSchema } from './json-schema.ts'
import { type CatalogLimits, DEFAULT_LIMITS } from './limits.ts'
import { parseYaml } from './parse.ts'
import { openCatalogFolder, readCatalogFiles } from './read.ts'
import { checkRules } from './rules.ts'
import type { CatalogEnvironment } from './substitute.ts'
import { readValues } from './values.ts'

/** A catalog folder that was read, or all that is wrong with it. */
export interface LoadedCatalog {
  /** Only where no issue is an error. */
  readonly catalog?: Catalog
  /** By file, line and column. Warnings do not stand in the way. */
  readonly issues: readonly Issue[]
  /** The YAML files that were read. */
  readonly files: readonly { readonly path: string }[]
}

/** How a catalog is read. */
export interface LoadOptions {
  /** How a wrong check digit of a 19-digit ICCID is taken; `error` unless given. */
  readonly checkDigit?: CheckDigitRule
  /** Wire settings that the account will be opened with, which win over `account.wire` of the catalog. */
  readonly wire?: WireOverrides
  /** What stands for `${NAME}` in catalog files; without it each is an error. */
  readonly environment?: CatalogEnvironment
  /** Bounds that differ from the usual ones. */
  readonly limits?: Partial<CatalogLimits>
}

/**
 * Reads every YAML file below a folder, checks all of it and reports every problem at once. Bad input is
 * an issue, never an exception.
 */
export async function loadCatalog(
  directory: string,
  options: LoadOptions = {},
): Promise<LoadedCatalog> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const log = createIssueLog(limits.issuesPerFile)
  const folder = await openCatalogFolder(directory, log)
  if (folder === undefined) return { issues: log.sorted(), files: [] }
  const files: ParsedFile[] = []
  const { environment = { values: {} } } = options
  const sources = await readCatalogFiles(folder, limits, log)
  const unread = log.hasErrors()
  for (const { source, relative } of sources) {
    const root = parseYaml(source, limits, log)
    if (root === undefined) continue
    const values = readValues(root, source, catalogJsonSchema(), limits, log, environment)
    if (values === undefined) continue
    await checkSchema(values, source, log)
    files.push({ source, relative, values })
  }
  const drafts = collectDrafts(
    files,
    kinds().map(({ kind, catalog }) => [kind, catalog.section]),
  )
  checkRules(drafts, !unread && files.length === sources.length, log)
  const { checkDigit = 'error', wire = {} } = options
  checkWire(drafts, wire, log)
  const inventory = await readInventory(
    kinds().flatMap(({ kind, catalog }) =>
      catalog.listsIccids === true ? (drafts.entries.get(kind) ?? []) : [],
    ),
    folder,
    { checkDigit, limits },
    log,
  )
  const paths = sources.map(({ source }) => ({ path: source.path }))
  const catalog = log.hasErrors()
    ? undefined
    : buildCatalog(drafts, inventory, files, environment.name)
  if (catalog !== undefined) {
    checkWireNeeds(drafts, catalog, wire, log)
    checkWireOwned(drafts, catalog, wire, log)
  }
  return {
    ...(catalog !== undefined && !log.hasErrors() && { catalog }),
    issues: log.sorted(),
    files: paths,
  }
}
