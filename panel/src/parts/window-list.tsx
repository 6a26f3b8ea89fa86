import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface WindowListProps {
  readonly id: string;
  readonly label: string;
  readonly count: number;
  /** Of one row, in px; all are alike. */
  readonly rowPx: number;
  /** The row that keys act on; -1: none yet. */
  readonly active: number;
  readonly selected: number;
  /** More rows may follow: whoever listens knows that the list is not whole. */
  readonly isPartial?: boolean;
  readonly onActive: (index: number) => void;
  readonly onPick: (index: number) => void;
  /** The last row that is near enough to be seen soon. */
  readonly onReach?: (index: number) => void;
  readonly row: (index: number) => ComponentChildren;
}

/** Rows drawn beyond what is seen. */
const BEYOND = 8;

/** A list of which only what is seen is drawn, for keys as for the mouse: arrows, page, Home and End move, Enter picks. */
export function WindowList(props: WindowListProps) {
  const { id, label, count, rowPx, active, selected, isPartial = false, onActive, onPick, onReach } = props;
  const box = useRef<HTMLDivElement>(null);
  // Keys may come faster than the list is drawn, and it may be drawn for a scroll before it is for them.
  const latest = useRef(active);
  useLayoutEffect(() => {
    latest.current = active;
  }, [active]);
  const [view, setView] = useState({ top: 0, height: 480 });
  const first = Math.max(0, Math.floor(view.top / rowPx) - BEYOND);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowPx) + BEYOND);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    onReach?.(last);
  }, [last, count]);

  const reveal = (index: number): void => {
    const element = box.current;
    if (element === null) return;
    const top = index * rowPx;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowPx > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + rowPx - element.clientHeight;
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const at = latest.current;
    const page = Math.max(1, Math.floor(view.height / rowPx) - 1);
    const moves: Readonly<Record<string, number>> = {
      ...{ ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page },
      ...{ Home: 0, End: count - 1 },
    };
    const wanted = moves[event.key];
    if (wanted !== undefined && count > 0) {
      const index = Math.max(0, Math.min(count - 1, wanted));
      event.preventDefault();
      latest.current = index;
      onActive(index);
      reveal(index);
    } else if ((event.key === 'Enter' || event.key === ' ') && at >= 0) {
      event.preventDefault();
      onPick(at);
    }
  };

  // What is named as the active row must be there.
  const indices = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  if (active >= 0 && active < count && (active < first || active >= last)) indices.push(active);
  const named = active >= 0 && active < count ? `${id}-${active}` : undefined;
  return (
    <div
      ref={box}
      id={id}
      class="window"
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={named}
      onKeyDown={onKeyDown}
      onFocus={() => {
        if (active < 0 && count > 0) onActive(Math.max(0, selected));
      }}
      onScroll={({ currentTarget }) => {
        setView({ top: currentTarget.scrollTop, height: currentTarget.clientHeight });
      }}
    >
      <div class="window-all" role="presentation" style={{ height: `${count * rowPx}px` }}>
        {indices.map((index) => (
          <div
            key={index}
            id={`${id}-${index}`}
            class={`window-row${index === active ? ' active' : ''}`}
            role="option"
            aria-selected={index === selected}
            aria-posinset={index + 1}
            aria-setsize={isPartial ? -1 : count}
            style={{ height: `${rowPx}px`, transform: `translateY(${index * rowPx}px)` }}
            onClick={() => {
              onActive(index);
              onPick(index);
            }}
          >
            {props.row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}
