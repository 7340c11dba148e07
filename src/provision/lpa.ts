/**
 * Whether a text is an eSIM activation code: `LPA:1$<SM-DP+ host>$<matching ID>`, then optionally an
 * OID and the confirmation-code flag (GSMA SGP.22 section 4.1; contract 4.8 for the form seen).
 */
export const isActivationCode = (text: string): boolean =>
  /^LPA:1\$[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?\$[^$\s]*(\$[0-9.]*(\$1)?)?$/.test(text)
