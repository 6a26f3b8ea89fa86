import type { DiagramLayout } from './diagram-layout.js';
import type { RecordedEvent, RecordedHost } from './recording.js';

type Span = readonly [fromY: number, toY: number];

/** Where on its line a host was alive, and where it was cut off from others. */
export function lifeSpans(
  { id, kind }: RecordedHost,
  events: readonly RecordedEvent[],
  { top, bottom, yOf }: Pick<DiagramLayout, 'top' | 'bottom' | 'yOf'>,
): { readonly alive: readonly Span[]; readonly isolated: readonly Span[] } {
  const alive: Span[] = [];
  const isolated: Span[] = [];
  // Whoever is not started by the laboratory is there all the time.
  let since: number | undefined = kind === 'server' ? undefined : top;
  let cut: number | undefined;
  const end = (y: number): void => {
    if (since !== undefined) alive.push([since, y]);
    if (cut !== undefined) isolated.push([cut, y]);
    since = cut = undefined;
  };
  for (const event of events) {
    if (event.kind !== 'host' || event.host !== id) continue;
    const y = yOf(event);
    switch (event.change) {
      case 'started':
      case 'serving':
        since ??= y;
        break;
      case 'killed':
      case 'ended':
        end(y);
        break;
      case 'isolated':
        cut ??= y;
        break;
      case 'connected':
        if (cut !== undefined) isolated.push([cut, y]);
        cut = undefined;
        break;
      default:
    }
  }
  end(bottom);
  return { alive, isolated };
}
