import type { FieldValues } from '../plan-words.ts'

/** An enumeration of the wire: by the contract's value, the value that this account has for it. */
export type WireValues = Readonly<Record<string, string>>

/**
 * How this account writes what it writes. The ports of api.ts speak the contract's values, units and day-first
 * dates throughout; only the code at the wire looks here. Everything in it is an assumption of
 * assumptions.ts, with what was set in its place.
 */
export interface WireForm {
  /** 0 prepaid, 1 postpaid. */
  readonly planType: WireValues
  /** 1 on usage, 0 immediate. */
  readonly activatedBy: WireValues
  /** 1 on validity expiry, 2 on exhaustion or expiry. */
  readonly renewalRule: WireValues
  readonly planStatus: WireValues
  /** Texts of fetchSIM. */
  readonly simStatus: WireValues
  /** A active, S suspended. */
  readonly lifecycle: WireValues
  readonly lifecycleReason: string
  /** 1 days; `months`, `years` and `unlimited` only where they were set. */
  readonly validityType: WireValues
  /** validityFactor of an unlimited validity. Undefined: not sent. */
  readonly unlimitedFactor: string | undefined
  /** benefitId of data. */
  readonly dataBenefit: string
  /** benefitId of SMS. Undefined, as the next ones: not known, so that nothing that needs it is sent. */
  readonly smsBenefit: string | undefined
  /** Occurrences that have no end. */
  readonly unlimitedRenewals: string | undefined
  readonly unlimitedData: FieldValues | undefined
  /** That the data is given anew each day. */
  readonly dailyData: FieldValues | undefined
  /** What is left of the speed once the data is used up, by kbps. */
  readonly throttles: ReadonlyMap<number, FieldValues>
  /** What makes a charge a recurring one. */
  readonly recurringCharge: FieldValues | undefined
  readonly zoneStatus: string
  /** Undefined: not sent. */
  readonly totalCount: string | undefined
  /** What a plan without renewal says, and the reSubscription of one that renews itself. */
  readonly oneTime: {
    readonly reSubscription: string
    readonly occurrences: string
    readonly renewing: string
  }
  readonly sellable: { readonly simStatusId: string; readonly simAttachStatusId: string }
  /** Dates with two numbers that could be day or month have the month first. */
  readonly monthFirst: boolean
  /** Name and bytes of the unit of a data benefit's value. */
  readonly planUnit: { readonly name: string; readonly bytes: number }
  /** Bytes of the unit of balances. */
  readonly balanceBytes: number
  /** Bytes of the unit of GetStatistics. */
  readonly statisticsBytes: number
  /** Bytes of an MB. */
  readonly megabyte: number
  /** Result codes that mean what others of the contract mean. */
  readonly codes: {
    readonly timeout: readonly string[]
    readonly emptyList: readonly string[]
    readonly throttled: readonly string[]
  }
  readonly tokenLifeMs: number
  readonly pageSize: number
  readonly networksFrom: 'list' | 'roaming-profile'
  readonly addonsFrom: 'details' | 'profile'
  readonly profileFields: Readonly<
    Record<'name' | 'basePlan' | 'apnGroup' | 'roamingProfiles' | 'status', string>
  >
  readonly patchFields: Readonly<
    Record<
      'name' | 'apnGroup' | 'roamingProfiles' | 'addAddonPlanIds' | 'removeAddonUniqueIds',
      string
    >
  >
  /** Query parameters by operation. */
  readonly queries: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Assumptions that may be otherwise without `doctor` failing. */
  readonly accepted: readonly string[]
}

/** The wire's word for a value of the contract. */
export function toWire(values: WireValues, contract: string): string {
  return (Object.hasOwn(values, contract) ? values[contract] : undefined) ?? contract
}

/**
 * The contract's value for a word of the wire, in whatever case it comes: platforms change that without a word. A
 * word that means nothing here stays what it is; one that the contract has for something else is quoted, so that
 * nobody takes it for that.
 */
export function fromWire(values: WireValues, word: string): string {
  const contracts = Object.keys(values)
  const found =
    contracts.find(contract => values[contract] === word) ??
    contracts.find(contract => isSameWord(values[contract], word))
  if (found !== undefined) return found
  return contracts.some(contract => isSameWord(contract, word)) ? `"${word}"` : word
}

/** Whether two words of the wire are one, apart from case. */
export const isSameWord = (one: string | undefined, other: string): boolean =>
  one?.toLowerCase() === other.toLowerCase()
