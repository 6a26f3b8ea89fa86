import { KvsError } from '../../src/client/library/index.js';
import { redLimits } from './limits.js';
import type { NodeContext } from './red.js';

/** The name in the context. */
const NAME = 'kvs_observa';

/** Where a watch is, kept in the context of its node so that it goes on there after Node-RED was restarted. */
export class WatchPlace {
  private token: string | undefined;
  private saved: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param filter what is watched: the place of another watch says nothing about this one */
  constructor(
    private readonly context: NodeContext,
    private readonly filter: string,
  ) {}

  /**
   * The token that was kept; `undefined` if there is none.
   * @throws KvsError (as a rejection) SEM_SERVIDOR if the context does not say: a watch that began anew would miss something
   */
  async read(): Promise<string | undefined> {
    const kept = await within((done) => this.context.get(NAME, done));
    const { filter, token } = (kept ?? {}) as {
      readonly filter?: unknown;
      readonly token?: unknown;
    };
    if (filter !== this.filter || typeof token !== 'string') return undefined;
    return (this.saved = token);
  }

  /** Notes a token; it is written soon. */
  note(token: string): void {
    this.token = token;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.save();
    }, redLimits.placeEveryMs);
  }

  /** Writes the last token now. Never rejects: whoever lost a place is told some events again. */
  async save(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { token, filter } = this;
    if (token === undefined || token === this.saved) return;
    const done = within((answer) => this.context.set(NAME, { filter, token }, answer));
    await done.then(
      () => (this.saved = token),
      () => undefined,
    );
  }
}

/** What a context answers. @throws KvsError (as a rejection) SEM_SERVIDOR for an error, and if it is too slow */
function within(call: (done: (error: unknown, value?: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      reject(new KvsError('SEM_SERVIDOR', `o contexto deste nó não responde: ${why}`));
    };
    const timer = setTimeout(() => fail(`passaram ${redLimits.placeWaitMs} ms`), redLimits.placeWaitMs);
    const done = (error: unknown, value?: unknown): void => {
      clearTimeout(timer);
      if (error) fail(error instanceof Error ? error.message : 'erro');
      else resolve(value);
    };
    try {
      call(done);
    } catch (error) {
      done(error);
    }
  });
}
