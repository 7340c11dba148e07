import type { OperationName } from './api.ts'

/** Result codes of contract 3 that the client acts upon, and what they mean. */
const RESULT_CODES = {
  '401': 'not authorised, or the token has expired',
  '1000': 'GetStatistics: nothing to show',
  '1254': 'the endpoint is already in the requested state',
  '1340': 'GetStatistics: no usage',
  '1359': 'no data available',
  '2507': 'the endpoint is already active',
  '6420': 'no SIM is attached to the endpoint',
  '10117': 'targetAccountId is wrong',
  '10126': 'user name or password is wrong',
  '10239': 'the operation failed; whether it was completed must be verified',
  '10240': 'the operation timed out; whether it was completed must be verified',
  '11044': 'the account is blocked after several failed logins; reset it with "Forgot password"',
} as const satisfies Readonly<Record<string, string>>

const MEANINGS: Readonly<Record<string, string>> = RESULT_CODES

/** What a result code means, where contract 3 tells. */
export function meaningOfCode(code: string): string | undefined {
  return Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined
}

/** The generic code of a read without data (contract 3). */
export const NO_DATA = '1359'

const ACTIVATED = ['5014', '5017', '9003']

/** Codes with which a write says that it is done (contract 3). */
const DONE_CODES: Partial<Readonly<Record<OperationName, readonly string[]>>> = {
  EndPointActivation: ACTIVATED,
  EndPointLifeCycleChange: ACTIVATED,
  DeLinkSim: ['6413'],
  DeleteEndPoint: ['10159'],
  ChangePlan: ['7001'],
}

/**
 * Whether a failure of a write says that it is done: two working clients judge by the inner code alone
 * (contract 3), so that a success code under an outer "1" tells neither way.
 */
export function contradictsFailure(
  operation: OperationName,
  code: string,
  description: string,
): boolean {
  return (
    code === '0' ||
    DONE_CODES[operation]?.includes(code) === true ||
    (/\bsuccess(ful|fully)?\b/i.test(description) &&
      !/\b(not|un\w+|fail\w*|error)\b/i.test(description))
  )
}

/** ASSUMED (contract 1.9): both codes mean that the operation may have been executed or still will be. */
export function isTimeoutCode(code: string | undefined): boolean {
  return code === '10239' || code === '10240'
}

/**
 * ASSUMED (contract 3): only 1359 or a text that says "no data" means an empty list; any other failure
 * of a list read is an error, never an empty account.
 */
export function meansNoData(code: string | undefined, description: string): boolean {
  return code === NO_DATA || /\bno (data|records?)\b/i.test(description)
}
