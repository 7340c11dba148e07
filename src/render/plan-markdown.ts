import { planOutcome } from '../outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { stepMarkdown } from './comment.ts'
import type { Subject } from './subject.ts'

/** A plan as a comment for a pull request: counts first, the changes of each kind folded, never too long. */
export const planMarkdown = (plan: Plan, subject?: Subject): string =>
  stepMarkdown({
    step: 'plan',
    outcome: planOutcome(plan),
    issues: plan.issues,
    messages: [],
    plan,
    ...(subject && { subject }),
  })
