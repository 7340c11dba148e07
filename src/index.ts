/**
 * sft-catalog as a library: a catalog of rate zones, add-on plans and endpoints in YAML, compared with a
 * state and an account of BICS SIM for Things, planned and applied. Selling from it is the subpath
 * `sft-catalog/provision`; a local SFT to test against is `sft-catalog/simulator`.
 *
 * @module
 */

export type { Observation } from './account/observation.ts'
// plan
export type { ObserveEvent } from './account/observe.ts'
// apply
export { type ApplyOptions, applyPlan } from './apply/apply-plan.ts'
export type { ApplyEvent, ApplyReport, Result } from './apply/report.ts'
export {
  type SettledIntent,
  type SettlePendingOptions,
  settlePending,
} from './apply/settle-pending.ts'
// catalog
export {
  type CatalogLimits,
  type CheckDigitRule,
  catalogJsonSchema,
  type LoadedCatalog,
  type LoadOptions,
  loadCatalog,
} from './catalog/index.ts'
export type { CatalogEnvironment, EnvironmentValue } from './catalog/substitute.ts'
export type { Clock } from './clock.ts'
export type { LockHolder } from './durable/lock.ts'
export type { Owner } from './durable/owner.ts'
export type { Fetch } from './fetch.ts'
export type { Finding, Listing, NotKnown, NotThere, There } from './finding.ts'
export type {
  Alone,
  Depth,
  Dispatcher,
  DispatcherOptions,
  OpenDispatcher,
  Task,
  Work,
  WorkKind,
} from './fleet/dispatcher.ts'
export type {
  DetachedApply,
  FailedChange,
  Fleet,
  FleetKeeper,
  GivenApply,
  LivingWorker,
  SweepResult,
  TakenApply,
} from './fleet/fleet.ts'
// problems as data
export { ISSUE_CODES, type Issue, type IssueCode, IssuesError } from './issues.ts'
export type { HaltedLedger, LedgerKeeper } from './ledger/keeper.ts'
export { type MadePlan, makePlan, type PlanOptions, type PlanPolicy } from './make-plan.ts'
// what flows
export type {
  AccountDefaults,
  Address,
  Catalog,
  ChangeShareLimits,
  Entry,
  Json,
  JsonObject,
  KindName,
  Lifecycle,
  Moved,
  NetworkId,
  NetworkRemovalPolicy,
  NetworkSelector,
  PlanType,
  Position,
  Resource,
  Spec,
} from './model.ts'
// how a run ends
export {
  applyOutcome,
  blockedEntries,
  firstOutcome,
  OUTCOMES,
  type Outcome,
  planErrors,
  planOutcome,
} from './outcome.ts'
export { FileError, PlainError } from './plain-error.ts'
export type {
  Action,
  AdoptChange,
  BlockedChange,
  Change,
  ChangeBase,
  Cost,
  CreateChange,
  FieldChange,
  ForgetChange,
  KeepChange,
  Operation,
  OrphanChange,
  Plan,
  ReplaceChange,
  RetireChange,
  UpdateChange,
  Wanted,
} from './plan/plan.ts'
export type { ResourceGraph } from './plan/resolve.ts'
// the rules of a team
export type { Policy } from './policy/check-policy.ts'
export { type LoadedPolicy, loadPolicy } from './policy/load-policy.ts'
export type { PolicyRule } from './policy/rule.ts'
export type { MessagePart } from './policy/template.ts'
export { JSON_FORMATS, type JsonCommand } from './render/formats.ts'
export { type IssueStyle, renderIssue } from './render/issues.ts'
export { type JsonAnswer, outputSchema } from './render/outputs.ts'
export type { Paint, Tone } from './render/paint.ts'
export { type PlanJson, planToJson } from './render/plan-json.ts'
export { planMarkdown } from './render/plan-markdown.ts'
export { type PlanView, renderPlan } from './render/plan-text.ts'
export { type ReportJson, renderReport, reportToJson } from './render/report-text.ts'
export type { Subject } from './render/subject.ts'
export type { AddonPlanRecord } from './resources/addon-plan.ts'
export type { Activation, AddonPlanEntry, Renewal } from './resources/addon-plan-entry.ts'
export type { LikeSource, LikeTemplate } from './resources/addon-plan-like.ts'
export type { EndpointRecord } from './resources/endpoint.ts'
export type { EndpointBatchEntry } from './resources/endpoint-entry.ts'
export type { Impact, Sales } from './resources/impact.ts'
export type { Mutability } from './resources/kind.ts'
export type { RateZoneRecord } from './resources/rate-zone.ts'
export type { RateZoneEntry } from './resources/rate-zone-entry.ts'
export type { RecordedNetwork } from './resources/zone-networks.ts'
// encryption at rest
export { EncryptedError, type EncryptionKey, type EncryptionKeys } from './secrets/cipher.ts'
export type { EncryptionReport, OnEncrypted } from './secrets/encryption.ts'
export { readKeyFile } from './secrets/key-file.ts'
export { withKeys } from './secrets/keys-in-force.ts'
// the account
export type {
  AddonInstance,
  AddonListing,
  Announcement,
  BudgetView,
  BulkRow,
  CallOptions,
  CountedBenefit,
  CreateEndpointRequest,
  CreatePlanRequest,
  CreateRateZoneRequest,
  CustomerProfile,
  EndpointProfile,
  EndpointSettings,
  EndpointStatistics,
  InstanceListing,
  Lane,
  ListOptions,
  ModifyPlanRequest,
  ModifyRateZoneRequest,
  Network,
  OperationName,
  PatchEndpointRequest,
  Probe,
  Probed,
  ReportedPlan,
  ReportedRateZone,
  ReportedRoamingProfile,
  Sft,
  SftReader,
  SftWriter,
  Sim,
  SimPage,
  SimQuery,
  SimStatus,
} from './sft/api.ts'
export { WIRE_ASSUMPTIONS, type WireAssumption } from './sft/assumptions.ts'
export type { CallTrace } from './sft/call-trace.ts'
export { openSft, type SftOptions } from './sft/client.ts'
export {
  type CallName,
  SftAbortedError,
  SftCredentialsError,
  SftError,
  SftMissingPrerequisiteError,
  SftNoAccessError,
  SftNotUnderstoodError,
  SftRejectedError,
  SftThrottledError,
  SftUnknownOutcomeError,
  SftUnreachableError,
} from './sft/errors.ts'
export type { SlotRequest, SlotSource, Slots } from './sft/slots.ts'
export type { DeliveryEvent } from './sft/transport.ts'
export type { WireForm, WireValues } from './sft/wire-form.ts'
export type { WireOverrides } from './sft/wire-settings.ts'
export type {
  AppliedPlan,
  ApplyAbout,
  ApplyCounts,
  ApplyEnd,
  ApplyLog,
  LeftChange,
  LeftOperation,
  LeftWork,
  Superseded,
} from './state/apply-log.ts'
export type {
  ConfirmEdit,
  EditReport,
  OpenStateOptions,
  RestoreReport,
  SharedState,
  Sharing,
  StateKeeper,
  Unlocking,
} from './state/keeper.ts'
// the state
export { exportMapping, mappingCsv } from './state/mapping.ts'
export { memoryState } from './state/memory-store.ts'
export type {
  AccountIdentity,
  AnyRecord,
  Intent,
  IntentDraft,
  Learnt,
  Mapping,
  MappingRow,
  PutEntry,
  RefusedFields,
  State,
  StateEntry,
  StateStore,
  SupersededObject,
} from './state/state.ts'
export { type StateDamage, StateDamagedError } from './state/state-errors.ts'
export { rowsOfState, stateOfRows } from './state/state-rows.ts'
export { sharedSlots } from './stores/budgets.ts'
export { encryptStore } from './stores/encrypt.ts'
export {
  type MigrateOptions,
  type MoveProgress,
  migrateStore,
  type StoreMove,
} from './stores/migrate.ts'
export {
  type Arrival,
  type Departure,
  isFinished,
  type MovableThere,
  MovedError,
  type MovedPart,
  type MovedPlace,
  type MovedRow,
  type MovedRows,
  type MoveMark,
  type Moves,
  mayReceive,
  OtherPartError,
} from './stores/moving.ts'
export { type LoadStore, registerStore } from './stores/registry.ts'
export { openState, readState } from './stores/states.ts'
export type { BudgetKeeper, BudgetOptions, Store } from './stores/store.ts'
export type { Validity } from './units.ts'
