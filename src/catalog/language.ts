/** What the schemas of all kinds of entries are made of. They hold plain JSON types only. */
import { z } from 'zod'
import type { IssueCode } from '../issues.ts'

/** Form of a key. Object.prototype has a `constructor`, the only such word in lower case. */
export const KEY = '(?!constructor$)[a-z0-9][a-z0-9._-]{0,99}'
/** Ranges of characters that move a cursor, begin a line or turn the direction of what follows. */
const MOVING =
  '\\u0000-\\u001F\\u007F-\\u009F\\u061C\\u200E\\u200F\\u2028-\\u202E\\u2066-\\u2069\\u{E0001}'
/** Ranges of characters that show nothing, though some belong into words of some scripts and into emoji. */
const INVISIBLE =
  '\\u00AD\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B-\\u200D\\u2060-\\u206F\\u2800\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\u{E0000}-\\u{E0FFF}'
const VISIBLE_SOMEWHERE = `(?=.*[^\\s${INVISIBLE}])`
const NAME_FORM: Form = {
  pattern: `^(?!\\s)${VISIBLE_SOMEWHERE}[^${MOVING}]+(?<!\\s)$`,
  write:
    'one line that can be seen, without spaces at its ends and without marks that turn its direction',
}
/** Text by which people order: nobody types an invisible character. */
export const TYPED_FORM: Form = {
  pattern: `^(?!\\s)[^\\u00A0${MOVING}${INVISIBLE}]+(?<!\\s)$`,
  write: 'visible characters, without spaces at its ends',
}
/** Text of several lines. */
export const PROSE_FORM: Form = {
  pattern: `^(?=[\\s\\S]*[^\\s${INVISIBLE}])(?:[^${MOVING}]|[\\t\\r\\n])+$`,
  write: 'text that can be seen, without control characters and marks that turn its direction',
}
/** The platform's names have 255 characters; a replacement adds ` (r2)`. */
export const NAME = 255 - ' (r2)'.length

interface Form {
  readonly pattern: string
  /** What to write, for people: shown by `validate` and by editors. */
  readonly write: string
  readonly code?: IssueCode
}

/** Text that is not empty, of a form. */
export const text = (description: string, form?: Form, maximum = 255) => {
  const base = z.string().min(1).max(maximum)
  return form === undefined
    ? base.meta({ description })
    : base.regex(new RegExp(form.pattern, 'u')).meta({
        description,
        patternErrorMessage: form.write,
        ...(form.code === undefined ? {} : { 'x-code': form.code }),
      })
}

/** A field that people look for and the platform has nothing for: always refused, with the reason. */
export const refused = (reason: string) =>
  z.never().optional().meta({ description: reason, 'x-code': 'NOT_ON_PLATFORM' })

export const platformId = (description: string) =>
  text(
    description,
    {
      pattern: `^[^\\s|${MOVING}${INVISIBLE}]+$`,
      write: 'an ID of the platform, without spaces',
    },
    100,
  )

const key = text(
  'Name of this entry in the catalog and in the state, unique among its kind in the whole catalog. Renaming it needs a line in `moved`.',
  {
    pattern: `^${KEY}$`,
    write: 'lower-case letters, digits, `-`, `_` and `.`, such as europe-10gb-30d',
  },
)

export const name = (description: string, maximum = 255) => text(description, NAME_FORM, maximum)

const free = (description: string) => z.record(z.string(), z.unknown()).meta({ description })

const lifecycle = z
  .strictObject({
    preventRetire: z
      .boolean()
      .default(false)
      .meta({ description: 'true: never retired, `apply --prune` or not.' }),
  })
  .meta({ description: 'Protection of this entry.' })

/** Fields that every entry has. */
export const shared = {
  key,
  portal: free('Anything your portal wants to find beside the ID in the state.').optional(),
  sft: free(
    'Fields of the platform that this language does not have, added to the request body as they stand.',
  ).optional(),
  lifecycle: lifecycle.optional(),
}

export const onNetworkRemoval = z.enum(['block', 'replace']).meta({
  description:
    'When a network leaves a zone of the catalog: SFT has no public call for it. block: say what to do in the portal. replace: a new zone and new revisions of the plans that use it.',
})

export const roamingProfiles = z
  .array(platformId('ID of a roaming profile.'))
  .min(1)
  .meta({ description: 'IDs of the roaming profiles of endpoints.' })
