import { CODES } from './rejection.ts'
import type { OddAnswer, SimulatedWire } from './settings.ts'
import { failureReply, htmlReply, json, type Reply, unauthorisedReply } from './wire.ts'

/** The reply of an account that answers an operation in an odd way, without executing it. */
export function oddReply(odd: OddAnswer, now: number, wire: SimulatedWire): Reply {
  switch (odd) {
    case 'bad-request':
      return htmlReply(400, 'Bad Request')
    case 'not-allowed':
      return htmlReply(405, 'Method Not Allowed')
    case 'not-found':
      return htmlReply(404, 'Not Found')
    case 'html':
      return htmlReply(200, 'Please wait')
    case 'unauthorised':
      return unauthorisedReply(wire.authFailure ?? 'inner', 'Authorization Failed', now)
    case 'mandatory':
      return failureReply(CODES.badRequest, 'uniqueId is mandatory', now, wire)
    case 'failure':
      return failureReply(CODES.unexpected, 'Unexpected error', now, wire)
    case 'no-data':
      return failureReply(CODES.noData, 'No data available', now, wire)
    case 'nothing':
      return json({ Response: { resultCode: '0' } }, wire)
  }
}

/** A success under an outer "1": two working clients judge by the inner code alone (contract 3). */
export function underOuterOne(reply: Reply): Reply {
  return { ...reply, body: reply.body.replace(/("Response":\{"resultCode":)("0"|0)/, '$1"1"') }
}
