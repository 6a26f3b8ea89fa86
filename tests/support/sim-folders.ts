import { SimDisk } from './sim-journal.js';
import type { SeededRandom } from './sim-random.js';
import type { Journals } from './sim-report.js';
import type { SimServer } from './sim-server.js';
import { Fate } from './sim-trouble.js';

/** What may happen in a run, the likelier the greater its weight. */
export type Fault = readonly [weight: number, call: () => void | Promise<void>];

/** The servers of a run, one in each slot. */
export interface Slots {
  readonly slots: readonly (SimServer | undefined)[];
  /** All that ever were. */
  readonly everyone: readonly SimServer[];
  crash(server: SimServer | undefined): void;
}

/** The folder of each slot that has one, an old copy of it, and what happens to them. */
export class Folders {
  readonly fate: Fate;
  /** Who may have lost what it promised: an old copy took the place of its folder. */
  readonly forgiven = new Set<SimServer>();
  fullDisks = 0;
  oldCopies = 0;
  private readonly disks: (SimDisk | undefined)[];
  private readonly copies: (SimDisk | undefined)[];

  constructor(
    private readonly random: SeededRandom,
    private readonly servers: Slots,
    journals: Journals,
  ) {
    this.fate = new Fate(random);
    const hasDisk = (): boolean => journals === 'all' || (journals === 'some' && random.chance(0.5));
    this.disks = servers.slots.map(() => (hasDisk() ? new SimDisk() : undefined));
    this.copies = this.disks.map((disk) => disk?.copy());
  }

  of(slot: number): SimDisk | undefined {
    return this.disks[slot];
  }

  /** Whether nobody has any: then nothing survives the last server. */
  get areNone(): boolean {
    return this.disks.every((disk) => disk === undefined);
  }

  faults(): readonly Fault[] {
    if (this.areNone) return [];
    const { random, fate } = this;
    return [
      [4, () => this.fillDisks()],
      [5, () => void (fate.full = false)],
      [3, () => void (fate.slowMs = random.pick([1, 20, 200]))],
      [5, () => this.servers.crash(random.pick(this.servers.slots))],
      [3, () => this.keepCopy()],
      [3, () => this.startFromCopy()],
    ];
  }

  private fillDisks(): void {
    this.fate.full = true;
    this.fullDisks++;
  }

  /** Copies the folder of a server that is down. */
  private keepCopy(): void {
    const slot = this.slotWithDisk();
    this.servers.crash(this.servers.slots[slot]);
    const disk = this.disks[slot];
    if (disk && !disk.ghost) this.copies[slot] = disk.copy();
  }

  /** Puts an old copy in the place of a folder. What was promised since may be gone, where nobody else has it. */
  private startFromCopy(): void {
    const slot = this.slotWithDisk();
    const copy = this.copies[slot];
    if (!copy) return;
    this.servers.crash(this.servers.slots[slot]);
    for (const server of this.servers.everyone)
      if (server.disk === this.disks[slot]) this.forgiven.add(server);
    this.disks[slot] = copy.copy();
    this.oldCopies++;
  }

  /** Only some servers may have a folder: what is done to one is done to one that exists. */
  private slotWithDisk(): number {
    return this.random.pick([...this.disks.keys()].filter((slot) => this.disks[slot] !== undefined));
  }
}
