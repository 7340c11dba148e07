import { count } from '../../render/paint.ts'
import { catalogFolder, loadWith } from '../account.ts'
import { CATALOG_FLAGS, type Command, JSON_FLAG } from '../command.ts'
import { EXIT, showIssues } from '../world.ts'

/** Every problem of a catalog at once, without an account. */
export const validate: Command = {
  name: 'validate',
  summary: 'check the catalog without an account: every problem at once, with its place',
  usage: '[flags]',
  flags: [...CATALOG_FLAGS, JSON_FLAG],
  run: async (given, world) => {
    const { catalog, issues } = await loadWith(given, world)
    if (given.is('json')) world.json({ format: 1, valid: catalog !== undefined, issues })
    else showIssues(world, issues)
    if (catalog === undefined) return EXIT.failed
    if (!given.is('json')) {
      const endpoints = catalog.endpointBatches.reduce((sum, batch) => sum + batch.iccids.length, 0)
      world.out(
        `${catalogFolder(given, world)} is valid: ${count(catalog.rateZones.length, 'rate zone')}, ${count(catalog.addonPlans.length, 'add-on plan')}, ${count(catalog.endpointBatches.length, 'batch', 'batches')} with ${count(endpoints, 'endpoint')}`,
      )
    }
    return EXIT.ok
  },
}
