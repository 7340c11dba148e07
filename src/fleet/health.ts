/** How a worker is, as far as it can tell. */
export interface Health {
  /** It does its work: none of the checks says otherwise. */
  readonly isReady: boolean
  /** ISO time of the last look for work that went well; absent before the first. */
  readonly lookedAt?: string
  /** `ok`, or what is wrong, in words without a secret. */
  readonly checks: {
    /** Whether the database answers, by which this process also says that it is alive. */
    readonly database: string
    /** Whether the account lets it in and answers, as the last work found that tells; `not asked yet` before it. */
    readonly account: string
    /** Whether it takes work. */
    readonly work: string
  }
}

/** Nothing called the account yet: it is not known, which is no reason against taking work. */
const NOT_ASKED = 'not asked yet'

/** Looks that take longer than this count as failed: the database may be away without a word. */
const LOOK_MS = 10_000

/** Keeps how a worker is. */
export function openHealth(everySeconds: number) {
  let lookedAt: number | undefined
  let failed: string | undefined
  let account = NOT_ASKED
  let work = 'ok'
  const database = (): string => {
    if (failed !== undefined) return failed
    if (lookedAt === undefined) return 'not looked at yet'
    const silent = performance.now() - lookedAt
    return silent > LOOK_MS + 2000 * everySeconds
      ? `no answer for ${Math.round(silent / 1000)} s`
      : 'ok'
  }
  let told: string | undefined
  return {
    looked() {
      lookedAt = performance.now()
      told = new Date().toISOString()
      failed = undefined
    },
    lookFailed(why: string) {
      failed = why
    },
    account(found: string) {
      account = found
    },
    takesNoWork(why: string) {
      work = why
    },
    tell(): Health {
      const checks = { database: database(), account, work }
      return {
        isReady: Object.values(checks).every(check => check === 'ok' || check === NOT_ASKED),
        ...(told !== undefined && { lookedAt: told }),
        checks,
      }
    },
  }
}
