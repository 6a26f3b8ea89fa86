import { limits } from './limits.js';

/** A set of parts of the key space, as bits; on the wire as hexadecimal digits, part 0 in the lowest bit of the first. */
export class PartSet {
  private constructor(private readonly nibbles: Uint8Array) {}

  static none(): PartSet {
    return new PartSet(new Uint8Array(limits.parts / 4));
  }

  static all(): PartSet {
    return new PartSet(new Uint8Array(limits.parts / 4).fill(0xf));
  }

  /** Parses the wire form; `undefined` if it is invalid. */
  static parse(hex: string): PartSet | undefined {
    if (hex.length !== limits.parts / 4 || !/^[0-9a-f]*$/.test(hex)) return undefined;
    return new PartSet(Uint8Array.from(hex, (digit) => parseInt(digit, 16)));
  }

  add(part: number): void {
    this.nibbles[part >>> 2] = (this.nibbles[part >>> 2] as number) | (1 << (part & 3));
  }

  has(part: number): boolean {
    return (((this.nibbles[part >>> 2] as number) >>> (part & 3)) & 1) === 1;
  }

  toString(): string {
    return Array.from(this.nibbles, (n) => n.toString(16)).join('');
  }
}
