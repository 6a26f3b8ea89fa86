import type { Identity } from '../../ports/access.js';
import type { Time } from '../../ports/time.js';
import { accessLimits } from './limits.js';

/** A watch of a caller. */
interface OpenWatch {
  readonly identity: Identity;
  /** Ends it, whatever it waits for. */
  end(): void;
}

/** The watches of all callers: a quiet one does not outlast its credential by more than a moment. */
export class OpenWatches {
  private readonly open = new Set<OpenWatch>();
  private cancel: (() => void) | undefined;

  constructor(private readonly time: Pick<Time, 'after'>) {}

  /** @returns what takes it off again */
  add(watch: OpenWatch): () => void {
    this.open.add(watch);
    if (this.cancel === undefined) this.lookLater();
    return () => {
      this.open.delete(watch);
      if (this.open.size > 0) return;
      this.cancel?.();
      this.cancel = undefined;
    };
  }

  private lookLater(): void {
    this.cancel = this.time.after(accessLimits.watchCheckMs, () => {
      for (const watch of this.open) if (!watch.identity.valid) watch.end();
      this.cancel = undefined;
      if (this.open.size > 0) this.lookLater();
    });
  }
}
