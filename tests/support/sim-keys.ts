import { createHash } from 'node:crypto';
import { KeyRing } from '../../src/engines/fleet/bus/seal/key-ring.js';
import type { SealOptions } from '../../src/engines/fleet/bus/seal/sealer.js';
import type { SealTuning } from '../../src/engines/fleet/bus/seal/tuning.js';
import type { SeededRandom } from './sim-random.js';
import type { ServerTime, World } from './sim-time.js';

/** A server takes so long, at most, to read its file again. */
const RELOAD_MS = 500;
const SECRET_BYTES = 32;

/** What seals in a run. */
export type Protection = 'none' | 'authenticated' | 'encrypted' | 'mixed';

interface Reader {
  readonly ring: KeyRing;
  readonly time: ServerTime;
  /** Which version of the file it has read. */
  version: number;
}

/** The key file of a fleet: every server reads it at its start, and again when it is told to. */
export class SimKeys {
  /** Steps of rotations that everybody has taken. */
  steps = 0;
  private readonly secrets: Buffer[];
  private file: readonly Buffer[];
  private version = 0;
  private readonly readers = new Set<Reader>();

  constructor(
    private readonly world: World,
    private readonly random: SeededRandom,
    readonly protection: Protection,
    private readonly tuning: SealTuning,
  ) {
    this.secrets = [this.drawBytes(SECRET_BYTES)];
    this.file = this.secrets;
  }

  /** How a server of some fleet that starts now seals; `undefined` if nobody does. */
  seal(fleet: string, time: ServerTime): SealOptions | undefined {
    const { protection, random, tuning, version } = this;
    if (protection === 'none') return undefined;
    const ring = new KeyRing(fleet, this.file);
    this.readers.add({ ring, time, version });
    const encrypts = protection === 'encrypted' || (protection === 'mixed' && random.chance(0.5));
    return { ring, encrypts, drawBytes: (count) => this.drawBytes(count), tuning };
  }

  /** Every key that there has ever been. */
  get all(): readonly Buffer[] {
    return this.secrets;
  }

  /** Keys that nobody has any more. */
  get removed(): readonly Buffer[] {
    if (!this.isTaken) return [];
    return this.secrets.filter((secret) => !this.file.includes(secret));
  }

  /** Key bytes that nobody ever had. */
  unknown(): Buffer {
    return this.drawBytes(SECRET_BYTES);
  }

  /** Takes the next step of a rotation, if everybody has taken the one before: new key added, made the first, old one removed. */
  advance(): void {
    if (!this.isTaken) return;
    const [first, second] = this.file as [Buffer, Buffer?];
    const newest = this.secrets.at(-1) as Buffer;
    if (second === undefined) {
      const next = this.drawBytes(SECRET_BYTES);
      this.secrets.push(next);
      this.file = [first, next];
    } else if (first !== newest) {
      this.file = [second, first];
    } else {
      // Whoever is in doubt goes back a step: the old key seals again, and counters must not begin again with it.
      this.file = this.random.chance(0.3) ? [second, first] : [first];
    }
    this.version++;
    this.steps++;
    const { file, version } = this;
    for (const reader of this.readers) {
      this.world.at(this.world.nowMs + this.random.between(0, RELOAD_MS), () =>
        reader.time.turn(() => {
          reader.ring.replace(file);
          reader.version = version;
        }),
      );
    }
  }

  /** Bytes that are secret in a fleet of the world, and the same again from the same seed. */
  drawBytes(count: number): Buffer {
    const seed = Array.from({ length: 8 }, () => this.random.next()).join();
    return createHash('sha256').update(seed).digest().subarray(0, count);
  }

  private get isTaken(): boolean {
    for (const reader of this.readers) if (!reader.time.isAlive) this.readers.delete(reader);
    return [...this.readers].every(({ version }) => version === this.version);
  }
}
