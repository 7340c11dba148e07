/**
 * A local SIM for Things over real HTTP, for tests and desks: `sft-catalog/simulator`.
 *
 * Below `/_simulator/` a control API looks and meddles: JSON in and out, no login, loopback only, not
 * in the log of calls. Mistakes are answered with HTTP 400 and `{ "error": "..." }`.
 *
 * - `GET world`, `?part=zones|plans|endpoints|sims|networks|instances|executions`: what the account holds
 * - `GET calls`, `?operation=NAME`: the log; `DELETE calls` empties it
 * - `POST faults`: one fault or a list; `DELETE faults` forgets those still waiting
 * - `POST networks/leave` `{tadig}` or `{operatorId, sponsorId?}`: out of coverage and of every rate zone
 * - `POST networks/join` `{tadig, countryName, operatorName, sponsorId?}`
 * - `POST traffic` `{endPointId | iccid, networkTadig? | country?, megabytes}`: starts and uses up add-ons, as
 *   `traffic()` of the handle does; answers `{network, usedBytes, blockedBytes, throttledBytes, uniqueIds}`
 * - `POST messages` `{endPointId | iccid, networkTadig? | country?, count}`: uses up SMS
 * - `POST time` `{advanceSeconds}`: the world's clock; add-ons expire and renew
 * - `POST portal` `{plan, set}`, `{zone, set: {name?, networks?}}` or `{endpoint, set: {status?, name?}}`,
 *   with an ID: what a colleague does by hand; `delete: true` instead of `set` deletes
 * - `POST sims` `{iccids}`: more stock
 * - `GET settings`, `POST settings`: `callsPerSecond` (null: no limit), `latencyMs`, `latencyOf`, `bulk`,
 *   `modifyRateZone`, `wire`
 * - `POST expire-tokens`, `POST unlock` (a locked account), `POST save`
 *
 * @packageDocumentation
 */
export type { Json, JsonObject, NetworkId } from '../model.ts'
export type { LoggedCall } from './call-log.ts'
export type { SimulatedTraffic, TrafficRequest } from './control.ts'
export { FAULT_KINDS, type Fault, type FaultKind } from './faults.ts'
export { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'
export type {
  AddonForm,
  JunkRows,
  OddAnswer,
  SimulatedPlanTerms,
  SimulatedWire,
  SimulatorClock,
} from './settings.ts'
export type { SimStock, SimulatedSim, SimulatedSimStatus } from './sims.ts'
export { SavedWorldError } from './store.ts'
export {
  type IdSort,
  SIMULATED_ACCOUNT,
  type SimulatedBenefit,
  type SimulatedEndpoint,
  type SimulatedEndpointStatus,
  type SimulatedInstance,
  type SimulatedInstance as AddonInstance,
  type SimulatedNetwork,
  type SimulatedPlan,
  type SimulatedPlanInfo,
  type SimulatedRoamingProfile,
  type SimulatedServiceProfile,
  type SimulatedTerms,
  type SimulatedZone,
  type World,
} from './world.ts'
