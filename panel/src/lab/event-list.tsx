import { useEffect, useRef, useState } from 'preact/hooks';
import type { RecordedEvent } from '../../../src/laboratory/recording.js';
import { number, say } from '../text.js';
import type { CausalCone } from './causality.js';
import type { LabModel } from './lab-model.js';
import { labPageLimits } from './limits.js';
import { sentence } from './sentence.js';
import { shortText } from './visible-text.js';
import { runTime } from './words.js';

const ROW_PX = 28;

/** The diagram in words: the same events, in the same order, with the same one chosen. Only rows in sight exist. */
export function EventList({ lab, cone }: { lab: LabModel; cone: CausalCone | undefined }) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(320);
  lab.observeGrowth();
  const { value: run } = lab.run;
  const { value: sequence } = lab.sequence;
  const { value: selected } = lab.selected;
  const items = sequence?.items ?? [];
  const shown =
    lab.until.value === Infinity ? items.length : (sequence?.rankOfTime(lab.until.value + 1e-6) ?? 0);
  const chosen = selected === undefined ? undefined : sequence?.rank(selected);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    setHeight(element.clientHeight);
    if (chosen !== undefined) {
      const at = chosen * ROW_PX;
      if (at < element.scrollTop) element.scrollTop = at;
      else if (at + ROW_PX > element.scrollTop + element.clientHeight) {
        element.scrollTop = at + ROW_PX - element.clientHeight;
      }
    } else if (lab.isFollowing.value) element.scrollTop = shown * ROW_PX;
  }, [chosen, shown, lab.isFollowing.value]);

  // Another run is read from its beginning.
  useEffect(() => {
    if (box.current !== null && !lab.isFollowing.peek()) box.current.scrollTop = 0;
  }, [run]);

  if (run === undefined || sequence === undefined) return null;
  const first = Math.max(0, Math.min(Math.floor(top / ROW_PX) - 4, shown - 1));
  const rows = Math.min(labPageLimits.listRows, Math.ceil(height / ROW_PX) + 8);
  const visible = items.slice(first, Math.min(shown, first + rows));
  return (
    <section class="sheet event-list" aria-labelledby="events-title">
      <h2 id="events-title">
        {say('Eventos', 'Events')} <span class="quiet">{number(shown)}</span>
      </h2>
      <div
        ref={box}
        class="rows"
        role="listbox"
        tabIndex={0}
        aria-labelledby="events-title"
        {...(chosen === undefined ? {} : { 'aria-activedescendant': `event-${chosen}` })}
        onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
        onKeyDown={(event) => onKey(event, lab, items)}
      >
        <div class="rows-all" role="presentation" style={{ height: `${shown * ROW_PX}px` }}>
          {visible.map((event, offset) => {
            const rank = first + offset;
            return (
              <div
                key={event.n}
                id={`event-${rank}`}
                role="option"
                aria-selected={rank === chosen}
                aria-setsize={shown}
                aria-posinset={rank + 1}
                class={`row row-${event.kind} ${cone === undefined ? '' : `row-${cone.relation(event.n)}`}`}
                style={{ top: `${rank * ROW_PX}px` }}
                onClick={() => lab.select(event.n)}
              >
                <span class="row-time">{runTime(event.t)}</span>
                <bdi>{shortText(sentence(run, event), labPageLimits.lineCharacters)}</bdi>
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function onKey(event: KeyboardEvent, lab: LabModel, items: readonly RecordedEvent[]): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  switch (event.key) {
    case 'ArrowDown':
    case 'ArrowRight':
      lab.step(1);
      break;
    case 'ArrowUp':
    case 'ArrowLeft':
      lab.step(-1);
      break;
    case 'Home':
      lab.select(items[0]?.n);
      break;
    case 'End':
      lab.select(items.at(-1)?.n);
      break;
    case 'Escape':
      lab.select(undefined);
      break;
    default:
      return;
  }
  event.preventDefault();
}
