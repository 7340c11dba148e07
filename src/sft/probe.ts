import type { Probe } from './api.ts'
import type { Read } from './calls.ts'
import { OPERATIONS, type ReadName } from './operations.ts'
import type { Session } from './session.ts'

/** Reads as they came, with the session's token and in the account's budget. */
export function createProbe(read: Read, session: Pick<Session, 'tokenLife'>): Probe {
  return {
    async ask(operation, query) {
      if (!isRead(operation)) throw new TypeError(`${operation} is no read`)
      const result = await read(operation, query, response => response)
      switch (result.kind) {
        case 'answered':
          return { kind: 'answered', response: result.response }
        case 'rejected':
          return {
            kind: 'rejected',
            code: result.error.code,
            description: result.error.description,
          }
        case 'missing':
          return { kind: 'missing' }
        case 'unclear':
          throw result.error
      }
    },
    tokenLife: session.tokenLife,
  }
}

function isRead(operation: keyof typeof OPERATIONS): operation is ReadName {
  return OPERATIONS[operation].method === 'GET' && operation !== 'RefreshToken'
}
