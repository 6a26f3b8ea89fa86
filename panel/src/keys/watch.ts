import type { LineJson } from '../../../src/doors/http/schemas.js';
import { EventLines } from '../api/event-text.js';
import { Refusal } from '../api/request.js';
import { pause, retryWaitMs } from '../api/retry.js';
import { readLines } from '../api/stream.js';
import { pageLimits } from '../limits.js';

/** What changed, or that all that was heard is void. */
export type KeyChange =
  { readonly kind: 'insere' | 'remove' | 'expira'; readonly line: LineJson } | { readonly kind: 'recomeca' };

/** What follows changes of keys. */
interface Watcher {
  /** Changes heard together, in their order. */
  readonly onChanges: (changes: readonly KeyChange[]) => void;
  /** From now on nothing is missed. Once for each watch that begins anew. */
  readonly onReady: () => void;
  /** Whether changes come; `refusal`: why they never will. */
  readonly onState: (isLive: boolean, refusal?: Refusal) => void;
}

/** Whose changes: of one key, or of keys that begin with a prefix. */
interface Interest {
  readonly by: 'chave' | 'prefixo';
  readonly text: string;
}

/** Follows changes over lost connections, until `signal` ends it. */
export async function follow({ by, text }: Interest, watcher: Watcher, signal: AbortSignal): Promise<void> {
  const query = `${by}=${encodeURIComponent(text)}&inicio=agora`;
  let token: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const headers = token === undefined ? {} : { 'last-event-id': token };
    const found = new EventLines();
    try {
      await readLines(`/v1/observa?${query}`, { headers, signal }, pageLimits.watchSilenceMs, (lines) => {
        const changes: KeyChange[] = [];
        for (const line of lines) {
          const event = found.add(line);
          if (event === undefined) continue;
          failures = 0;
          if (event.name === 'em-dia') {
            watcher.onState(true);
            if (token === undefined) watcher.onReady();
          } else changes.push(changeOf(event.name, event.data));
          token = event.id ?? token;
        }
        if (changes.length > 0) watcher.onChanges(changes);
      });
    } catch (error) {
      if (error instanceof Refusal && FINAL.has(error.status)) {
        watcher.onState(false, error);
        watcher.onReady();
        return;
      }
    }
    watcher.onState(false);
    await pause(retryWaitMs(++failures), signal);
  }
}

/** Refusals of the question itself, which would be given again: not allowed, malformed, too long, not supported. */
const FINAL: ReadonlySet<number> = new Set([400, 403, 404, 413, 414, 431, 501]);

function changeOf(name: string, data: string): KeyChange {
  if (name === 'recomeca') return { kind: 'recomeca' };
  const line = JSON.parse(data) as LineJson;
  // What was there already is as good as an insert.
  return { kind: name === 'remove' || name === 'expira' ? name : 'insere', line };
}
