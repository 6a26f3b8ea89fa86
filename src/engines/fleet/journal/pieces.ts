import type { ClassicLevel } from 'classic-level';

type Database = ClassicLevel<Buffer, Buffer>;
type Batch = ReturnType<Database['batch']>;

/** A piece is written when it has this much. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Records that do not count until another write says so. They are written in pieces while they are gathered, so that a
 * state of any size needs the memory of two.
 */
export class Pieces {
  private batch: Batch;
  private bytes = 0;
  /** Settles when all pieces so far are written, or one has failed: then no other is written. */
  private written: Promise<void> | undefined;

  /** @param write writes a piece, durably: LevelDB syncs its present log alone, and begins new ones as it likes */
  constructor(
    private readonly database: Database,
    private readonly write: (piece: Batch) => Promise<void>,
  ) {
    this.batch = database.batch();
  }

  put(key: Buffer, value: Buffer): void {
    this.batch.put(key, value);
    this.grow(key.length + value.length);
  }

  del(key: Buffer): void {
    this.batch.del(key);
    this.grow(key.length);
  }

  /** When the pieces so far are written, or one has failed; `undefined` if none is under way. Never rejects. */
  settled(): Promise<void> | undefined {
    return this.written?.catch(() => undefined);
  }

  /** Writes the last piece, after all others. Rejects if any of them failed. */
  async finish(): Promise<void> {
    await this.written;
    await this.write(this.batch);
  }

  /** Gives up. Rejects if a piece that is under way fails. */
  async abandon(): Promise<void> {
    await this.batch.close();
    await this.written;
  }

  private grow(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < PIECE_BYTES) return;
    const piece = this.batch;
    this.batch = this.database.batch();
    this.bytes = 0;
    const written = (this.written ?? Promise.resolve()).then(() => this.write(piece));
    this.written = written;
    // A failure is told by the next who waits.
    const over = (): void => {
      if (this.written === written) this.written = undefined;
    };
    written.then(over, () => undefined);
  }
}
