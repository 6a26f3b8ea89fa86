import { Fifo } from '../../core/fifo.js';

/** Topics to look at, each once, in the order in which they were first named. Bounded. */
export class DirtyTopics {
  private readonly names = new Set<string>();
  private readonly order = new Fifo<string>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.names.size;
  }

  /** @returns `false` if there was no room: it must be found in another way */
  add(name: string): boolean {
    if (this.names.has(name)) return true;
    if (this.names.size >= this.most) return false;
    this.names.add(name);
    this.order.push(name);
    return true;
  }

  /** @returns `undefined` if there is none */
  take(): string | undefined {
    const name = this.order.shift();
    if (name !== undefined) this.names.delete(name);
    return name;
  }
}
