import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** A file of this package by its path in it, wherever the code that asks was compiled to. */
export const packageFile = (path: string): URL =>
  new URL(path, pathToFileURL(createRequire(import.meta.url).resolve('sft-catalog/package.json')))
