/** Bounds on what a catalog may make this process hold and do. */
export interface CatalogLimits {
  /** Bytes of one YAML file. */
  readonly yamlBytes: number
  /** Bytes of one ICCID file. */
  readonly iccidFileBytes: number
  /** Bytes of one line of an ICCID file. */
  readonly iccidLineBytes: number
  /** YAML files, and folders below the catalog. */
  readonly files: number
  /** Lexical parts of one YAML file: an item of a list has about five. */
  readonly tokens: number
  /** Levels of nesting in one YAML file. */
  readonly depth: number
  /** Values that the aliases of one YAML file may expand to. */
  readonly aliasedNodes: number
  /** Anchors and tags of one YAML file. */
  readonly properties: number
  /** Problems of one ICCID file after which the rest of it is not read. */
  readonly problemsPerFile: number
  /** Issues listed for one file; the rest is counted. */
  readonly issuesPerFile: number
}

/** A catalog of thousands of entries is far below these. */
export const DEFAULT_LIMITS: CatalogLimits = {
  yamlBytes: 10 * 1024 * 1024,
  iccidFileBytes: 256 * 1024 * 1024,
  iccidLineBytes: 64 * 1024,
  files: 5_000,
  tokens: 1_000_000,
  depth: 64,
  aliasedNodes: 100_000,
  properties: 10_000,
  problemsPerFile: 100_000,
  issuesPerFile: 200,
}
