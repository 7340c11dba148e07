import type { Clock } from '../clock.ts'
import { type Finding, seenIn } from '../finding.ts'
import { runSteps, type StateOf } from '../machine.ts'
import type { CallOptions, Sft, Sim } from '../sft/api.ts'
import { SftError, SftRejectedError, SftUnknownOutcomeError } from '../sft/errors.ts'
import { settle } from '../sft/write-and-settle.ts'
import {
  ACTIVATION,
  type ActivationCall,
  type ActivationEvidence,
  type ActivationStart,
  type ActivationState,
  type ActivationStep,
  type SimSight,
} from './activation.ts'
import { isAbort, reasonOf } from './explain.ts'

/** How an activation ended. */
export type ActivationVerdict = StateOf<ActivationState, 'ours' | 'left' | 'taken'>

/** One announced activation. */
export interface ActivationRun {
  readonly endpoint: { readonly endpointId: string; readonly iccid: string }
  readonly start: ActivationStart
  readonly options: CallOptions
  /** Told of each answer that leaves it open, before the SIM is read. */
  readonly onUnclear: (why: string) => Promise<void>
  /** Told where an error ended it and nothing of it was ever sent. */
  readonly onNotSent: () => Promise<void>
}

function seenOf(found: Finding<Sim>, endpointId: string): SimSight {
  if (found.kind === 'not known') return 'not known'
  const sim = found.kind === 'there' ? found.value : undefined
  if (sim?.endpointId !== endpointId || sim.attached === false) return 'gone'
  return sim.status === 'Active' ? 'active' : 'waits'
}

/**
 * Runs an announced activation to a verdict. Throws `SftError`s; where none is known, an
 * `SftUnknownOutcomeError`.
 */
export async function runActivation(
  sft: Sft,
  clock: Clock,
  { endpoint, start, options, onUnclear, onNotSent }: ActivationRun,
): Promise<ActivationVerdict> {
  const { endpointId, iccid } = endpoint
  const { read, write } = sft
  // A call that was answered by a refusal, or by "already", may have been executed all the same.
  let wasSent = start.mayBeOurs
  // An earlier process may have waited long for its place in the budget and sent it just now.
  let sentAt = clock.now()

  const send = async (call: ActivationCall): Promise<ActivationEvidence> => {
    try {
      const { already } =
        call === 'ActivateEndPoint'
          ? await write.activateEndpoint(endpointId, options)
          : await write.changeLifecycle({ endpointId, lifecycle: 'A', reason: '1' }, options)
      wasSent = true
      return { saw: already ? 'already' : 'done' }
    } catch (error) {
      if (!(error instanceof SftRejectedError || error instanceof SftUnknownOutcomeError))
        throw error
      wasSent = true
      if (error instanceof SftRejectedError) return { saw: 'refusal', why: reasonOf(error) }
      sentAt = error.sentAt
      await onUnclear(reasonOf(error))
      return { saw: 'unclear' }
    }
  }

  /** That it is gone takes a second look. */
  const look = async (): Promise<SimSight> => {
    const seen = seenOf(await read.sim(iccid, options), endpointId)
    return seen === 'gone' ? seenOf(await read.sim(iccid, options), endpointId) : seen
  }

  const settleIt = async (): Promise<ActivationEvidence> => {
    const deadline = sentAt + sft.settleSeconds('EndPointLifeCycleChange') * 1000
    const find = async () =>
      seenIn(await read.sim(iccid, options), 'the SIM is not Active', sim =>
        sim.status === 'Active' ? true : undefined,
      )
    const active = await settle(find, deadline, clock, options.signal)
    const why = active.kind === 'not known' ? active.reason : ''
    const sim = { there: 'active', 'not there': 'not active', 'not known': 'not known' } as const
    return { saw: 'settled', sim: sim[active.kind], why }
  }

  const readAddons = async (): Promise<ActivationEvidence> => {
    const { items, doubt } = await read.addons(endpointId, { ...options, knownGood: true })
    const ids = items.map(({ uniqueId }) => uniqueId)
    return { saw: 'add-ons', ids, ...(doubt !== undefined && { doubt }) }
  }

  const perform = async (step: ActivationStep): Promise<ActivationEvidence> => {
    switch (step.do) {
      case 'send':
        return await send(step.call)
      case 'look':
        return { saw: 'sim', sim: await look() }
      case 'settle':
        return await settleIt()
      case 'read add-ons':
        return await readAddons()
    }
  }

  try {
    const end = await runSteps(ACTIVATION, start, perform)
    if (end.is === 'ours' || end.is === 'left' || end.is === 'taken') return end
    throw new SftUnknownOutcomeError('why' in end ? end.why : end.is)
  } catch (error) {
    if (!wasSent && (error instanceof SftError || isAbort(error))) await onNotSent()
    throw error
  }
}
