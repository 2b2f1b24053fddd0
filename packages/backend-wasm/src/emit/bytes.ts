/** Writing the binary format of WebAssembly: numbers of variable length, sections whose length is known at their end. */

/** Bytes that grow as they are written. */
export class Bytes {
  #bytes = new Uint8Array(2048)
  #view = new DataView(this.#bytes.buffer)
  length = 0

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#widen()
    this.#bytes[this.length++] = value
  }

  bytes(...values: readonly number[]): void {
    for (const value of values) this.byte(value)
  }

  /** An unsigned number, seven bits a byte. */
  unsigned(value: number): void {
    let rest = value >>> 0
    while (rest > 127) {
      this.byte((rest & 127) | 128)
      rest >>>= 7
    }
    this.byte(rest)
  }

  /** A signed number, seven bits a byte. */
  signed(value: number): void {
    let rest = value | 0
    for (;;) {
      const low = rest & 127
      rest >>= 7
      const done = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)
      this.byte(done ? low : low | 128)
      if (done) return
    }
  }

  text(value: string): void {
    this.unsigned(value.length)
    for (let i = 0; i < value.length; i++) this.byte(value.charCodeAt(i))
  }

  float32(value: number): void {
    this.#reserve(4)
    this.#view.setFloat32(this.length, value, true)
    this.length += 4
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  word32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }

  word64(value: bigint): void {
    this.#reserve(8)
    this.#view.setBigUint64(this.length, value, true)
    this.length += 8
  }

  /** A section or a function body: what `write` writes, after its length. */
  sized(write: () => void): void {
    const at = this.length
    this.bytes(0, 0, 0, 0)
    write()
    this.patch(at, 4, this.length - at - 4)
  }

  /** Overwrites `width` bytes at a place with a number that is known only now. */
  patch(at: number, width: number, value: number): void {
    for (let i = 0; i < width; i++) {
      const more = i < width - 1 ? 128 : 0
      this.#bytes[at + i] = ((value >>> (7 * i)) & 127) | more
    }
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length)
  }

  #reserve(count: number): void {
    while (this.length + count > this.#bytes.length) this.#widen()
  }

  #widen(): void {
    const wider = new Uint8Array(2 * this.#bytes.length)
    wider.set(this.#bytes)
    this.#bytes = wider
    this.#view = new DataView(wider.buffer)
  }
}
