import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Seed } from './seed.ts'
import { createWorld } from './seed.ts'
import { addSims, createStock, placeSim, type SimulatedSim } from './sims.ts'
import { networkKey, type World } from './world.ts'

const FORM = 1

/** A world as a file keeps it; what follows from IDs and places is not written. */
interface SavedWorld extends Pick<World, 'seed' | 'clockOffsetMs' | 'next'> {
  readonly form: number
  readonly networks: World['networks'] extends Map<string, infer V> ? V[] : never
  readonly zones: World['zones'] extends Map<string, infer V> ? V[] : never
  readonly plans: World['plans'] extends Map<string, infer V> ? V[] : never
  readonly endpoints: World['endpoints'] extends Map<string, infer V> ? V[] : never
  readonly roamingProfiles: World['roamingProfiles'] extends Map<string, infer V> ? V[] : never
  readonly serviceProfiles: World['serviceProfiles'] extends Map<string, infer V> ? V[] : never
  readonly apnGroups: readonly string[]
  readonly executions: readonly (readonly [string, number])[]
  /** ICCID, status and endpoint, in order of delivery. */
  readonly sims: readonly (readonly [string, SimulatedSim['status'], string | null])[]
}

/** A file that is no world which `save` wrote. */
export class SavedWorldError extends Error {
  override readonly name = 'SavedWorldError'
}

/** Writes the world to a file of mode 0600, all of it or nothing. */
export function saveWorld(world: World, file: string): void {
  const saved: SavedWorld = {
    form: FORM,
    seed: world.seed,
    clockOffsetMs: world.clockOffsetMs,
    next: world.next,
    networks: [...world.networks.values()],
    zones: [...world.zones.values()],
    plans: [...world.plans.values()],
    endpoints: [...world.endpoints.values()],
    roamingProfiles: [...world.roamingProfiles.values()],
    serviceProfiles: [...world.serviceProfiles.values()],
    apnGroups: [...world.apnGroups],
    executions: [...world.executions],
    sims: world.stock.list.map(sim => [sim.iccid, sim.status, sim.endPointId ?? null]),
  }
  const draft = `${file}.${process.pid}.tmp`
  writeFileSync(draft, JSON.stringify(saved), { mode: 0o600 })
  chmodSync(draft, 0o600)
  renameSync(draft, file)
}

/** The world of a file, or a new one where there is none; SIMs asked for by ICCID are added. */
export function loadWorld(file: string | undefined, seed: Seed): World {
  if (file === undefined || !existsSync(file)) return createWorld(seed)
  const saved = parseWorld(file)
  const stock = createStock()
  for (const [position, [iccid, status, endPointId]] of saved.sims.entries()) {
    placeSim(
      stock,
      endPointId === null ? { position, iccid, status } : { position, iccid, status, endPointId },
    )
  }
  addSims(stock, seed.iccids)
  return {
    seed: saved.seed,
    clockOffsetMs: saved.clockOffsetMs,
    networks: new Map(saved.networks.map(network => [networkKey(network), network])),
    zones: new Map(saved.zones.map(zone => [zone.id, zone])),
    plans: new Map(saved.plans.map(plan => [plan.planId, plan])),
    endpoints: new Map(saved.endpoints.map(endpoint => [endpoint.endPointId, endpoint])),
    sims: stock.byIccid,
    stock,
    roamingProfiles: new Map(
      saved.roamingProfiles.map(profile => [profile.roamingProfileId, profile]),
    ),
    serviceProfiles: new Map(saved.serviceProfiles.map(profile => [profile.profileId, profile])),
    apnGroups: new Set(saved.apnGroups),
    executions: new Map(saved.executions),
    next: saved.next,
  }
}

function parseWorld(file: string): SavedWorld {
  const refuse = (cause?: unknown) =>
    new SavedWorldError(
      `${file} is not a world that this simulator saved: move it away to start with a new one`,
      { cause },
    )
  let saved: SavedWorld
  try {
    saved = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw refuse(error)
  }
  if (saved?.form !== FORM || !Array.isArray(saved.sims)) throw refuse()
  return saved
}
