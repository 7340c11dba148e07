/**
 * Writes `dist`: the entries of the package and the parts that they share, so that each reads few files. What people
 * import and what the command line runs are the same modules, once: a store or an error of the one is one of the other.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'rolldown'

const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

/** What most commands load is part of the package; all else stays a package of its own, loaded where it is used. */
const WITHIN = ['ajv', 'diff', 'i18n-iso-countries', 'lowdb', 'p-limit', 'yaml', 'zod']
const outside = Object.keys({ ...dependencies, ...peerDependencies }).filter(
  name => !WITHIN.includes(name),
)

const ENTRIES = {
  index: 'src/index.ts',
  'provision/index': 'src/provision/index.ts',
  'simulator/index': 'src/simulator/index.ts',
  'cli/main': 'src/cli/main.ts',
}

/** Which entries load a module when they begin. */
const loadedBy = new Map()

function visit(context, entry, id, seen = new Set()) {
  if (seen.has(id)) return
  seen.add(id)
  loadedBy.set(id, [...(loadedBy.get(id) ?? []), entry])
  for (const next of context.getModuleInfo(id)?.importedIds ?? []) visit(context, entry, next, seen)
}

const whoLoadsWhat = {
  name: 'who-loads-what',
  buildEnd() {
    for (const [name, path] of Object.entries(ENTRIES)) visit(this, name, resolve(path))
  },
}

/** A part has the same readers, so that nobody loads what only others need. */
const READERS = Object.keys(ENTRIES)
const subsets = Array.from({ length: 2 ** READERS.length }, (_, bits) =>
  READERS.filter((_name, at) => bits & (1 << at)),
).toSorted((a, b) => b.length - a.length)

/** What all of some entries load, and no other; and what several commands share that no entry loads. */
const parts = subsets.map((readers, at) => ({
  name: readers.map(name => name.split('/')[0]).join('-') || 'shared',
  test: id =>
    !isProgram(id) &&
    READERS.every(name => (loadedBy.get(id)?.includes(name) ?? false) === readers.includes(name)),
  minShareCount: readers.length === 0 ? 4 : 1,
  priority: subsets.length - at,
}))

/** It waits for its command, which must not wait for it. */
const isProgram = id => id === resolve(ENTRIES['cli/main'])

/** The licenses of the packages that became part of this one. */
const licenses = {
  name: 'licenses',
  generateBundle(_options, bundle) {
    const folders = new Set()
    for (const chunk of Object.values(bundle))
      for (const id of chunk.moduleIds ?? []) {
        const [folder] = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(id) ?? []
        if (folder !== undefined) folders.add(folder)
      }
    const texts = [...folders].sort().map(folder => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = readdirSync(folder).find(one => /^licen[cs]e/i.test(one))
      if (file === undefined) throw new Error(`${name} has no license`)
      return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
    })
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join('\n---\n\n') })
  },
}

const COMMON = {
  platform: 'node',
  // What one program loads when it is needed, another may load at once.
  checks: { ineffectiveDynamicImport: false },
  tsconfig: false,
  transform: { target: 'node20.19' },
  external: id => outside.some(name => id === name || id.startsWith(`${name}/`)),
}
const OUTPUT = {
  dir: 'dist',
  entryFileNames: '[name].js',
  sourcemap: true,
  comments: { legal: true, annotation: true, jsdoc: false },
}

await build({
  ...COMMON,
  input: ENTRIES,
  plugins: [whoLoadsWhat, licenses],
  output: {
    ...OUTPUT,
    chunkFileNames: 'parts/[name]-[hash].js',
    codeSplitting: {
      groups: parts,
    },
  },
})

// A process of its own, started for each look at a team's rules: it loads one file, and nothing of the others.
await build({
  ...COMMON,
  input: { 'policy/evaluator': 'src/policy/evaluator.ts' },
  output: { ...OUTPUT, codeSplitting: false },
})
