import type { JsonAnswer } from './outputs.ts'

/** What a plan or report is about, so that nobody takes one account for another. */
export interface Subject {
  readonly host: string
  readonly user: string
  /** A reseller's child account. */
  readonly targetAccountId?: string
  /** Where the state is. */
  readonly state: string
  /** The environment that binds these, where one was named. */
  readonly environment?: string
}

/** An account and its state in a few words. */
export const subjectText = ({ host, user, targetAccountId, state, environment }: Subject): string =>
  `${environment === undefined ? '' : `environment ${environment}: `}${host} as ${user}, ${targetAccountId === undefined ? 'no target account' : `target account ${targetAccountId}`}, state ${state}`

/** The line that stands above plans and reports; none where the subject is not told. */
export const subjectLines = (subject: Subject | undefined): readonly string[] =>
  subject === undefined ? [] : [`Account: ${subjectText(subject)}`]

type AccountJson = NonNullable<JsonAnswer<'plan'>['account']>

/** The same as data: `account` of every plan and report. */
export const subjectToJson = (subject: Subject | undefined): { account?: AccountJson } =>
  subject === undefined
    ? {}
    : {
        account: {
          host: subject.host,
          user: subject.user,
          targetAccountId: subject.targetAccountId ?? null,
          state: subject.state,
          ...(subject.environment !== undefined && { environment: subject.environment }),
        },
      }
