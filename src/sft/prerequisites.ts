import type { OperationName } from './api.ts'
import { SftMissingPrerequisiteError } from './errors.ts'
import { OPERATIONS } from './operations.ts'

/** Which step yields an identifier (contract 4). */
const YIELDED_BY = {
  destGroupId: 'GetCustomerProfile yields it, or account.destGroupId of the catalog',
  operatorIdList: 'fetchNetworkList yields the networks of a rate zone',
  rateZone: 'CreateRateZone yields it, or GetRateZone by name',
  rateZoneId: 'CreateRateZone yields it, or GetRateZone by name',
  planId: 'CreatePlan yields it, or QueryRatePlan by name',
  serviceProfile: 'the account has it: set account.addonServiceProfile in the catalog',
  currencyId: 'GetCurrency yields it: set account.currencyId in the catalog',
  destinationGroup: 'GetRoamingProfiles yields it: set account.roamingProfiles in the catalog',
  apnGroupId: 'the account has it: set account.apnGroup in the catalog',
  roamingProfileId: 'GetRoamingProfiles yields it: set account.roamingProfiles in the catalog',
  iccid: 'the SIM has it: fetchSIM lists the stock',
  endPointId: 'CreateEndPoint yields it, or fetchSIM by ICCID',
} as const

/** The identifier, unless it is empty. Throws `SftMissingPrerequisiteError`: which one, and what yields it. */
export function requireId(
  operation: OperationName,
  field: keyof typeof YIELDED_BY,
  value: string,
): string {
  if (value.trim() !== '' && value !== '-') return value
  const { method, path } = OPERATIONS[operation]
  throw new SftMissingPrerequisiteError(`${field} is not known; ${YIELDED_BY[field]}`, {
    operation,
    method,
    path,
  })
}

/** The identifiers, unless there are none or one is empty. */
export function requireIds(
  operation: OperationName,
  field: keyof typeof YIELDED_BY,
  values: readonly string[],
): readonly string[] {
  return values.length === 0
    ? [requireId(operation, field, '')]
    : values.map(value => requireId(operation, field, value))
}
