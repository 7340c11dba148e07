/**
 * The runtime entry: turns a portal's order into a working eSIM, exactly once: `sft-catalog/provision`.
 *
 * @packageDocumentation
 */

export type { ApplyEvent, ApplyReport, Result } from '../apply/report.ts'
export {
  IDENTIFIERS,
  type Identifier,
  type IdentifierName,
  type MissingIdentifier,
} from '../identifiers.ts'
export type {
  LedgerBackup,
  LedgerCheck,
  LedgerEditReport,
  LedgerRestoration,
} from '../ledger/keeper.ts'
export { fileLedger } from '../ledger/sqlite-ledger.ts'
export type { Json, JsonObject } from '../model.ts'
export { EncryptedError, type EncryptionKey, type EncryptionKeys } from '../secrets/cipher.ts'
export { readKeyFile } from '../secrets/key-file.ts'
export { withKeys } from '../secrets/keys-in-force.ts'
export type { Environment, SettingOverrides, SftSettings } from '../settings.ts'
export { SettingsError } from '../settings.ts'
export type { CallTrace } from '../sft/call-trace.ts'
export {
  acceptLedgerEdit,
  backupLedger,
  checkLedger,
  lookAtLedger,
  openLedger,
  restoreLedger,
} from '../stores/ledgers.ts'
export type {
  EndpointRequest,
  Patience,
  Provisioner,
  ProvisionerOptions,
  PurchaseRequest,
  ResumeReport,
  SettleRequest,
  TopUpRequest,
} from './api.ts'
export type { Cancellation } from './cancel-report.ts'
export type { Candidate } from './candidates.ts'
export type { SuspensionReason } from './endpoint-care.ts'
export type { AgeCount, EndpointReport, StockPace } from './endpoint-report.ts'
export type { EndpointChoice, EndpointUse, EndpointView } from './endpoint-view.ts'
export {
  AccountRefusedError,
  AccountUnreachableError,
  ActivationFailedError,
  type AnyProvisionError,
  EndpointSuspendedError,
  GaveUpWaitingError,
  InvalidRequestError,
  isProvisionError,
  NoEsimAvailableError,
  NothingToSettleError,
  OrderConflictError,
  OrderNotDeliveredError,
  PlanOutOfSaleError,
  ProvisionError,
  ProvisionerClosedError,
  StorageError,
  SubscriptionFailedError,
  UnexpectedError,
  UnknownEndpointError,
  UnknownOrderError,
  UnknownSkuError,
} from './errors.ts'
export type { AboutOrder, Happening, ProvisionEvent, ProvisionListener } from './events.ts'
export { type ExportedPage, type ExportOptions, exportOrders } from './export-orders.ts'
export type { ExportedAddon, ExportedOrder, ExportedUsage } from './exported-order.ts'
export type { OrderFilter } from './find-orders.ts'
export type { Recheck } from './free-esims.ts'
export type {
  AddonRow,
  AddonStatus,
  Balance,
  CancelReport,
  CreationCost,
  Decision,
  EndpointOperation,
  EsimCount,
  EsimPlace,
  EsimQuestion,
  EsimRow,
  EsimStatus,
  EsimStock,
  GivenOut,
  Ledger,
  LedgerEntry,
  LedgerKeys,
  LedgerProcess,
  LedgerRows,
  LedgerWatch,
  Making,
  OrderFailure,
  OrderIntent,
  OrderKind,
  OrderOwner,
  OrderPlace,
  OrderReference,
  OrderRow,
  OrderStatus,
  OrderStep,
  StepName,
  StepOutcome,
  UsageRow,
} from './ledger.ts'
export type { LifecycleOptions, LifecyclePlan, LifecycleRequest } from './lifecycle.ts'
export { type Logger, logEvents } from './log-events.ts'
export { memoryLedger } from './memory-ledger.ts'
export type { Offer, OfferedZone } from './offers.ts'
export type { OrderProblem, OrderView } from './order-view.ts'
export type { Orphan } from './orphans.ts'
export type { LifecycleAction, LifecycleTarget } from './out-of-sale.ts'
export type { SoldTerms } from './plan-terms.ts'
export { openProvisioner } from './provisioner.ts'
export type { QrCode } from './qr-code.ts'
export {
  type ReconciledEsim,
  type ReconciledPlaces,
  type ReconcileReport,
  type Reconciliation,
  reconcile,
} from './reconcile.ts'
export type { UsageSweep } from './refresh-usage.ts'
export type { Sale, SoldAddon, TopUp } from './sale.ts'
export type { ProvisionPolicies } from './selling-context.ts'
export type { BatchStock, Stock, StockCount, TagStock } from './stock.ts'
export type { EndpointUsage, InstanceUsage } from './usage.ts'
