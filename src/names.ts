/**
 * A name in the form in which names are compared and sent: NFC, single ordinary spaces, none at the ends,
 * no character that cannot be seen. A portal shows `Europe  10 GB`, with two spaces or a no-break one, as
 * `Europe 10 GB`, and who copies it there writes that.
 */
export const normaliseName = (name: string): string =>
  name
    .normalize('NFC')
    .replace(/[\u00AD\u200B\u2060\uFEFF]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
