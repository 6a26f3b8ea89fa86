/** Room that the large frames of all connections share while they come in. */
export class FrameRoom {
  private taken = 0;

  constructor(private readonly bytes: number) {}

  take(bytes: number): boolean {
    if (this.taken + bytes > this.bytes) return false;
    this.taken += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.taken -= bytes;
  }
}

/** How long a frame may be. */
export interface FrameBounds {
  readonly bytes: number;
  /** Frames longer than this share the room. */
  readonly freeBytes?: number;
}

/**
 * Follows the frames of an MQTT stream without storing anything, and rejects a frame that announces more than its
 * limit: a parser keeps a frame until it is complete, and MQTT allows 256 MiB. Nor do many long ones come in at once.
 */
export class FrameGuard {
  /** Bytes of the current frame still to come, once its length is known. */
  private remaining = 0;
  private state: 'type' | 'length' | 'body' = 'type';
  private multiplier = 1;

  /** What the current frame has of the room. */
  private shared = 0;

  /** @param bounds asked when a frame announces its length */
  constructor(
    private readonly bounds: () => FrameBounds,
    private readonly room: FrameRoom,
  ) {}

  /** The connection has ended. */
  end(): void {
    this.room.giveBack(this.shared);
    this.shared = 0;
  }

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
          if (this.remaining > this.bounds().bytes || this.multiplier > 128 ** 4) return false;
          if ((byte & 0x80) !== 0) break;
          if (!this.begin(this.remaining)) return false;
          this.state = this.remaining > 0 ? 'body' : 'type';
          break;
        }
        case 'body': {
          const step = Math.min(this.remaining, chunk.length - at);
          at += step;
          this.remaining -= step;
          if (this.remaining === 0) {
            this.end();
            this.state = 'type';
          }
          break;
        }
      }
    }
    return true;
  }

  private begin(bytes: number): boolean {
    const { freeBytes } = this.bounds();
    if (freeBytes === undefined || bytes <= freeBytes) return true;
    if (!this.room.take(bytes)) return false;
    this.shared = bytes;
    return true;
  }
}
