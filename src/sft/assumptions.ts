/** Something about the wire that no public page settles, which a first look at a live account can. */
export interface WireAssumption {
  readonly id: string
  /** Section or unknown (U…) of the contract. */
  readonly contract: string
  readonly assumed: string
  /** What happens or what to set where an account differs. */
  readonly otherwise: string
}

/** Every assumption about the wire that the client makes, for `doctor` and the documentation. */
export const WIRE_ASSUMPTIONS: readonly WireAssumption[] = [
  {
    id: 'login-refusal',
    contract: '1.3, U9',
    assumed:
      'a login answered with a failure in the envelope, or HTTP 401, refuses the credentials',
    otherwise: 'the client does not try again; start a new run after checking the credentials',
  },
  {
    id: 'token-life',
    contract: '1.5, U7',
    assumed: 'an access token lives as long as its JWT says, or 540 s',
    otherwise: 'an authorisation failure leads to one new login',
  },
  {
    id: 'throttled-not-executed',
    contract: '1.8, U8',
    assumed: 'HTTP 429, or a failure that says "rate limit", was not executed',
    otherwise: 'set callsPerSecond below the limit of the account',
  },
  {
    id: 'timeout-codes',
    contract: '1.9',
    assumed: '10239, 10240 and "has Time out" mean that the outcome must be verified',
    otherwise: 'any other failure code counts as not executed',
  },
  {
    id: 'created-ids',
    contract: '1.7',
    assumed: 'a created ID stands in Response, responseParam, its first row or resultParam',
    otherwise: 'the object is read back by name or ICCID',
  },
  {
    id: 'empty-list',
    contract: '3',
    assumed: 'only 1359 or a text "no data" or "no records" means an empty list',
    otherwise: 'any other failure of a list read is an error',
  },
  {
    id: 'date-zone',
    contract: '1.7, U23',
    assumed: "dates are in the account's time zone, UTC by default",
    otherwise: "give the account's time zone where dates are read",
  },
  {
    id: 'customer-profile',
    contract: '4.1, U4',
    assumed: 'GET /api/GetCustomerProfile has destGroupId at some depth',
    otherwise: 'paths.GetCustomerProfile; account.destGroupId of the catalog',
  },
  {
    id: 'network-list',
    contract: '4.2, U5',
    assumed: 'GET /api/fetchNetworkList lists networks with operatorId, flat or nested',
    otherwise: 'paths.fetchNetworkList; on 404 the roaming profile DEFAULT is read',
  },
  {
    id: 'list-pages',
    contract: '4.2, 4.5',
    assumed: 'lists other than fetchSIM come in one page unless totalNoOfPages says otherwise',
    otherwise: 'further pages are asked for with page from 2',
  },
  {
    id: 'rate-zone-id',
    contract: '4.3, U6',
    assumed: 'CreateRateZone answers the ID in rateZoneList',
    otherwise: 'GetRateZone is read by name',
  },
  {
    id: 'plan-fields',
    contract: '4.4, U13, U14',
    assumed: 'CreatePlan wants every basicInfo field that was seen, and totalCount "1"',
    otherwise: 'sft: of a plan adds further fields',
  },
  {
    id: 'plan-units',
    contract: '4.4, 7, U16, U17',
    assumed: 'a data benefit is in MB, and validityType 1 is days',
    otherwise: 'compare the balance of a first subscription (bytes) with the plan',
  },
  {
    id: 'bulk',
    contract: '4.7, U3',
    assumed: 'POST /api/CreateBulkEndPoint creates up to 100 endpoints that share their settings',
    otherwise: 'bulk.path, bulk.size, bulk.mode; on 404 single calls go on',
  },
  {
    id: 'sim-not-found',
    contract: '4.8',
    assumed: 'fetchSIM of an unknown ICCID answers no rows, "no data", or that it was not found',
    otherwise: 'any other failure is an error',
  },
  {
    id: 'addon-blocks',
    contract: '4.10, 4.11, U1',
    assumed:
      'add-on instances stand in promotionalPlans and benefitInfo, under info or responseParam',
    otherwise: 'the endpoint profile is read and compared',
  },
  {
    id: 'addon-details',
    contract: '4.11, U2',
    assumed: 'GET /api/GetEndpointAddonDetails has the blocks of GetEndPointProfile',
    otherwise: 'paths.GetEndpointAddonDetails; on 404 the profile is read',
  },
  {
    id: 'profile-fields',
    contract: '4.11',
    assumed: 'basicInfo names plan, APN group and roaming profiles as requests do',
    otherwise: 'what has another name counts as not reported',
  },
  {
    id: 'statistics-days',
    contract: 'U23',
    assumed: 'days of GetStatistics are days in UTC',
    otherwise: 'ask for a day more on either side',
  },
]
