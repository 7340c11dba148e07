/** Where an account has the add-ons of an endpoint (contract 4.11). */
export type AddonForm = 'blocks' | 'addonDetails' | 'rows' | 'nested' | 'benefits-only'

/** How an account answers an operation that it does not know, or knows otherwise; nothing is executed. */
export type OddAnswer =
  | 'not-found'
  | 'bad-request'
  | 'not-allowed'
  | 'unauthorised'
  | 'html'
  | 'mandatory'
  | 'failure'
  | 'no-data'
  | 'nothing'

/** Rows that are none: two nulls in place of all; or after them null, 1 and "x", or two objects without an ID. */
export type JunkRows = 'nulls' | 'mixed' | 'bare'

/**
 * Values by which plans of an account say more than data for some days, in the form of `account.wire` of a catalog.
 * What is not here the account does not know.
 */
export interface SimulatedPlanTerms {
  /** validityType of months, years and no end; days and data stand in `values`. */
  readonly 'validity-type'?: Readonly<Record<string, string>>
  /** benefitId of SMS. */
  readonly 'benefit-id'?: Readonly<Record<string, string>>
  readonly 'unlimited-renewals'?: string
  /** Fields of a plan with their values, by path: `basicInfo.FIELD`, `benefit.FIELD` of the data. */
  readonly 'unlimited-data'?: Readonly<Record<string, string>>
  readonly 'daily-data'?: Readonly<Record<string, string>>
  /** By speed. */
  readonly throttle?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Of a charge's row. Reported, and charged by nobody here. */
  readonly 'recurring-charge'?: Readonly<Record<string, string>>
}

