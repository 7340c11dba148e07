import type { Network, ReportedPlan, ReportedRateZone, Sim } from '../sft/api.ts'

/** What one run has read of the account. Each list was read whole, or the run has failed. */
export interface Observation {
  readonly destGroupIds: readonly string[]
  readonly networks: readonly Network[]
  readonly rateZones: readonly ReportedRateZone[]
  readonly addonPlans: readonly ReportedPlan[]
  /** SIMs by ICCID, as far as they were read; `simsRead` says which that is. */
  readonly sims: ReadonlyMap<string, Sim>
  /** `none`: not needed. `skipped`: needed, but `--no-inventory`. `asked`: those that the plan needs. `all`: every SIM. */
  readonly simsRead: 'none' | 'skipped' | 'asked' | 'all'
}
