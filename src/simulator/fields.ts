import type { Json, JsonObject } from '../model.ts'
import { CODES, Rejection } from './rejection.ts'

/** Reads requests the way the contract tells, and rejects what it does not allow. */

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object at a path of keys; rejected when one of them is missing. */
export function section(body: Json | undefined, ...path: readonly string[]): JsonObject {
  let value = body
  for (const [index, key] of path.entries()) {
    value = isObject(value) ? value[key] : undefined
    if (!isObject(value)) throw missing(path.slice(0, index + 1).join('.'))
  }
  if (!isObject(value)) throw missing('Request')
  return value
}

/** A mandatory scalar: string or number, as text. */
export function text(object: JsonObject, key: string): string {
  const value = optionalText(object, key)
  if (value === undefined || value === '') throw missing(key)
  return value
}

/** A scalar as text; undefined where it is absent or null. */
export function optionalText(object: JsonObject, key: string): string | undefined {
  const value = object[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Rejection(CODES.badRequest, `${key} must be a string`)
}

/** A mandatory scalar that must be one of those given. */
export function oneOf<T extends string>(object: JsonObject, key: string, allowed: readonly T[]): T {
  const value = text(object, key)
  const found = allowed.find(candidate => candidate === value)
  if (found !== undefined) return found
  throw new Rejection(CODES.badRequest, `${key} must be one of ${allowed.join(', ')}, not ${value}`)
}

/** A mandatory whole number of at least `least`, as text. */
export function wholeNumber(object: JsonObject, key: string, least: number): string {
  const value = text(object, key)
  if (/^\d{1,9}$/.test(value) && Number(value) >= least) return value
  throw new Rejection(CODES.badRequest, `${key} must be a whole number from ${least}, not ${value}`)
}

/** A mandatory list of objects that is not empty. */
export function objects(object: JsonObject, key: string): readonly JsonObject[] {
  const value = object[key]
  if (value === undefined || value === null) throw missing(key)
  if (!Array.isArray(value) || value.length === 0) {
    throw new Rejection(CODES.badRequest, `${key} must be a list that is not empty`)
  }
  return value.map(item => {
    if (isObject(item)) return item
    throw new Rejection(CODES.badRequest, `${key} must hold objects`)
  })
}

/** A list of scalars as text; empty where it is absent. */
export function texts(object: JsonObject, key: string): readonly string[] {
  const value = object[key]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Rejection(CODES.badRequest, `${key} must be a list`)
  return value.map((item: Json) => {
    if (typeof item === 'string' || typeof item === 'number') return String(item)
    throw new Rejection(CODES.badRequest, `${key} must hold strings`)
  })
}

/** The fields that are not among those given. */
export function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
}

function missing(key: string): Rejection {
  return new Rejection(CODES.badRequest, `Mandatory parameter ${key} is missing`)
}
