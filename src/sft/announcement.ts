import { type Instant, instantOf, longestSince, type Timepiece } from '../clock.ts'
import type { Announcement, Sft } from './api.ts'

/** An announcement that knows when its write was sent last. */
export interface SentAnnouncement extends Announcement {
  readonly sent: () => Instant | undefined
}

/**
 * Milliseconds after which an announcement that was not sent is made anew: a process that was stopped or
 * slept may have been given up for dead in the meantime, and its write have been settled by another one.
 */
export const ANNOUNCEMENT_MS = 60_000

/** An announcement that was made at `made` and grows old by itself; `renew` throws where it may not be sent. */
export function agingAnnouncement(
  clock: Timepiece,
  made: Instant,
  renew: () => Promise<void>,
): SentAnnouncement {
  let at = made
  let sent: Instant | undefined
  const isOld = (): boolean => longestSince(clock, at) > ANNOUNCEMENT_MS
  return {
    isOld,
    async beforeSending() {
      while (isOld()) {
        const begun = instantOf(clock)
        await renew()
        at = begun
      }
      sent = instantOf(clock)
    },
    sent: () => sent,
  }
}

/** The account, with an announcement that stands for every write. */
export function withAnnouncement(sft: Sft, announcement: Announcement): Sft {
  const { write } = sft
  return {
    ...sft,
    withWire: settings => withAnnouncement(sft.withWire(settings), announcement),
    write: {
      createRateZone: (request, o) => write.createRateZone(request, { ...o, announcement }),
      modifyRateZone: (request, o) => write.modifyRateZone(request, { ...o, announcement }),
      createPlan: (request, o) => write.createPlan(request, { ...o, announcement }),
      modifyPlan: (request, o) => write.modifyPlan(request, { ...o, announcement }),
      createEndpoint: (request, o) => write.createEndpoint(request, { ...o, announcement }),
      createEndpoints: (request, o) => write.createEndpoints(request, { ...o, announcement }),
      activateEndpoint: (id, o) => write.activateEndpoint(id, { ...o, announcement }),
      changeLifecycle: (request, o) => write.changeLifecycle(request, { ...o, announcement }),
      subscribeAddon: (request, o) => write.subscribeAddon(request, { ...o, announcement }),
      patchEndpoint: (request, o) => write.patchEndpoint(request, { ...o, announcement }),
      changePlan: (request, o) => write.changePlan(request, { ...o, announcement }),
      linkSim: (request, o) => write.linkSim(request, { ...o, announcement }),
      deLinkSim: (id, o) => write.deLinkSim(id, { ...o, announcement }),
      deleteEndpoint: (id, o) => write.deleteEndpoint(id, { ...o, announcement }),
    },
  }
}
