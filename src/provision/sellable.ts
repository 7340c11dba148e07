import { readActivationCode } from '../sft/activation-code.ts'
import type { Sim } from '../sft/api.ts'
import type { Candidate } from './candidates.ts'

/** An eSIM that can be sold now: its endpoint is of the state and its activation code is known. */
export interface Esim extends Candidate {
  readonly msisdn?: string
  /** A secret. */
  readonly activationCode: string
}

/** Why a SIM cannot be sold for an endpoint, else the eSIM that it makes. */
export function judgeForSale(candidate: Candidate, sim: Sim | undefined): Esim | string {
  if (sim === undefined) return 'the account has no such SIM'
  if (sim.endpointId !== candidate.endpointId || sim.attached === false)
    return 'no SIM is attached to it, or another one'
  if (sim.status !== 'Pre-Active')
    return `its SIM is ${sim.status ?? 'in an unknown state'}, and not by an order of this ledger`
  return withCode(candidate, sim)
}

/** The eSIM that a sellable SIM makes; the reason where its code cannot be shown to a buyer. */
export function withCode(candidate: Candidate, sim: Sim): Esim | string {
  if (sim.activationCode === undefined) return 'it has no activation code'
  const activationCode = readActivationCode(sim.activationCode)
  if (activationCode === undefined) return 'its activation code is not understood'
  return {
    ...candidate,
    iccid: sim.iccid,
    ...(sim.msisdn === undefined ? {} : { msisdn: sim.msisdn }),
    activationCode,
  }
}
