/**
 * Loaded before a node of a portal, it stops the whole process once, right before it writes a request whose path has
 * the words of `STOP_AT_WRITE`: it announced the write by then, and asked for everything that is asked before.
 */
import { subscribe } from 'node:diagnostics_channel'
import { isMainThread } from 'node:worker_threads'

const words = process.env.STOP_AT_WRITE ?? ''
let isOver = words === '' || !isMainThread

// Whoever watches first is told first.
subscribe('undici:client:sendHeaders', ({ request }) => {
  if (isOver || !request.path.includes(words)) return
  isOver = true
  process.kill(process.pid, 'SIGSTOP')
  // A signal may take a moment, in which nothing must be written.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
})
