import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, uptime, userInfo } from 'node:os'
import { z } from 'zod'
import { errorCode } from './files.ts'

/**
 * A process, told apart from every other one that has, had or will have its number: pids are used again,
 * and containers have the pids and sometimes the host names of others.
 */
export interface Owner {
  readonly host: string
  readonly pid: number
  /** Start of the process: ticks since boot on Linux, a date elsewhere. Compared, never read. */
  readonly started: string
  /** Boot of the machine: the kernel's ID on Linux, the computed second elsewhere. */
  readonly boot: string
  /** The pid namespace on Linux: pids of two containers say nothing of each other. */
  readonly space?: string
  readonly user?: string
  /** What it runs, for people: `apply`, `state mv`. */
  readonly purpose?: string
}

/**
 * `elsewhere`: another machine or container, whose processes cannot be seen from here. `another boot`: this
 * machine before it was started again, or another one of the same name, such as a clone or a rescheduled pod.
 */
export type OwnerState = 'alive' | 'dead' | 'another boot' | 'elsewhere'

const onLinux = process.platform === 'linux'

/** Start of a process; undefined where there is none. A zombie is dead: a container may never reap it. */
function startOf(pid: number): string | undefined {
  try {
    if (!onLinux) {
      const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
      const options = { encoding: 'utf8', env: environment, stdio: 'pipe' } as const
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || undefined
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may itself have spaces and parentheses; field 3 follows the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    // No such process, or a system that hides it: the caller asks the kernel whether the pid exists.
    return exists(pid) ? 'hidden' : undefined
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) !== 'ESRCH'
  }
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

function bootOfMachine(): string {
  if (onLinux) {
    try {
      return readFileSync(BOOT_ID, 'utf8').trim()
    } catch (error) {
      if (errorCode(error) === undefined) throw error
    }
  }
  return `at ${Math.round(Date.now() / 1000 - uptime())}`
}

function userName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // A container's user may have no name.
    return process.getuid === undefined ? undefined : `uid ${process.getuid()}`
  }
}

let self: Owner | undefined

/** This process as an owner. */
export function thisProcess(purpose?: string): Owner {
  if (self === undefined) {
    const user = userName()
    self = {
      host: hostname(),
      pid: process.pid,
      started: startOf(process.pid) ?? 'hidden',
      boot: bootOfMachine(),
      ...(onLinux && { space: readlinkSync('/proc/self/ns/pid') }),
      ...(user !== undefined && { user }),
    }
  }
  return purpose === undefined ? self : { ...self, purpose }
}

/** Whether an owner still runs, as far as it can be seen from this process. */
export function ownerState(owner: Owner): OwnerState {
  const me = thisProcess()
  if (owner.host !== me.host) return 'elsewhere'
  // A computed boot time moves with the clock, so only the kernel's ID tells another boot.
  const known = !owner.boot.startsWith('at ') && !me.boot.startsWith('at ')
  if (known && owner.boot !== me.boot) return 'another boot'
  if (owner.space !== me.space) return 'elsewhere'
  const started = startOf(owner.pid)
  if (started === undefined) return 'dead'
  return started === owner.started || started === 'hidden' || owner.started === 'hidden'
    ? 'alive'
    : 'dead'
}

/** An owner in words: `ana@desk-3, process 4711 (apply)`. */
export const describeOwner = (owner: Owner): string =>
  `${owner.user === undefined ? '' : `${owner.user}@`}${owner.host}, process ${owner.pid}${
    owner.purpose === undefined ? '' : ` (${owner.purpose})`
  }`

/** An owner as it stands in a file. */
export const OWNER = z.looseObject({
  host: z.string(),
  pid: z.int(),
  started: z.string(),
  boot: z.string(),
  space: z.exactOptional(z.string()),
  user: z.exactOptional(z.string()),
  purpose: z.exactOptional(z.string()),
})
