/** A batch of endpoints as it stands in the catalog. */
import { z } from 'zod'
import { type Draft, reportAt } from '../catalog/drafts.ts'
import { defined, entryOf } from '../catalog/entry.ts'
import type { IssueLog } from '../catalog/issue-log.ts'
import { name, platformId, roamingProfiles, shared, text } from '../catalog/language.ts'
import { textOf } from '../json.ts'
import type { Entry } from '../model.ts'
import type { CatalogPart } from './catalog-part.ts'

export interface EndpointBatchEntry extends Entry {
  readonly tags: readonly string[]
  /** `on-demand`: apply makes none of them; a shop does, when it has no stock left. */
  readonly create: 'in-advance' | 'on-demand'
  /** Template with `{iccid}`, `{n}` (from 1) and `{batch}`. */
  readonly name: string
  /** Normalised: 19 or 20 digits; inline ones first, then those of the file. */
  readonly iccids: readonly string[]
  readonly basePlan?: string
  readonly apnGroup?: string
  readonly roamingProfiles?: readonly string[]
}

declare module '../model.ts' {
  interface Catalog {
    readonly endpointBatches: readonly EndpointBatchEntry[]
  }
}

const schema = z
  .strictObject({
    ...shared,
    tags: z.array(name('Tag, kept in the state.')).default([]).meta({
      description:
        'Tags, kept in the state, by which endpoints are chosen; validate warns of one that could not exist on the platform.',
    }),
    name: name(
      'Template of endpoint names: {iccid}, {n} (number in the batch, from 1) and {batch} (its key). A text that begins with a brace needs quotes.',
    ).default('{iccid}'),
    create: z.enum(['in-advance', 'on-demand']).default('in-advance').meta({
      description:
        'in-advance: apply makes the endpoints. on-demand: a shop makes one where it has no stock left; apply takes it over.',
    }),
    iccids: z
      .array(
        text(
          'ICCID of 19 or 20 digits; spaces and a filling F at the end are dropped.',
          undefined,
          64,
        ),
      )
      .default([])
      .meta({ description: 'ICCIDs of the eSIMs.' }),
    iccidFile: text(
      'File of ICCIDs, relative to this file and inside the catalog: one ICCID a line, or a CSV with a column iccid. Its ICCIDs follow those of iccids.',
    ).optional(),
    basePlan: platformId("Overrides the account's basePlan.").optional(),
    apnGroup: platformId("Overrides the account's apnGroup.").optional(),
    roamingProfiles: roamingProfiles.optional(),
  })
  .meta({ description: 'Endpoints to be made, one for each ICCID.' })

function buildBatch(draft: Draft, iccids: readonly string[]): EndpointBatchEntry {
  const batch = schema.parse(draft.raw)
  return {
    ...entryOf(draft, batch, ['iccids']),
    tags: batch.tags,
    create: batch.create,
    name: batch.name,
    iccids,
    ...defined({
      basePlan: batch.basePlan,
      apnGroup: batch.apnGroup,
      roamingProfiles: batch.roamingProfiles,
    }),
  }
}

/** What the platform's own tags may be made of (contract 4.13). */
const PLATFORM_TAG = /^[\p{L}\p{N}_-]{1,100}$/u

/** Tags are kept here; one that could not be created there stands in the way of using both. */
function checkTags(batch: Draft, log: IssueLog): void {
  const tags = batch.raw['tags']
  if (!Array.isArray(tags)) return
  for (const [at, tag] of tags.entries()) {
    const text = textOf(tag)
    if (text === undefined || PLATFORM_TAG.test(text)) continue
    reportAt(log, batch, ['tags', at], {
      code: 'TAG_FORM',
      severity: 'warning',
      message:
        [...text].length > 100
          ? `the tag has ${[...text].length} characters; a tag of the platform has at most 100`
          : `the tag ${JSON.stringify(text)} could not exist on the platform`,
      hint: 'use letters, digits, "-" and "_", at most 100 of them',
    })
  }
}

function checkBatch(batch: Draft, log: IssueLog): void {
  checkTags(batch, log)
  for (const [placeholder] of textOf(batch.raw['name'])?.matchAll(/\{[^}]*\}?|\}/g) ?? []) {
    if (['{iccid}', '{n}', '{batch}'].includes(placeholder)) continue
    reportAt(log, batch, ['name'], {
      code: 'NAME_TEMPLATE',
      message: `${placeholder} is no placeholder`,
      hint: 'there are {iccid}, {n} (the number in the batch) and {batch} (its key)',
    })
  }
  if (batch.raw['iccidFile'] !== undefined) return
  const iccids = batch.raw['iccids']
  if (iccids !== undefined && (!Array.isArray(iccids) || iccids.length > 0)) return
  reportAt(log, batch, [], {
    code: 'BATCH_EMPTY',
    message: 'this batch has no ICCID',
    hint: 'add iccids: [..] or iccidFile',
  })
}

/** Batches of endpoints in the catalog. */
export const endpointBatchPart: CatalogPart<EndpointBatchEntry> = {
  section: 'endpointBatches',
  title: 'endpoint batch',
  plural: 'endpoint batches',
  schema,
  fieldOrder: [
    'key',
    'tags',
    'create',
    'name',
    'iccids',
    'iccidFile',
    'basePlan',
    'apnGroup',
    'roamingProfiles',
  ],
  // Bodies of CreateEndPoint and CreateBulkEndPoint (contract 4.6, 4.7).
  owned: {
    into: 'Request.requestParam',
    paths: [
      'name',
      'iccid',
      'isLinkSIM',
      'isDefaultActivation',
      'roamingProfileId',
      'apnGroupId',
      'planId',
      'endPointList',
    ],
    items: [],
  },
  unique: [],
  settings: [
    { field: 'basePlan', sources: ['basePlan'] },
    { field: 'apnGroup', sources: ['apnGroup'] },
    { field: 'roamingProfiles', sources: ['roamingProfiles'] },
  ],
  listsIccids: true,
  check: checkBatch,
  build: buildBatch,
}
