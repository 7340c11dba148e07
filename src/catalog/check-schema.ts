import { kinds, oncePerKinds } from '../resources/kinds.ts'
import type { FileLanguage } from './file-language.ts'
import type { IssueLog } from './issue-log.ts'
import { catalogJsonSchema } from './json-schema.ts'
import { catalogFileOf } from './schema.ts'
import type { Source } from './source.ts'
import type { Values } from './values.ts'

const catalogLanguage = oncePerKinds(
  (): FileLanguage => ({
    file: 'a catalog file',
    folder: 'the catalog folder',
    declared: catalogFileOf(kinds()),
    schema: catalogJsonSchema,
    itemOf: section => {
      if (section === 'moved') return 'this move'
      const kind = kinds().find(({ catalog }) => catalog.section === section)
      return kind && `this ${kind.catalog.title}`
    },
  }),
)

/**
 * Logs everything in a file that its language does not allow; that of the catalog unless told otherwise. Most files are
 * right: what explains is loaded where one is not.
 */
export async function checkSchema(
  values: Values,
  source: Source,
  log: IssueLog,
  language: FileLanguage = catalogLanguage(),
): Promise<void> {
  if (language.declared.safeParse(values.data).success) return
  const { explainSchema } = await import('./explain-schema.ts')
  explainSchema(values, source, log, language)
}
