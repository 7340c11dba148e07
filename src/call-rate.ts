/**
 * Share of the account's rate that spaced calls reach: exact windows and bursts were seen to trip the limiter
 * (contract 1.10). Plans are told in the time that calls take, so both stand on this one number.
 */
const SHARE_OF_RATE = 0.98

/** Milliseconds between two calls at a rate of calls per second. */
export const spacingMs = (callsPerSecond: number): number => 1000 / (SHARE_OF_RATE * callsPerSecond)

/** The rate, in calls per second, whose calls are so far apart. */
export const rateSpacedBy = (stepMs: number): number => 1000 / (SHARE_OF_RATE * stepMs)

/** Seconds that so many calls take at a rate of calls per second; none where it is unlimited. */
export const secondsFor = (calls: number, callsPerSecond: number): number =>
  Number.isFinite(callsPerSecond) ? calls / (callsPerSecond * SHARE_OF_RATE) : 0
