/**
 * Version 1 of the catalog language: the types, their defaults and the JSON Schema come from these
 * declarations and from those of the kinds. What spans fields or files stands in rules.ts.
 */
import { z } from 'zod'
import { USUAL_SHARE } from '../change-share.ts'
import type { Kind } from '../resources/kind.ts'
import { SHARE_PATTERN } from '../units.ts'
import { KEY, onNetworkRemoval, platformId, roamingProfiles, text } from './language.ts'
import { wireSchema } from './wire-language.ts'

export const accountDefaults = z
  .strictObject({
    addonServiceProfile: platformId(
      'Service profile of add-on plans; one of the add-on category.',
    ).optional(),
    currencyId: platformId('ID of the currency of charges.').optional(),
    planType: z
      .enum(['prepaid', 'postpaid'])
      .default('prepaid')
      .meta({ description: 'Type of the add-on plans.' }),
    basePlan: platformId('ID of the base plan of endpoints.').optional(),
    apnGroup: platformId('ID of the APN group of endpoints.').optional(),
    roamingProfiles: roamingProfiles.default([]),
    destinationGroup: platformId(
      'Destination group of add-on plans; the first roaming profile where it is left out.',
    ).optional(),
    destGroupId: platformId(
      'Destination group of rate zones, where the customer profile does not tell it or tells several.',
    ).optional(),
    onNetworkRemoval: onNetworkRemoval.default('block'),
    wire: wireSchema.optional(),
  })
  .meta({ description: 'Defaults for all that follows. Once in the whole catalog.' })

/** Kinds whose entries can be given another key. */
export const movableKinds = (kinds: readonly Kind[]): readonly Kind[] =>
  kinds.filter(({ fixedKey }) => fixedKey === undefined)

function moved(kinds: readonly Kind[]) {
  const names = movableKinds(kinds).map(({ kind }) => kind)
  const movable = (description: string) =>
    text(description, {
      pattern: `^(${names.join('|')})/${KEY}$`,
      write: names.map(kind => `${kind}/KEY`).join(' or '),
      code: 'MOVED_INVALID',
    })
  return z
    .strictObject({
      from: movable('The old address, which is no longer in the catalog.'),
      to: movable('The new address, which is, of the same kind.'),
    })
    .meta({
      description:
        'An entry whose key was changed: same object on the platform. Leave the line in until every state has seen it.',
    })
}

const share = (of: string) =>
  text(`Share of the ${of} on record.`, {
    pattern: SHARE_PATTERN,
    write: 'a percentage from 0% to 100%',
    code: 'UNIT_INVALID',
  }).default(`${USUAL_SHARE * 100}%`)

/** Limits of what one plan may change, a share for each kind. */
export const limitsOf = (kinds: readonly Kind[]) =>
  z
    .strictObject(Object.fromEntries(kinds.map(({ section, plural }) => [section, share(plural)])))
    .meta({
      description:
        'Largest share that one plan may change or retire without --force. Once in the whole catalog.',
    })

/** A file of the catalog. */
export const catalogFileOf = (kinds: readonly Kind[]) =>
  z
    .strictObject({
      version: z
        .literal(1)
        .meta({ description: 'Version of the catalog language.', 'x-code': 'VERSION_UNKNOWN' }),
      account: accountDefaults.optional(),
      ...Object.fromEntries(
        kinds.map(({ catalog }) => [catalog.section, z.array(catalog.schema).optional()]),
      ),
      moved: z.array(moved(kinds)).optional(),
      limits: limitsOf(kinds).optional(),
    })
    .meta({ title: 'sft-catalog, version 1', description: 'A catalog file of sft-catalog.' })
