import type { ApplyReport } from '../apply/report.ts'
import type { DriftReport } from '../drift/drift-report.ts'
import type { Issue } from '../issues.ts'
import type { Landscape } from '../plan/landscape.ts'
import type { Plan } from '../plan/plan.ts'
import { throughGate, withoutUrlSecrets } from '../render/gate.ts'
import { plain } from '../render/paint.ts'
import type { Subject } from '../render/subject.ts'
import type { Context } from './context.ts'

/** What a run came upon until now. */
export interface Seen {
  readonly issues: Issue[]
  /** Lines of stderr, apart from those of issues. */
  readonly messages: string[]
  readonly environment?: string
  subject?: Subject
  plan?: Plan
  landscape?: () => Landscape
  report?: ApplyReport
  drift?: DriftReport
}

/** A context in which a command runs as ever, and what it comes upon is kept, however it ends. */
export function watched(context: Context): { readonly context: Context; readonly seen: Seen } {
  const seen: Seen = {
    issues: [],
    messages: [],
    ...(context.environment && { environment: context.environment.name }),
  }
  const err = (line: string) => {
    seen.messages.push(withoutUrlSecrets(throughGate(line, plain)))
    context.err(line)
  }
  const witness: Context['witness'] = {
    issues: issues => void seen.issues.push(...issues),
    showIssue: context.err,
    subject: subject => {
      seen.subject = subject
    },
    plan: (plan, landscape) => {
      seen.plan = plan
      if (landscape !== undefined) seen.landscape = landscape
    },
    report: report => {
      seen.report = report
    },
    drift: drift => {
      seen.drift = drift
    },
  }
  return { context: { ...context, err, witness }, seen }
}
