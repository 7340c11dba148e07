/** A scheme has two letters at least: `C:\state.json` is a path. */
export const SCHEME = /^[a-z][a-z0-9+]+:/i

/** An address for messages: without user, password and parameters, where it is one of a server. */
export const withoutSecrets = (address: string): string =>
  SCHEME.test(address) && address.includes('://')
    ? address.replace(/:\/\/[^/?#]*@/, '://').replace(/[?#].*$/s, '')
    : address
