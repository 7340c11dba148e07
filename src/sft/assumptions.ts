/** Something about the wire that no public page settles, which a first look at a live account can. */
export interface WireAssumption {
  readonly id: string
  /** Section or unknown (U…) of the contract. */
  readonly contract: string
  readonly assumed: string
  /** What happens where an account differs. */
  readonly otherwise: string
  /** What to set there: a key of SFT_WIRE in quotes, a variable, a field of the catalog. */
  readonly set?: string
  /** Why no read can tell; absent: `doctor` examines it. */
  readonly unseen?: string
}

const NEEDS_WRITE = 'only a write shows it'

/** Every assumption about the wire that the client makes, for `doctor` and the documentation. */
export const WIRE_ASSUMPTIONS = [
  {
    id: 'login-refusal',
    contract: '1.3, U9',
    assumed:
      'a login answered with a failure in the envelope, or HTTP 401, refuses the credentials',
    otherwise: 'the client does not try again; start a new run after checking the credentials',
    unseen: 'failed logins lock the account',
  },
  {
    id: 'login-tokens',
    contract: '1.3',
    assumed: 'AccessToken and RefreshToken stand in the bare body, or where a payload does',
    otherwise: 'the login counts as not understood, and nothing goes on',
  },
  {
    id: 'token-life',
    contract: '1.5, U7',
    assumed: 'an access token lives as long as its JWT says, or 540 s',
    otherwise:
      'an authorisation failure, or "token expired" in words, leads to a new login, three at most',
    set: '"token-life"',
  },
  {
    id: 'refresh-token',
    contract: '1.4',
    assumed: 'a refresh token is good once, and the answer has the next one',
    otherwise: 'a refusal leads to a login',
    unseen: 'it would cost the session its token',
  },
  {
    id: 'token-refused',
    contract: '1.8',
    assumed:
      'code 401 and words such as "token expired" in the envelope of a failure are of the token, not executed',
    otherwise:
      'after new logins it is an error that says so; a write that is answered otherwise, as HTTP 401 with HTML, is settled by reading',
    unseen: 'it takes a token that has expired',
  },
  {
    id: 'unknown-operation',
    contract: '1.8',
    assumed: 'HTTP 404 is an operation that the account does not know',
    otherwise: 'a read goes to its fallback, a write is settled by reading',
    unseen: 'a path that does not exist would have to be asked for',
  },
  {
    id: 'path-case',
    contract: '1.1, U21',
    assumed: 'paths are written as the contract writes them',
    otherwise: 'the operation is not known here (HTTP 404)',
    set: 'SFT_PATHS',
    unseen: 'each read that is answered confirms its own path',
  },
  {
    id: 'success-codes',
    contract: '3',
    assumed: 'outer code 0 is success; a success code of the operation under an outer 1 is unclear',
    otherwise: 'what is unclear is settled by reading, never taken as a refusal',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'throttled-not-executed',
    contract: '1.8, 1.10, U8',
    assumed:
      'HTTP 429 in JSON or without a body was not executed, nor was a read that says "rate limit" or "too many requests"',
    otherwise:
      'a write that is answered otherwise is looked for before it is sent again; the code can be added; keep the rate below the limit of the account',
    set: '"throttled-not-executed", SFT_CALLS_PER_SECOND',
    unseen: 'the limit would have to be broken',
  },
  {
    id: 'timeout-codes',
    contract: '1.9',
    assumed: '10239, 10240 and "has Time out" mean that the outcome must be verified',
    otherwise: 'any other failure code counts as not executed',
    set: '"timeout-codes"',
    unseen: 'it takes a call that times out',
  },
  {
    id: 'created-ids',
    contract: '1.7',
    assumed: 'a created ID stands in Response, responseParam, its first row or resultParam',
    otherwise: 'the object is read back by name or ICCID',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'empty-list',
    contract: '3',
    assumed: 'only 1359 or a text "no data" or "no records" means an empty list',
    otherwise: 'any other failure of a list read is an error; an empty list is asked for twice',
    set: '"empty-list"',
  },
  {
    id: 'date-form',
    contract: '1.7',
    assumed: 'dates have the day first; ISO dates are read too',
    otherwise: 'a date that cannot be read is not known, never not there',
    set: '"date-form"',
  },
  {
    id: 'date-zone',
    contract: '1.7, U23',
    assumed: "dates are in the account's time zone, UTC by default",
    otherwise: 'starts and ends are off by the difference',
    set: 'SFT_TIME_ZONE',
  },
  {
    id: 'customer-profile',
    contract: '4.1, U4',
    assumed: 'GET /api/GetCustomerProfile has one destGroupId at some depth',
    otherwise: 'no zone is created; with account.destGroupId the profile is not asked for',
    set: '`account.destGroupId` in the catalog',
  },
  {
    id: 'network-list',
    contract: '4.2, U5',
    assumed: 'GET /api/fetchNetworkList lists networks with operatorId, flat or nested',
    otherwise: 'the roaming profile DEFAULT is read',
    set: '"network-list", SFT_PATHS',
  },
  {
    id: 'network-fields',
    contract: '4.2',
    assumed: 'a network has tadigCode and countryName',
    otherwise: 'countries: does not find it; name it by operatorId and sponsorId',
  },
  {
    id: 'roaming-default',
    contract: '2, 4.2',
    assumed: 'the roaming profile DEFAULT has every network of the account',
    otherwise: 'it is no substitute for fetchNetworkList; without both a plan is refused',
  },
  {
    id: 'list-pages',
    contract: '4.2, 4.5',
    assumed: 'lists other than fetchSIM come whole, or take page from 1',
    otherwise: 'a list that may have more is not known as a whole',
    set: '"query"',
  },
  {
    id: 'page-size',
    contract: '4.8, U22',
    assumed: 'fetchSIM grants 250 SIMs a page',
    otherwise: 'fewer on a page are counted as they come; a refused page is an error',
    set: '"page-size"',
  },
  {
    id: 'zone-networks',
    contract: '4.3',
    assumed: 'GetRateZone names networks by the operatorId and sponsorId of the network list',
    otherwise: 'what is not reported is not compared',
  },
  {
    id: 'rate-zone-id',
    contract: '4.3, U6',
    assumed: 'CreateRateZone answers the ID in rateZoneList',
    otherwise: 'GetRateZone is read by name',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'zone-status',
    contract: '4.3',
    assumed: 'status 1 of CreateRateZone is an active zone',
    otherwise: 'the platform refuses the zone',
    set: '"zone-status"',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'modify-rate-zone',
    contract: '4.3',
    assumed: 'ModifyRateZone adds networks',
    otherwise: 'it is read back: where networks were replaced, the union is sent and remembered',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'unique-names',
    contract: 'U12',
    assumed: 'names of zones and of add-on plans are unique',
    otherwise: 'two of one name are refused, never picked from: rename one in the portal',
  },
  {
    id: 'plan-fields',
    contract: '4.4, U13, U14',
    assumed: 'CreatePlan wants every basicInfo field that was seen, and totalCount "1"',
    otherwise: 'the platform refuses the plan; `sft:` of a plan adds further fields',
    set: '"total-count", `sft:` of a plan',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'plan-report',
    contract: '4.5',
    assumed: 'QueryRatePlan reports what CreatePlan was given',
    otherwise: 'what is not reported is not compared; adopt asks for it',
  },
  {
    id: 'plan-list',
    contract: '4.5, U18',
    assumed: 'QueryRatePlan lists every add-on plan, planType by planType',
    otherwise: 'what no query lists is unknown to the tool',
    set: '"query"',
  },
  {
    id: 'plan-type',
    contract: '7',
    assumed: 'planType 0 is prepaid, 1 is postpaid',
    otherwise: 'another value is not compared, and the platform refuses ours',
    set: '"plan-type"',
  },
  {
    id: 'plan-status',
    contract: '4.4',
    assumed: 'planStatus is Active or In-Active',
    otherwise: 'another value is a difference that apply cannot mend',
    set: '"plan-status"',
  },
  {
    id: 'plan-destination',
    contract: '4.4',
    assumed: "destinationGroup of a plan is a roaming profile's ID",
    otherwise: 'the platform refuses the plan',
    set: '`destinationGroup` in the catalog',
  },
  {
    id: 'benefit-id',
    contract: '7',
    assumed: 'benefitId 1 is data; of SMS nothing',
    otherwise: 'data of such a plan counts as not reported; SMS are refused until it is set',
    set: '"benefit-id"',
  },
  {
    id: 'plan-units',
    contract: '4.4, U16',
    assumed: 'a data benefit is in MB of 1,048,576 bytes',
    otherwise: 'a volume that the unit cannot say is refused',
    set: '"plan-units", "megabyte"',
  },
  {
    id: 'validity-type',
    contract: '7, U17',
    assumed: 'validityType 1 is days; of months, years and no end nothing',
    otherwise: 'another value is not compared; what is not days is refused until it is set',
    set: '"validity-type"',
  },
  {
    id: 'unlimited-data',
    contract: '4.4, U15',
    assumed: 'nothing: how a plan has data without an end',
    otherwise: 'such a plan is refused until it is set',
    set: '"unlimited-data", `account.wire`, `like` in the catalog',
    unseen: 'nothing is assumed',
  },
  {
    id: 'daily-data',
    contract: '4.4',
    assumed: 'nothing: how a plan gives its data anew each day',
    otherwise: 'such a plan is refused until it is set',
    set: '"daily-data", `account.wire`, `like` in the catalog',
    unseen: 'nothing is assumed',
  },
  {
    id: 'throttle',
    contract: '4.4, 7, U11',
    assumed: 'nothing: which field slows a plan down, and its values',
    otherwise: 'such a plan is refused until it is set',
    set: '"throttle", `account.wire`, `like` in the catalog',
    unseen: 'nothing is assumed',
  },
  {
    id: 'unlimited-renewals',
    contract: '7, U15',
    assumed: 'nothing: the occurrences of a plan that renews itself without an end',
    otherwise: 'such a plan is refused until it is set',
    set: '"unlimited-renewals", `account.wire`, `like` in the catalog',
    unseen: 'nothing is assumed',
  },
  {
    id: 'recurring-charge',
    contract: '4.4',
    assumed: 'nothing: what makes a charge a recurring one; a charge without it is for once',
    otherwise: 'such a plan is refused until it is set',
    set: '"recurring-charge", `account.wire`, `like` in the catalog',
    unseen: 'nothing is assumed',
  },
  {
    id: 'activated-by',
    contract: '7',
    assumed: 'activatedBy 1 is on usage, 0 is immediate',
    otherwise: 'another value is not compared, and the platform refuses ours',
    set: '"activated-by"',
  },
  {
    id: 'renewal-rule',
    contract: '7',
    assumed: 'reSubscriptionRule 1 is on expiry, 2 on exhaustion or expiry',
    otherwise: 'another value is not compared, and the platform refuses ours',
    set: '"renewal-rule"',
  },
  {
    id: 'one-time',
    contract: '7',
    assumed: 'reSubscription "true" with occurrences 1 is a plan without renewal',
    otherwise: 'the platform refuses ours',
    set: '"one-time"',
  },
  {
    id: 'modify-plan',
    contract: '4.5',
    assumed: 'ModifyPlan takes name, description, priority, status and charge',
    otherwise: 'it is read back: what was not taken is an error of that field',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'bulk',
    contract: '4.7, U3',
    assumed: 'POST /api/CreateBulkEndPoint creates up to 100 endpoints that share their settings',
    otherwise:
      'the first call has one endpoint and is read back; on 404, or 401 to a good token, single calls go on',
    set: 'SFT_BULK, SFT_BULK_PATH, SFT_BULK_SIZE',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'sim-not-found',
    contract: '4.8',
    assumed: 'fetchSIM of an unknown ICCID answers no rows, "no data", or that it was not found',
    otherwise: 'any other failure is an error',
    set: '"empty-list"',
  },
  {
    id: 'sim-status',
    contract: '4.8',
    assumed: 'a SIM is Ready To Activate, Pre-Active, Active or Suspended',
    otherwise: 'a SIM of another state is neither sold nor removed',
    set: '"sim-status"',
  },
  {
    id: 'sellable-query',
    contract: '4.8, 7, U10',
    assumed: 'simStatusId 12 with simAttachStatusId 1 lists SIMs that are Pre-Active and attached',
    otherwise: 'each SIM is looked at before it is sold',
    set: '"sellable-query"',
  },
  {
    id: 'lifecycle-codes',
    contract: '4.9',
    assumed: 'lifeCycle A activates, S suspends, reason 1 is the system',
    otherwise: 'the SIM is read afterwards: another state is an error',
    set: '"lifecycle-codes"',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'lifecycle-pre-active',
    contract: '4.9, U20',
    assumed: 'lifeCycle A is taken from Pre-Active',
    otherwise: 'a refusal is followed by EndPointActivation once',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'active-first',
    contract: '4.10, U24',
    assumed: 'an endpoint is activated before it gets its add-on',
    otherwise: 'the platform refuses the subscription, which the order says',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'no-top-up',
    contract: '2, U25',
    assumed: 'an add-on works on a prepaid endpoint without balance',
    otherwise: 'the platform refuses the subscription, which the order says',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'addon-blocks',
    contract: '4.10, 4.11, U1',
    assumed:
      'add-on instances stand in promotionalPlans and benefitInfo, under info or responseParam',
    otherwise: 'of a subscription the endpoint profile is read and compared',
  },
  {
    id: 'addon-details',
    contract: '4.11, U2',
    assumed: 'GET /api/GetEndpointAddonDetails has the blocks of GetEndPointProfile',
    otherwise: 'the profile is read',
    set: '"addon-details", SFT_PATHS',
  },
  {
    id: 'balance-unit',
    contract: '4.11',
    assumed: 'balances are in bytes',
    otherwise: 'usage shows the wrong volumes',
    set: '"balance-unit"',
  },
  {
    id: 'counters',
    contract: '4.11',
    assumed:
      'counters stand in rows under a name with "counter", with the uniqueId of their instance',
    otherwise: 'usage shows none',
  },
  {
    id: 'addon-ended',
    contract: '4.4, 4.11',
    assumed: 'an add-on that ended is gone from the answers, or listed with what it had left',
    otherwise: 'how it ended is not known: usage says so',
    unseen: 'it takes an add-on that ends',
  },
  {
    id: 'profile-fields',
    contract: '4.11',
    assumed:
      'basicInfo names plan, APN group and roaming profiles as requests do, and its state "status" with the texts of fetchSIM',
    otherwise: 'what has another name counts as not reported',
    set: '"profile-fields"',
  },
  {
    id: 'endpoint-gone',
    contract: '4.11',
    assumed: 'GetEndPointProfile of an endpoint that does not exist is refused',
    otherwise: 'a removal is not told as done',
  },
  {
    id: 'patch-fields',
    contract: '4.12',
    assumed: 'PATCH endpoint takes name, apnGroupId and roamingProfileId',
    otherwise: 'it is read back: what was not taken is an error of that field',
    set: '"patch-fields"',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'remove-addon',
    contract: '4.10, 4.12, U1',
    assumed: 'PATCH endpoint with removeAddonUniqueIds takes an instance off',
    otherwise: 'the endpoint is read afterwards: an instance that is still there is an error',
    set: '"patch-fields"',
    unseen: NEEDS_WRITE,
  },
  {
    id: 'statistics-days',
    contract: '5, U23',
    assumed: 'days of GetStatistics are days in UTC',
    otherwise: 'ask for a day more on either side',
    unseen: 'it takes traffic around midnight',
  },
  {
    id: 'statistics-unit',
    contract: '5',
    assumed: 'volumes of GetStatistics are in MB',
    otherwise: 'statistics are off by the factor',
    set: '"statistics-unit"',
  },
] as const satisfies readonly WireAssumption[]

/** ID of an assumption. */
export type AssumptionId = (typeof WIRE_ASSUMPTIONS)[number]['id']
