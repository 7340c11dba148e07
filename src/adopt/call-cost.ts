import { secondsFor } from '../call-rate.ts'
import type { Sft } from '../sft/api.ts'

/** `80 pages: 80 calls, about 41 s at 2 calls/s`. */
export function callCost(calls: number, sft: Sft, one: string, many: string): string {
  const rate = sft.budget.callsPerSecond
  const seconds = Math.ceil(secondsFor(calls, rate))
  const time =
    seconds === 0 ? '' : `, about ${seconds.toLocaleString('en-GB')} s at ${rate} calls/s`
  return `${calls.toLocaleString('en-GB')} ${calls === 1 ? one : many}: ${calls.toLocaleString('en-GB')} ${calls === 1 ? 'call' : 'calls'}${time}`
}