/** Values, units, names and dates in place of those that the contract assumes. */
export interface SimulatedDialect {
  /**
   * Values of enumerations, in requests, queries and answers: by the name of the field, by the contract's value, the
   * account's. `{ activatedBy: { '0': '1', '1': '0' } }` swaps two.
   */
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Other names of fields: by operation, by the contract's name. */
  readonly fieldNames?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Unit of balances in profiles and add-on details. Default `bytes`. */
  readonly balanceUnit?: 'bytes' | 'KB' | 'MB' | 'GB'
  /** Unit of a data benefit's value. Default `MB`. */
  readonly planUnit?: 'bytes' | 'KB' | 'MB' | 'GB'
  /** Bytes that an MB of a plan grants. Default 1048576. */
  readonly megabyte?: 1_048_576 | 1_000_000
  /** Unit of GetStatistics. Default `MB`. */
  readonly statisticsUnit?: 'bytes' | 'KB' | 'MB' | 'GB'
  /** Form of dates: `31/12/2026`, `12/31/2026`, `31-12-2026`, `2026-12-31`, `31 Dec 2026`, `31/12/2026` without a time. Default `day-first`. */
  readonly dates?: 'day-first' | 'month-first' | 'dashes' | 'iso' | 'words' | 'day-only'
  /** How far the account's time zone is ahead of UTC. Default 0. */
  readonly utcOffsetMinutes?: number
  /** By operation, query parameters without which it is refused. */
  readonly requiredQuery?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** How the simulated platform writes its answers, where the contract knows several ways. */
export interface SimulatedWire extends SimulatedDialect {
  /** Default: none. */
  readonly planTerms?: SimulatedPlanTerms
  /** Balance of data without an end, such as `-`, `0`, `-1`. Default `-`. */
  readonly unlimitedBalance?: string
  /** IDs and codes as numbers instead of strings. Default false. */
  readonly numericIds?: boolean
  /** Where created IDs stand in an answer (contract 1.7). Default `response`. */
  readonly createdIds?: 'response' | 'responseParam' | 'rows' | 'resultParam'
  /** Form of an authorisation failure (contract 1.8). Default `inner`. */
  readonly authFailure?: 'inner' | 'outer' | 'http' | 'words'
  /** Form of a throttled answer (contract 1.8). Default `429`. */
  readonly throttle?: '429' | '429-bare' | '200-text' | '200-words' | '429-html'
  /** What QueryRatePlan reports of a plan. Default `full`. */
  readonly planQuery?: 'full' | 'basicInfo'
  /** Whether GetRateZone reports the networks of a zone. Default true. */
  readonly zoneNetworks?: boolean
  /** Lists of one element as an object. Default false. */
  readonly singleAsObject?: boolean
  /** The most rows a page may have, and how many it has without `perPage`. Default 250. */
  readonly maxPerPage?: number
  /** A list without rows: an outer failure (code 1359) or an empty list. Default `empty-rows`. */
  readonly emptyAs?: 'failure' | 'empty-rows'
  /** Whether ModifyPlan takes charge and `activatedBy`, or drops them with success. Default `taken`. */
  readonly editsBeyondBasicInfo?: 'taken' | 'dropped'
  /** Whether fetchNetworkList exists. Default `works`. */
  readonly networkList?: 'works' | 'unknown'
  /** Whether GetEndpointAddonDetails exists. Default `works`. */
  readonly addonDetails?: 'works' | 'unknown'
  /** Whether lifecycle `A` is taken from Pre-Active. Default true. */
  readonly activateByLifecycle?: boolean
  /**
   * Add-on instances that expired or were used up: gone from the answers, as the platform's release
   * notes say (contract 4.4), or still listed with what is left. Default `gone`.
   */
  readonly endedAddons?: 'gone' | 'kept'
  /** Whether a second zone or plan of one name is made (contract U12). Default `refused`. */
  readonly duplicateNames?: 'refused' | 'accepted'
  /** Whether ModifyRateZone refuses another name, as the platform's pages say (contract 4.3). Default `fixed`. */
  readonly zoneNames?: 'fixed' | 'editable'
  /** GetCustomerProfile: tells one destination group, none, two, or is unknown (HTTP 404). Default `one`. */
  readonly customerProfile?: 'one' | 'none' | 'several' | 'unknown'
  /** fetchSIM of an ICCID that is not in stock: no row, or an outer failure. Default `no-row`. */
  readonly unknownSim?: 'no-row' | 'failure'
  /** A page of more rows than `maxPerPage`: cut to that, or refused. Default `cut`. */
  readonly longPages?: 'cut' | 'refused'
  /** PATCH endpoint: taken, or name, APN group and roaming profiles are dropped with success. Default `taken`. */
  readonly endpointEdits?: 'taken' | 'dropped'
  /** Access tokens that say nothing of their life. Default false. */
  readonly opaqueTokens?: boolean
  /** Operations by name that are never executed, and what is answered instead: forms of "unknown here". */
  readonly oddAnswers?: Readonly<Record<string, OddAnswer>>
  /** Which answers have counters (contract 4.11). Default `details`. */
  readonly counters?: 'details' | 'both' | 'none'
  /** Form of the add-ons in GetEndpointAddonDetails. Default `blocks`. */
  readonly addonDetailsForm?: AddonForm
  /** Form of the add-ons in GetEndPointProfile. Default `blocks`. */
  readonly profileForm?: AddonForm
  /** Outer code of writes whose inner code is a documented success (contract 3). Default `0`. */
  readonly doneOuterCode?: '0' | '1'
  /** Form of activation codes. Default `lpa`. */
  readonly activationCodes?:
    | 'lpa'
    | 'lower-case'
    | 'bare'
    | 'trailing'
    | 'oid'
    | 'confirmation'
    | 'link'
    | 'parts'
    | 'unreadable'
  /** By operation, rows that a page has of a list that usually comes whole (contract 4.2, 4.5). */
  readonly listRows?: Readonly<Record<string, number>>
  /** Whether such a list honours `page`, or answers with the first page always. Default `honoured`. */
  readonly listPages?: 'honoured' | 'ignored'
  /** Whether such a list tells its pages in totalNoOfPages; `growing`: one page more as long as there is one; `endless`: every list tells a thousand million. Default `untold`. */
  readonly listTotal?: 'untold' | 'told' | 'growing' | 'endless'
  /** By operation, or by the name of a list within a row, rows at the start that are there and left out. */
  readonly hiddenRows?: Readonly<Record<string, number>>
  /** By operation, or by the name of a list within a row (`tadigList`, `operatorIdList`), rows that are none. */
  readonly junkRows?: Readonly<Record<string, JunkRows>>
  /** What CreateRateZone lists: the new zone, or all of them, the oldest first. Default `new`. */
  readonly createdZones?: 'new' | 'all'
  /** The ID that a creation answers with: that of the new object, or of the oldest one there is. Default `new`. */
  readonly answeredIds?: 'new' | 'oldest'
  /** QueryRatePlan without planType: every plan, or the postpaid ones (contract 4.5). Default `all`. */
  readonly plansWithoutType?: 'all' | 'postpaid'
  /** Names of the tokens of a login. Default `AccessToken`. */
  readonly tokenNames?: 'AccessToken' | 'accessToken'
}

/** Names of the wire's settings, so that a misspelt one is refused. */
export const WIRE_KEYS: readonly (keyof SimulatedWire)[] = [
  'planTerms',
  'unlimitedBalance',
  'numericIds',
  'createdIds',
  'authFailure',
  'throttle',
  'planQuery',
  'zoneNetworks',
  'singleAsObject',
  'maxPerPage',
  'emptyAs',
  'editsBeyondBasicInfo',
  'networkList',
  'addonDetails',
  'activateByLifecycle',
  'endedAddons',
  'duplicateNames',
  'zoneNames',
  'customerProfile',
  'unknownSim',
  'longPages',
  'endpointEdits',
  'opaqueTokens',
  'values',
  'fieldNames',
  'balanceUnit',
  'planUnit',
  'statisticsUnit',
  'megabyte',
  'dates',
  'utcOffsetMinutes',
  'requiredQuery',
  'oddAnswers',
  'counters',
  'addonDetailsForm',
  'profileForm',
  'doneOuterCode',
  'activationCodes',
  'tokenNames',
  'listRows',
  'listPages',
  'listTotal',
  'hiddenRows',
  'junkRows',
  'createdZones',
  'answeredIds',
  'plansWithoutType',
]

/** What may be changed while the simulator runs. */
export interface SimulatorSettings {
  /** Calls an account may make in a second; Infinity (JSON: null) switches the limiter off. */
  callsPerSecond: number
  /** Milliseconds that every call takes. */
  latencyMs: number
  /** Milliseconds that calls of one operation take instead. */
  latencyOf: Partial<Record<string, number>>
  /** CreateBulkEndPoint: works; HTTP 404; or answers success without rows and does nothing. */
  bulk: 'works' | 'unknown' | 'wrong'
  /** Whether ModifyRateZone adds networks or replaces them. */
  modifyRateZone: 'adds' | 'replaces'
  wire: SimulatedWire
}

/** Time in ms since 1970, and a delay that rejects where the signal fires. */
export interface SimulatorClock {
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}
