/**
 * Follows the frames of an MQTT stream without storing anything, and rejects a frame that announces more than its
 * limit: a parser keeps a frame until it is complete, and MQTT allows 256 MiB.
 */
export class FrameGuard {
  /** Bytes of the current frame still to come, once its length is known. */
  private remaining = 0;
  private state: 'type' | 'length' | 'body' = 'type';
  private multiplier = 1;

  /** @param maximumBytes the longest frame allowed, asked when a frame announces its length */
  constructor(private readonly maximumBytes: () => number) {}

  /** @returns false if the stream must be cut; it must not be fed again afterwards */
  accepts(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      switch (this.state) {
        case 'type':
          at++;
          this.state = 'length';
          this.remaining = 0;
          this.multiplier = 1;
          break;
        case 'length': {
          const byte = chunk[at++] as number;
          this.remaining += (byte & 0x7f) * this.multiplier;
          this.multiplier *= 128;
          if (this.remaining > this.maximumBytes() || this.multiplier > 128 ** 4) return false;
          if ((byte & 0x80) === 0) this.state = this.remaining > 0 ? 'body' : 'type';
          break;
        }
        case 'body': {
          const step = Math.min(this.remaining, chunk.length - at);
          at += step;
          this.remaining -= step;
          if (this.remaining === 0) this.state = 'type';
          break;
        }
      }
    }
    return true;
  }
}
