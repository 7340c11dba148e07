/**
 * Inner result codes of the simulated platform. Those under "documented" stand in contract 3; the
 * rest had to be given some value, since no page tells them.
 */
export const CODES = {
  // documented
  unauthorised: '401',
  badCredentials: '10126',
  badTargetAccount: '10117',
  accountLocked: '11044',
  activated: '5014',
  alreadyActive: '2507',
  lifecycleActive: '5017',
  lifecycleSuspended: '9003',
  alreadyInState: '1254',
  noSim: '6420',
  deLinked: '6413',
  deleted: '10159',
  planChanged: '7001',
  thresholdSet: '3005',
  noUsage: '1340',
  noData: '1359',
  nameExists: '10098',
  operatorTwice: '10044',
  unexpected: '10057',
  notOfAccount: '10042',
  failedVerify: '10239',
  timedOut: '10240',
  serviceProfileCreated: '1323',
  duplicateServiceProfile: '6554',
  // ASSUMED (contract 3): success codes that nobody has seen; clients decide by the outer code.
  done: '0',
  // ASSUMED (contract 3): failure codes that nobody has seen.
  badRequest: '9901',
  notFound: '9902',
  wrongState: '9903',
  simAttached: '9904',
  throttled: '9905',
} as const

/** The simulated platform says no: becomes an answer with outer code "1". */
export class Rejection extends Error {
  override readonly name = 'Rejection'
  readonly code: string
  constructor(code: string, description: string) {
    super(description)
    this.code = code
  }
}
