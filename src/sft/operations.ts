import type { OperationName } from './api.ts'

/** One operation on the wire: method, path below the base URL, documented timeout in seconds. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly timeoutSeconds: number
  /**
   * What is asked instead where an account does not know an assumed operation, or answers it in another
   * form than assumed.
   */
  readonly fallback?: OperationName
}

/**
 * Every operation that the client knows. Timeouts of 180 s are documented (contract 1.9); all others have
 * the documented default of 30 s.
 */
export const OPERATIONS = {
  Login: { method: 'POST', path: '/api/login', timeoutSeconds: 30 },
  RefreshToken: { method: 'GET', path: '/api/RefreshToken', timeoutSeconds: 30 },
  // ASSUMED (contract 4.1): method and path follow the house style.
  GetCustomerProfile: { method: 'GET', path: '/api/GetCustomerProfile', timeoutSeconds: 30 },
  // ASSUMED (contract 4.2): method, path and form.
  fetchNetworkList: {
    method: 'GET',
    path: '/api/fetchNetworkList',
    timeoutSeconds: 30,
    fallback: 'GetRoamingProfiles',
  },
  GetRoamingProfiles: { method: 'GET', path: '/api/GetRoamingProfiles', timeoutSeconds: 30 },
  GetRateZone: { method: 'GET', path: '/api/GetRateZone', timeoutSeconds: 30 },
  CreateRateZone: { method: 'POST', path: '/api/CreateRateZone', timeoutSeconds: 30 },
  ModifyRateZone: { method: 'POST', path: '/api/ModifyRateZone', timeoutSeconds: 30 },
  QueryRatePlan: { method: 'GET', path: '/api/QueryRatePlan', timeoutSeconds: 30 },
  CreatePlan: { method: 'POST', path: '/api/CreatePlan', timeoutSeconds: 30 },
  ModifyPlan: { method: 'POST', path: '/api/ModifyPlan', timeoutSeconds: 30 },
  CreateEndPoint: { method: 'POST', path: '/api/CreateEndPoint', timeoutSeconds: 180 },
  // ASSUMED (contract 4.7): path, timeout and body of creation in bulk.
  CreateBulkEndPoint: {
    method: 'POST',
    path: '/api/CreateBulkEndPoint',
    timeoutSeconds: 180,
    fallback: 'CreateEndPoint',
  },
  fetchSIM: { method: 'GET', path: '/api/fetchSIM', timeoutSeconds: 30 },
  EndPointActivation: { method: 'POST', path: '/api/EndPointActivation', timeoutSeconds: 180 },
  EndPointLifeCycleChange: {
    method: 'POST',
    path: '/api/EndPointLifeCycleChange',
    timeoutSeconds: 180,
  },
  SubscribeAddon: { method: 'POST', path: '/api/SubscribeAddon', timeoutSeconds: 30 },
  // ASSUMED (contract 4.11): the full name, and the form.
  GetEndpointAddonDetails: {
    method: 'GET',
    path: '/api/GetEndpointAddonDetails',
    timeoutSeconds: 30,
    fallback: 'GetEndPointProfile',
  },
  GetEndPointProfile: { method: 'GET', path: '/api/GetEndPointProfile', timeoutSeconds: 180 },
  ModifyEndPoint: { method: 'PATCH', path: '/api/endpoint', timeoutSeconds: 30 },
  LinkSim: { method: 'POST', path: '/api/LinkSim', timeoutSeconds: 180 },
  DeLinkSim: { method: 'POST', path: '/api/DeLinkSim', timeoutSeconds: 180 },
  DeleteEndPoint: { method: 'POST', path: '/api/DeleteEndPoint', timeoutSeconds: 30 },
  ChangePlan: { method: 'POST', path: '/api/ChangePlan', timeoutSeconds: 30 },
  GetStatistics: { method: 'GET', path: '/api/GetStatistics', timeoutSeconds: 30 },
} as const satisfies Readonly<Record<OperationName, Operation>>

type NamesWith<Method> = {
  [Name in OperationName]: (typeof OPERATIONS)[Name]['method'] extends Method ? Name : never
}[OperationName]

/** Operations that only read. */
export type ReadName = Exclude<NamesWith<'GET'>, 'RefreshToken'>
/** Operations that change the account. */
export type WriteName = Exclude<NamesWith<'POST' | 'PATCH'>, 'Login'>

/** What is asked instead of an assumed operation; undefined where there is nothing. */
export function fallbackOf(operation: OperationName): OperationName | undefined {
  const known: Operation = OPERATIONS[operation]
  return known.fallback
}

/** Seconds to wait for an answer: a little longer than the platform itself would (contract 1.9). */
export function answerSeconds(operation: OperationName): number {
  const documented = OPERATIONS[operation].timeoutSeconds
  return documented + (documented > 60 ? 10 : 5)
}
