import { planOfSaved } from '../../saved-plan.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../context.ts'
import { HTML_FLAG, isHtml, loadPages, pageFrame } from '../pages.ts'
import { readSavedPlan } from '../saved-plans.ts'

/** A saved plan, as a page. It reads the file and nothing else. */
export const show = defineCommand({
  name: 'show',
  summary: 'a saved plan as a page to look at: the same as "plan --format html" wrote',
  usage: 'PLAN [flags]',
  flags: HTML_FLAG,
  arguments: [1, 1],
  run: async ({ flags, args: [file = ''] }, context) => {
    isHtml(flags)
    const saved = await readSavedPlan(file)
    const pages = await loadPages()
    const plan = planOfSaved(saved, file)
    context.document(
      pages.planPage({
        plan,
        savedAt: saved.madeAt,
        ...(saved.landscape && { landscape: saved.landscape }),
        ...(await pageFrame()),
      }),
    )
    return EXIT.ok
  },
})
