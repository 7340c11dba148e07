import type { Json } from '../model.ts'
import { nearestOf } from '../nearest.ts'
import type { Problem } from './issue-log.ts'

/** A value that an environment gives for `${NAME}` in catalog files. */
export type EnvironmentValue = string | number | boolean

/** What catalog files are read with. */
export interface CatalogEnvironment {
  /** Undefined where none was named: a `${NAME}` is an error then. */
  readonly name?: string
  readonly values: Readonly<Record<string, EnvironmentValue>>
}

/** A text with its values put in, or what could not be. */
interface Substituted {
  readonly value: EnvironmentValue
  readonly problems: readonly Problem[]
}

const PLACE = /\$(\$\{)|\$\{([^}]*)\}/g

/**
 * Puts the values of an environment where `${NAME}` stands; `$${` is a `${` that is meant. Undefined where the text has
 * none. A text that is one place and no more becomes the value as it is, a number too.
 */
export function substitute(
  text: string,
  { name, values }: CatalogEnvironment,
): Substituted | undefined {
  if (!text.includes('${')) return undefined
  const problems: Problem[] = []
  const textFor = (key: string): EnvironmentValue => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined
    if (value === undefined) problems.push(unresolved(key, name, Object.keys(values)))
    return value ?? ''
  }
  const whole = /^\$\{([^}]*)\}$/.exec(text)?.[1]
  const value =
    whole === undefined
      ? text.replace(PLACE, (_all, escaped: string | undefined, key: string) =>
          escaped === undefined ? String(textFor(key)) : '${',
        )
      : textFor(whole)
  return { value, problems }
}

/** A value as a catalog file has to have it to be read back as it is: what is no name of a value must not look like one. */
export function unsubstituted(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${')
  if (value === null || typeof value !== 'object') return value
  if (isList(value)) return value.map(unsubstituted)
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, unsubstituted(item)]),
  )
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function unresolved(key: string, name: string | undefined, known: readonly string[]): Problem {
  const meant = nearestOf(key, known)
  return {
    code: 'VALUE_UNKNOWN',
    message:
      name === undefined
        ? `\${${key}} has no value: no environment was named`
        : `\${${key}} has no value in the environment ${name}`,
    hint:
      name === undefined
        ? 'give --env NAME, or set SFT_ENV; $${ is a ${ that is meant'
        : meant === undefined
          ? `add it under values: of environments/${name}.yaml`
          : `did you mean ${meant}?`,
  }
}
