// What the test runner puts into the process of every test costs more than most tests do. A compiled test needs no
// loaders for TypeScript or mocks; the list of the files that were loaded is for coverage only. And the runner follows
// every promise of the program, to tell which part of a file lost an error that nobody waits for: without that
// such an error fails the file, and `npx tap test/x.test.ts` tells the part.
const hooks = require('node:async_hooks')
const modules = require('node:module')
const { setFlagsFromString } = require('node:v8')

// As in src/cli/main.ts: what is run once or twice is not worth optimising.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=1000000')

if (process.argv[1]?.endsWith('.js')) {
  process.env.TAP_TYPE_STRIP_ONLY = '1'
  if (process.env._TAPJS_PROCESSINFO_COVERAGE_ === '0') modules.register = () => undefined
  const never = { enable: () => never, disable: () => never }
  hooks.createHook = () => never
  modules.syncBuiltinESMExports()
}
