import { count } from '../../counts.ts'
import type { Entry } from '../../model.ts'
import type { Policy } from '../../policy/check-policy.ts'
import { isOfPlan } from '../../policy/words.ts'
import { entriesOf } from '../../resources/catalog-part.ts'
import type { Kind } from '../../resources/kind.ts'
import { kinds } from '../../resources/kinds.ts'
import { catalogFolder } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG } from '../command.ts'
import { EXIT, showIssues } from '../context.ts'
import { text } from '../flags.ts'
import { issueDocument, issueFormat } from '../issue-documents.ts'
import { loadChecked, POLICY_FLAG } from '../policy.ts'
import { version } from '../version.ts'

/** Every problem of a catalog at once, without an account. */
export const validate = defineCommand({
  name: 'validate',
  summary: 'check the catalog without an account: every problem at once, with its place',
  usage: '[flags]',
  flags: {
    ...CATALOG_FLAGS,
    ...POLICY_FLAG,
    format: text('FORM', 'for a CI server, on stdout: sarif, junit, or github (annotations)'),
    ...JSON_FLAG,
  },
  rules: [{ when: '--format', not: ['--json'], why: 'stdout holds one of them' }],
  run: async ({ flags }, context) => {
    const format = flags.format === undefined ? undefined : issueFormat(flags.format)
    const { catalog, policy, issues } = await loadChecked(flags, context)
    if (format !== undefined) {
      const checked = {
        name: 'validate',
        version: await version(),
        place: catalogFolder(flags, context),
      }
      context.document(issueDocument(format, issues, checked, context))
    }
    if (flags.json) context.answer('validate', { valid: catalog !== undefined, issues })
    else showIssues(context, issues)
    if (catalog === undefined) return EXIT.failed
    if (!flags.json && format === undefined) {
      const counts = kinds().map(kind => countEntries(kind, entriesOf(catalog, kind)))
      context.out(`${catalogFolder(flags, context)} is valid: ${counts.join(', ')}`)
      if (policy !== undefined)
        context.out(`${count(policy.rules.length, 'rule')} of the team: ${lookedAt(policy)}`)
    }
    return EXIT.ok
  },
})

/** Which of the rules could be looked at without an account. */
function lookedAt({ rules }: Policy): string {
  const later = rules.filter(({ on }) => isOfPlan(on)).length
  return later === 0 ? 'none is broken' : `${later} of them of the plan, the others are not broken`
}

/** `2 rate zones`, or `1 batch with 500 endpoints`. */
function countEntries({ title, plural, grouping }: Kind, entries: readonly Entry[]): string {
  if (grouping === undefined) return count(entries.length, title, plural)
  const members = entries.reduce((sum, entry) => sum + grouping.membersOf(entry).length, 0)
  return `${count(entries.length, grouping.title, grouping.plural)} with ${count(members, title, plural)}`
}
