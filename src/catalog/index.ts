export {
  ENVIRONMENT_NAME,
  type EnvironmentFile,
  environmentPath,
  readEnvironmentFile,
} from './environment-file.ts'
export { type CatalogField, catalogField, catalogFields } from './field-list.ts'
export { readIccidList } from './iccid-list.ts'
export type { CheckDigitRule } from './inventory.ts'
export { catalogJsonSchema } from './json-schema.ts'
export type { CatalogLimits } from './limits.ts'
export { type LoadedCatalog, type LoadOptions, loadCatalog } from './load.ts'
export type { CatalogEnvironment } from './substitute.ts'
