/** A JSON Schema, or a part of one, as far as the published ones go. */
export interface Schema {
  readonly [key: string]: unknown
}

/**
 * Where an answer of `after` may surprise a program that was written for `before` (docs/upgrading.md): a field that
 * went, changed its type or its meaning of missing, or an enumeration with a further word. A further field, and a
 * word of a text, surprise nobody.
 */
export function breakingChanges(before: Schema, after: Schema): readonly string[] {
  return compare(before, after, '')

  function compare(old: Schema, now: Schema, path: string): readonly string[] {
    return [
      ...words(old, now, path),
      ...choices(old, now, path),
      ...fields(old, now, path),
      ...inner(old, now, 'items', path, '[]'),
      ...inner(old, now, 'additionalProperties', path, '{}'),
    ]
  }

  function words(old: Schema, now: Schema, path: string): readonly string[] {
    const were = typesOf(old)
    const further = typesOf(now).filter(type => !were.includes(type))
    const said = were.length > 0 ? further.map(type => `${path} may be ${type}`) : []
    const known = wordsOf(old)
    if (known === undefined) return said
    const are = wordsOf(now)
    if (are === undefined) return [...said, `${path} is no longer one of ${known.join(', ')}`]
    return [
      ...said,
      ...are.filter(word => !known.includes(word)).map(word => `${path} may be ${word}`),
    ]
  }

  /** Each form that an answer may have now must be one that it might have before. */
  function choices(old: Schema, now: Schema, path: string): readonly string[] {
    const were = formsOf(old)
    const are = formsOf(now)
    if (were === undefined && are === undefined) return []
    return (are ?? [now]).flatMap(form => {
      const all = (were ?? [old]).map(one => compare(one, form, path))
      return all.some(found => found.length === 0) ? [] : (shortest(all) ?? [])
    })
  }

  function fields(old: Schema, now: Schema, path: string): readonly string[] {
    const were = objectOf(old['properties'])
    const are = objectOf(now['properties'])
    const must = new Set(namesOf(now['required']))
    const found: string[] = []
    for (const [name, schema] of Object.entries(were)) {
      const here = `${path}.${name}`
      const next = are[name]
      if (next === undefined) found.push(`${here} went`)
      else found.push(...compare(schema, next, here))
      if (next !== undefined && namesOf(old['required']).includes(name) && !must.has(name))
        found.push(`${here} may be missing`)
    }
    return found
  }

  function inner(
    old: Schema,
    now: Schema,
    key: string,
    path: string,
    mark: string,
  ): readonly string[] {
    const were = schemaOf(old[key])
    const are = schemaOf(now[key])
    return were === undefined || are === undefined ? [] : compare(were, are, `${path}${mark}`)
  }
}

const schemaOf = (value: unknown): Schema | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined

const objectOf = (value: unknown): Readonly<Record<string, Schema>> =>
  Object.fromEntries(
    Object.entries(schemaOf(value) ?? {}).flatMap(([name, part]) => {
      const schema = schemaOf(part)
      return schema === undefined ? [] : [[name, schema] as const]
    }),
  )

const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []

const formsOf = (schema: Schema): readonly Schema[] | undefined => {
  const forms = schema['anyOf'] ?? schema['oneOf']
  if (!Array.isArray(forms)) return undefined
  return forms.map(schemaOf).filter(form => form !== undefined)
}

const typesOf = ({ type }: Schema): readonly string[] =>
  typeof type === 'string' ? [type] : namesOf(type)

const wordsOf = (schema: Schema): readonly string[] | undefined => {
  if (Array.isArray(schema['enum'])) return schema['enum'].map(word => JSON.stringify(word))
  return schema['const'] === undefined ? undefined : [JSON.stringify(schema['const'])]
}

const shortest = (all: readonly (readonly string[])[]) =>
  [...all].sort((one, two) => one.length - two.length)[0]
