import { memoryState } from '../../src/state/memory-store.ts'
import { testStateStore } from './contract.ts'

testStateStore('memory', { place: () => 'memory:', open: async () => memoryState() })
