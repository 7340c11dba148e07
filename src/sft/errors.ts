/** Which call an error belongs to; never has headers, bodies or tokens. */
export interface CallName {
  readonly operation: string
  readonly method: string
  readonly path: string
}

/**
 * Base of everything the SFT client throws. `executed` answers the question that matters for a write:
 * `no` means that the platform is known not to have acted, `unknown` that it may have or still will.
 */
export abstract class SftError extends Error {
  abstract override readonly name: string
  readonly executed: 'no' | 'unknown' = 'no'
  readonly call: CallName | undefined
  constructor(message: string, call?: CallName, options?: ErrorOptions) {
    super(
      call === undefined ? message : `${call.operation} (${call.method} ${call.path}): ${message}`,
      options,
    )
    this.call = call
  }
}

/** User name, password or targetAccountId refused (contract 1.3). Never retried: accounts get locked. */
export class SftCredentialsError extends SftError {
  override readonly name = 'SftCredentialsError'
  /** The platform's result code; empty where it gave none. */
  readonly code: string
  constructor(message: string, call?: CallName, code = '') {
    super(message, call)
    this.code = code
  }
}

/** The account may not make this call, even after one new login (contract 1.8). */
export class SftNoAccessError extends SftError {
  override readonly name = 'SftNoAccessError'
}

/** Throttled for longer than the caller's patience (contract 1.8, 1.10). Not executed. */
export class SftThrottledError extends SftError {
  override readonly name = 'SftThrottledError'
}

/** The platform said no: `code` is the inner result code, `description` its own words. */
export class SftRejectedError extends SftError {
  override readonly name = 'SftRejectedError'
  readonly code: string
  readonly description: string
  constructor(code: string, description: string, call?: CallName) {
    super(
      `the platform answered ${code || 'a failure without code'}: ${description || 'no description'}`,
      call,
    )
    this.code = code
    this.description = description
  }
}

/** A write whose outcome is not known: timeout, reset, 5xx, an answer that is not understood (contract 1.9). */
export class SftUnknownOutcomeError extends SftError {
  override readonly name = 'SftUnknownOutcomeError'
  override readonly executed = 'unknown' as const
  /** When the write was sent, ms since the epoch; the time of the error where that is not known. */
  readonly sentAt: number
  /** Whether the answer itself says that nothing was done, in a form that does not prove it (contract 1.8). */
  readonly saysNo: boolean
  constructor(
    message: string,
    call?: CallName,
    options?: ErrorOptions & { readonly sentAt?: number; readonly saysNo?: boolean },
  ) {
    super(message, call, options)
    this.sentAt = options?.sentAt ?? Date.now()
    this.saysNo = options?.saysNo === true
  }
}

/** No connection could be made, so nothing was sent. */
export class SftUnreachableError extends SftError {
  override readonly name = 'SftUnreachableError'
}

/** A read answered with something that is not an answer: `status` and the first 300 characters. */
export class SftNotUnderstoodError extends SftError {
  override readonly name = 'SftNotUnderstoodError'
  readonly status: number
  readonly excerpt: string
  constructor(status: number, excerpt: string, call?: CallName, options?: ErrorOptions) {
    super(`answer not understood (HTTP ${status}): ${excerpt}`, call, options)
    this.status = status
    this.excerpt = excerpt
  }
}

/** An identifier that a call needs is not known; the message names it and the step that yields it. */
export class SftMissingPrerequisiteError extends SftError {
  override readonly name = 'SftMissingPrerequisiteError'
}

/** Given up because the caller's signal fired before the call was sent. Not executed. */
export class SftAbortedError extends SftError {
  override readonly name = 'SftAbortedError'
}
