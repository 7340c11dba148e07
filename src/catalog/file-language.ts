import type { z } from 'zod'
import type { JsonObject } from '../model.ts'

/** What files of one kind may hold, and how people call them. */
export interface FileLanguage {
  /** `a catalog file`. */
  readonly file: string
  /** Where such files are: `the catalog folder`. */
  readonly folder: string
  /** An item of a section as people call it; undefined for what has no items. */
  readonly itemOf: (section: string) => string | undefined
  /** What is declared: what it takes, `schema` allows. */
  readonly declared: z.ZodType
  /** The same as JSON Schema, which tells what is wrong. */
  readonly schema: () => JsonObject
}
