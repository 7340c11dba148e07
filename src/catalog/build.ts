import { createHash } from 'node:crypto'
import { isJsonObject, textOf } from '../json.ts'
import type { AccountDefaults, Address, Catalog, ChangeShareLimits, Moved } from '../model.ts'
import { byKind, kinds } from '../resources/kinds.ts'
import { parseShare } from '../units.ts'
import { type Draft, type Drafts, type ParsedFile, positionAt } from './drafts.ts'
import { cannotBe, defined, positionsOf } from './entry.ts'
import type { Inventory } from './inventory.ts'
import { accountDefaults, limitsOf, movableKinds } from './schema.ts'

/**
 * Makes the catalog of drafts in which no fault was found: defaults filled in, units and countries in
 * their normal form.
 */
export function buildCatalog(
  drafts: Drafts,
  inventory: Inventory,
  files: readonly ParsedFile[],
  environment?: string,
): Catalog {
  const entries = byKind(
    ({ catalog }) => catalog.section,
    ({ kind, catalog }) =>
      (drafts.entries.get(kind) ?? []).map(draft =>
        catalog.build(draft, inventory.iccids.get(draft) ?? []),
      ),
  )
  const catalog: CatalogFields = {
    account: {
      ...buildAccount(drafts.accounts[0]),
      ...(environment !== undefined && { environment }),
    },
    ...entries,
    moved: drafts.moved.map(buildMoved),
    limits: buildLimits(drafts.limits[0]),
    hash: hashFiles(files, inventory),
  }
  // The sections are those that the kinds' files declare.
  return catalog as Catalog
}

/** What a catalog has whatever its kinds. */
type CatalogFields = Pick<Catalog, 'account' | 'moved' | 'limits' | 'hash'>

function buildAccount(draft: Draft | undefined): AccountDefaults {
  const { wire: _checked, ...account } = accountDefaults.parse(draft?.raw ?? {})
  const wire = draft?.raw['wire']
  return {
    ...defined(account),
    ...(isJsonObject(wire) && { wire }),
    positions: draft === undefined ? {} : positionsOf(draft),
  }
}

function buildMoved(draft: Draft): Moved {
  return {
    from: addressOf(draft.raw['from']),
    to: addressOf(draft.raw['to']),
    position: positionAt(draft),
  }
}

function addressOf(value: Draft['raw'][string] | undefined): Address {
  const [name, key] = textOf(value)?.split('/') ?? []
  const kind = movableKinds(kinds()).find(({ kind }) => kind === name)
  return kind === undefined ? cannotBe(`address ${String(value)}`) : `${kind.kind}/${key}`
}

function buildLimits(draft: Draft | undefined): ChangeShareLimits {
  const given = limitsOf(kinds()).parse(draft?.raw ?? {})
  const share = (text = '') => parseShare(text) ?? cannotBe(`share ${text}`)
  return byKind(
    ({ kind }) => kind,
    ({ section }) => share(given[section]),
  )
}

function hashFiles(files: readonly ParsedFile[], inventory: Inventory): string {
  const hash = createHash('sha256')
  for (const { relative, source, values } of files) {
    hash.update(`${relative}\0${source.text}\0`)
    if (values.isSubstituted) hash.update(`${JSON.stringify(values.data)}\0`)
  }
  for (const digest of inventory.digests.values()) hash.update(`${digest}\0`)
  return hash.digest('hex')
}
