import { secondsFor } from '../call-rate.ts'
import { count, grouped } from '../counts.ts'
import type { Sft } from '../sft/api.ts'

/** `80 pages: 80 calls, about 41 s at 2 calls/s`. */
export function callCost(calls: number, sft: Sft, one: string, many: string): string {
  const rate = sft.budget.callsPerSecond
  const seconds = Math.ceil(secondsFor(calls, rate))
  const time = seconds === 0 ? '' : `, about ${grouped(seconds)} s at ${count(rate, 'call')}/s`
  return `${grouped(calls)} ${calls === 1 ? one : many}: ${grouped(calls)} ${calls === 1 ? 'call' : 'calls'}${time}`
}
