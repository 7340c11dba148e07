/**
 * The process that evaluates the rules of a team. An expression that takes all memory ends this process and no other;
 * one that takes all time is ended by its deadline, also where nobody waits for it any more.
 */
import type { Job, Verdict } from './job.ts'
import { judge } from './judge.ts'

const tell = (verdict: Verdict): void => void process.send?.(verdict)

// Ctrl-C is for whoever asked, who ends this process.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())
process.once('message', (job: Job) => {
  judge(job, tell)
  process.disconnect()
})
