/** A QR code of an activation code, drawn when asked for. What it returns is as secret as the code. */
export interface QrCode {
  /** A PNG image. */
  png(): Promise<Buffer>
  /** An SVG document. */
  svg(): Promise<string>
  /** Lines of half blocks for a terminal. */
  text(): Promise<string>
}

/** The QR code of an activation code; the drawing library is loaded at the first use. */
export function qrCode(activationCode: () => string): QrCode {
  const library = async () => (await import('qrcode')).default
  return {
    png: async () => (await library()).toBuffer(activationCode(), { type: 'png', scale: 8 }),
    svg: async () => (await library()).toString(activationCode(), { type: 'svg' }),
    text: async () => (await library()).toString(activationCode(), { type: 'utf8' }),
  }
}
