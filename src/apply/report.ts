import type { Address, KindName } from '../model.ts'
import type { Operation } from '../plan/plan.ts'

/** How one address ended. */
export type Result =
  | {
      readonly address: Address
      readonly kind: KindName
      readonly status: 'done'
      /** `keep`: it was so by then, or is no longer to be changed; `message` says why. */
      readonly action: Operation['action'] | 'keep'
      readonly id?: string
      readonly how?: 'answered' | 'found' | 'adopted'
      readonly message?: string
    }
  | {
      readonly address: Address
      readonly kind: KindName
      readonly status: 'failed'
      readonly message: string
    }
  | {
      readonly address: Address
      readonly kind: KindName
      readonly status: 'skipped'
      readonly because: Address
    }
  | {
      readonly address: Address
      readonly kind: KindName
      readonly status: 'deferred'
      readonly message: string
    }

/** Told how addresses ended, one by one as it becomes known. */
export type Tell = (result: Result) => void

/** Progress of an apply, in the order in which it happens. */
export type ApplyEvent =
  | { readonly type: 'start'; readonly totals: Readonly<Record<KindName, number>> }
  | { readonly type: 'result'; readonly result: Result }
  /** A write has an unknown outcome and is being looked for. */
  | {
      readonly type: 'settling'
      readonly operation: string
      readonly addresses: readonly Address[]
      readonly message: string
    }
  /** Something was learnt about the account; said once. */
  | { readonly type: 'learnt'; readonly message: string }
  | { readonly type: 'canary'; readonly results: readonly Result[] }
  | { readonly type: 'end'; readonly report: ApplyReport }

export interface ApplyReport {
  readonly results: readonly Result[]
  readonly counts: Readonly<Record<Result['status'], number>>
  readonly calls: number
  readonly seconds: number
  /** True where the run was told to stop before everything was tried. */
  readonly stopped: boolean
  /** Entries of the catalog that stay other than it wants, whatever was done: the plan had them blocked. */
  readonly blocked: readonly Address[]
}
