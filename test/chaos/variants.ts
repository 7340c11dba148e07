// How the simulated account of a schedule answers: every variant of the wire with which the tool must stay right
// as it is set by default.
import fc from 'fast-check'
import type { Fault, FaultKind, SimulatedWire } from '../../src/simulator/index.ts'

/** The usual value, or now and then another one. */
const mostly = <const Value>(usual: Value, ...others: Value[]): fc.Arbitrary<Value> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )

const FORMS = ['blocks', 'addonDetails', 'rows', 'nested', 'benefits-only'] as const

/** How an account may say that it does not know a call that is assumed. */
const ODD_ANSWERS = [
  'not-found',
  'bad-request',
  'not-allowed',
  'unauthorised',
  'html',
  'mandatory',
  'failure',
  'no-data',
  'nothing',
] as const

/** By list, now and then. */
const ofLists = <Value>(value: fc.Arbitrary<Value>) =>
  fc.record({ GetRateZone: value, QueryRatePlan: value }, { requiredKeys: [] })

/** What makes most of an account unknown for good. */
const rarely = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, { weight: 1, arbitrary })

/** What the tool does not have to be told, the default first. */
const CHOICES = {
  numericIds: mostly(false, true),
  createdIds: mostly('response', 'responseParam', 'rows', 'resultParam'),
  authFailure: mostly('inner', 'outer', 'http', 'words'),
  throttle: mostly('429', '429-bare', '200-text', '200-words', '429-html'),
  planQuery: mostly('full', 'basicInfo'),
  zoneNetworks: mostly(true, false),
  singleAsObject: mostly(false, true),
  maxPerPage: mostly(250, 1, 2),
  emptyAs: mostly('empty-rows', 'failure'),
  networkList: mostly('works', 'unknown'),
  addonDetails: mostly('works', 'unknown'),
  activateByLifecycle: mostly(true, false),
  endedAddons: mostly('gone', 'kept'),
  duplicateNames: mostly('accepted', 'refused'),
  unknownSim: mostly('no-row', 'failure'),
  opaqueTokens: mostly(false, true),
  dates: mostly('day-first', 'iso', 'dashes', 'words', 'day-only'),
  oddAnswers: fc.record(
    {
      GetEndpointAddonDetails: fc.constantFrom(...ODD_ANSWERS),
      fetchNetworkList: fc.constantFrom(...ODD_ANSWERS),
      CreateBulkEndPoint: fc.constantFrom(...ODD_ANSWERS),
    },
    { requiredKeys: [] },
  ),
  addonDetailsForm: mostly(...FORMS),
  profileForm: mostly(...FORMS),
  doneOuterCode: mostly('0', '1'),
  activationCodes: mostly(
    'lpa',
    'lower-case',
    'bare',
    'trailing',
    'oid',
    'confirmation',
    'link',
    'parts',
  ),
  tokenNames: mostly('AccessToken', 'accessToken'),
  listRows: ofLists(fc.constantFrom(1, 2, 3)),
  listTotal: mostly('untold', 'told', 'growing', 'endless'),
  junkRows: rarely(ofLists(fc.constantFrom('nulls', 'mixed'))),
  zoneNames: mostly('fixed', 'editable'),
  createdZones: mostly('new', 'all'),
  counters: mostly('details', 'both', 'none'),
  plansWithoutType: mostly('all', 'postpaid'),
}

/**
 * Settings that are not composed, each with its reason: with them the tool must be told more, or says by
 * design that it cannot.
 */
export const NOT_COMPOSED: Readonly<Partial<Record<keyof SimulatedWire, string>>> = {
  editsBeyondBasicInfo:
    'dropped edits are blocked for good, so that no account becomes as its catalog',
  endpointEdits: 'likewise',
  customerProfile: 'without a destination group nothing is planned',
  values: 'must be told with SFT_WIRE',
  fieldNames: 'must be told with SFT_WIRE',
  longPages: 'refused pages must be told with SFT_WIRE page-size',
  balanceUnit: 'must be told with SFT_WIRE',
  planUnit: 'must be told with SFT_WIRE',
  statisticsUnit: 'nothing sold depends on statistics',
  utcOffsetMinutes: 'must be told with SFT_TIME_ZONE',
  listPages: 'a list that ignores `page` looks like one that comes whole',
  hiddenRows: 'what a list hides for good is seen by nobody where no other read tells it',
  answeredIds: 'the ID of an object that neither the state nor the run knows looks like a new one',
  megabyte: 'must be told with SFT_WIRE',
  planTerms: 'must be told with account.wire',
  unlimitedBalance: 'must be told with account.wire',
  requiredQuery: 'must be told with SFT_WIRE',
}

export const COMPOSED = Object.keys(CHOICES)

/** An account whose wire differs from the default in some settings. */
export const arbitraryWire = (): fc.Arbitrary<SimulatedWire> => fc.record(CHOICES)

/** Whether the read that is known to be good is not understood: doubt about add-ons is for people then. */
export const hidesAddons = (wire: SimulatedWire): boolean => wire.profileForm !== 'blocks'

/** Whether lists of this account have rows that are none: what is not among the others is not known then. */
export const hidesObjects = ({ junkRows = {} }: SimulatedWire): boolean =>
  Object.keys(junkRows).length > 0

const SILENCE: readonly FaultKind[] = ['no-data', 'lists-empty']

/** Faults of which one at the most is a list that wrongly says nothing, once: twice is seen by nobody. */
export const silentOnce = (faults: readonly Fault[]): readonly Fault[] => {
  const first = faults.find(({ kind }) => SILENCE.includes(kind))
  return faults
    .filter(fault => fault === first || !SILENCE.includes(fault.kind))
    .map(fault => (fault === first ? { ...fault, count: 1 } : fault))
}
