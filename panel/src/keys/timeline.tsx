import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LineJson } from '../../../src/doors/http/schemas.js';
import { named } from '../parts/invisible.js';
import { hueOf } from '../parts/hues.js';
import { ShownLine } from '../parts/shown.js';
import { pageLimits } from '../limits.js';
import { clock, say } from '../text.js';
import { lanesOf } from './lanes.js';
import { compareVersions, versionName } from './order.js';

const STEP_PX = 44;
const LANE_PX = 40;
const BEYOND = 6;

interface TimelineProps {
  readonly lines: readonly LineJson[];
  readonly answer: LineJson | undefined;
  /** Places among `lines`. */
  readonly selected: number;
  readonly onSelect: (place: number) => void;
}

/**
 * The versions of a key from left to right, a lane for each origin, as far as there is room: versions written without one another stand one above the
 * other. Arrow keys go through them.
 */
export function Timeline({ lines, answer, selected, onSelect }: TimelineProps) {
  const { lanes, others, columns, placed } = useMemo(() => lanesOf(lines, pageLimits.lanes), [lines]);
  const rails = lanes.length + (others > 0 ? 1 : 0);
  const box = useRef<HTMLDivElement>(null);
  // Keys may come faster than the timeline is drawn.
  const latest = useRef(selected);
  useLayoutEffect(() => {
    latest.current = selected;
  }, [selected]);
  const [view, setView] = useState({ left: 0, width: 600 });
  const wasAtEnd = useRef(true);
  const width = columns * STEP_PX;

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    // New versions come at the end: whoever looks there goes on doing so.
    if (wasAtEnd.current) element.scrollLeft = element.scrollWidth;
    const measure = (): void => setView({ left: element.scrollLeft, width: element.clientWidth });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [columns]);

  const select = (place: number): void => {
    latest.current = place;
    onSelect(place);
    const at = placed[place];
    const element = box.current;
    if (at === undefined || element === null) return;
    const left = at.column * STEP_PX;
    if (left < element.scrollLeft) element.scrollLeft = left;
    else if (left + STEP_PX > element.scrollLeft + element.clientWidth)
      element.scrollLeft = left + STEP_PX - element.clientWidth;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const now = latest.current;
    const moves: Readonly<Record<string, number>> = {
      ...{
        ArrowRight: now + 1,
        ArrowDown: now + 1,
        ArrowLeft: now - 1,
        ArrowUp: now - 1,
      },
      ...{ Home: 0, End: lines.length - 1 },
    };
    const wanted = moves[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    select(Math.max(0, Math.min(lines.length - 1, wanted)));
  };

  const firstColumn = Math.floor(view.left / STEP_PX) - BEYOND;
  const lastColumn = Math.ceil((view.left + view.width) / STEP_PX) + BEYOND;
  const seen = lines.flatMap((line, place) => {
    const at = placed[place];
    const isSeen =
      at !== undefined && ((at.column >= firstColumn && at.column <= lastColumn) || place === selected);
    return isSeen ? [{ line, place, ...at }] : [];
  });
  return (
    <div class="timeline">
      <ul class="lanes" aria-hidden="true">
        {lanes.map(({ origin, name }) => (
          <li key={origin} class={`hue-${hueOf(origin)}`} style={{ height: `${LANE_PX}px` }}>
            <span class="swatch" />
            <ShownLine text={name} chars={40} />
          </li>
        ))}
        {others > 0 && (
          <li style={{ height: `${LANE_PX}px` }}>
            {say(`outras ${others} origens`, `${others} other origins`)}
          </li>
        )}
      </ul>
      <div
        ref={box}
        class="timeline-box"
        role="listbox"
        aria-orientation="horizontal"
        tabIndex={0}
        aria-label={say('Versões, da mais antiga à mais nova', 'Versions, oldest first')}
        aria-activedescendant={lines.length > 0 ? `version-${selected}` : undefined}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget: element }) => {
          wasAtEnd.current = element.scrollLeft + element.clientWidth >= element.scrollWidth - STEP_PX;
          setView({ left: element.scrollLeft, width: element.clientWidth });
        }}
      >
        <div
          class="timeline-all"
          role="presentation"
          style={{ width: `${width}px`, height: `${rails * LANE_PX}px` }}
        >
          {lanes.map(({ origin }, lane) => (
            <span
              key={origin}
              class={`rail hue-${hueOf(origin)}`}
              aria-hidden="true"
              style={{ top: `${lane * LANE_PX + LANE_PX / 2}px` }}
            />
          ))}
          {seen
            .filter(({ reach }) => reach > 0)
            .map(({ line, lane, column, reach }) => {
              const [x, y] = [(column + 0.5) * STEP_PX, (lane + 0.5) * LANE_PX];
              const place = { transform: `translate(${x}px, ${y}px)`, height: `${reach * LANE_PX}px` };
              return <span key={line.versao} class="together" aria-hidden="true" style={place} />;
            })}
          {seen.map(({ line, place, lane, column }) => {
            const isAnswer = answer !== undefined && compareVersions(line, answer) === 0;
            return (
              <div
                key={versionName(line)}
                id={`version-${place}`}
                role="option"
                class={`version hue-${hueOf(line.origem)}${line.atual ? ' head' : ''}${isAnswer ? ' answer' : ''}`}
                aria-selected={place === selected}
                aria-label={versionWords(line, isAnswer)}
                aria-posinset={place + 1}
                aria-setsize={lines.length}
                title={versionWords(line, isAnswer)}
                style={{ transform: `translate(${column * STEP_PX}px, ${lane * LANE_PX}px)` }}
                onClick={() => select(place)}
              >
                <span class="bead">{line.versao}</span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function versionWords(line: LineJson, isAnswer: boolean): string {
  return [
    say(`versão ${line.versao}`, `version ${line.versao}`),
    say(`por ${named(line.servidor || line.origem)}`, `by ${named(line.servidor || line.origem)}`),
    clock(line.ts),
    ...(line.atual ? [say('ponta', 'head')] : [say('superada', 'superseded')]),
    ...(line.irma ? [say('tem irmã', 'has a sibling')] : []),
    ...(isAnswer ? [say('é a resposta', 'is the answer')] : []),
  ].join(', ');
}
