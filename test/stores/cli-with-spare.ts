/** `sft-catalog` with one more store: nothing but its registration. */
import { registerStore } from '../../src/index.ts'

registerStore('spare:', async () => (await import('./spare-store.ts')).spareStore)
await import('../../src/cli/main.ts')
