import { Socket } from 'node:net'

/** A socket that sends what is written in one go together: the driver writes each part of a question by itself. */
export class GatheringSocket extends Socket {
  #gathers = false

  override write(chunk: unknown, ...more: readonly unknown[]): boolean {
    if (!this.#gathers) {
      this.#gathers = true
      this.cork()
      process.nextTick(() => {
        this.#gathers = false
        this.uncork()
      })
    }
    return Reflect.apply(super.write, this, [chunk, ...more]) === true
  }
}
