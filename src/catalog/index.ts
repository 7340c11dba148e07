export type { CheckDigitRule } from './inventory.ts'
export { catalogJsonSchema } from './json-schema.ts'
export type { CatalogLimits } from './limits.ts'
export { type LoadedCatalog, type LoadOptions, loadCatalog } from './load.ts'
