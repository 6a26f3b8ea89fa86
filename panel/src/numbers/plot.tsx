import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { samples } from '../feed/samples.js';
import { useWidth } from '../parts/use-width.js';
import { language, theme } from '../preferences.js';
import { clockSeconds } from '../text.js';

/** One line of a plot. */
export interface Series {
  readonly name: string;
  /** Number of its colour. */
  readonly hue: number;
  readonly valueOf: (picture: PanelPictureJson) => number | null;
}

interface PlotProps {
  readonly title: string;
  readonly now: PanelPictureJson;
  readonly series: readonly Series[];
  /** A value with its unit. */
  readonly text: (value: number) => string;
  /** How the axis is counted: absent, in 1, 2, 5 and their tenths; bytes in powers of two. */
  readonly counted?: 'whole' | 'bytes' | undefined;
  /** What chooses what is drawn. */
  readonly children?: ComponentChildren;
}

const HEIGHT_PX = 170;
/** Seconds that a plot shows: at first few, so that there is something to see, then more and more. */
const SPAN_S_MIN = 60;
const SPAN_S_MAX = 600;

/** A plot of the last minutes, with the values of now beside their names. */
export function Plot({ title, now, series, text, counted, children }: PlotProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const plot = useRef<uPlot | undefined>(undefined);
  const dark = useDark();
  const names = series.map(({ name }) => name).join();

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || width === 0) return;
    const made = new uPlot(
      optionsOf({ series, text, counted }, width, element),
      dataOf(series, now),
      element,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = undefined;
    };
  }, [width, dark, names, language.value]);

  useEffect(() => {
    plot.current?.setData(dataOf(series, now));
  }, [now]);

  return (
    <figure class="sheet plot">
      <figcaption>
        <h3>{title}</h3>
        <ul>
          {series.map(({ name, hue, valueOf }) => {
            const value = valueOf(now);
            return (
              <li key={name} class={`hue-${hue}`}>
                <span class="swatch" aria-hidden="true" /> {name}{' '}
                <strong class="num">{value === null ? '—' : text(value)}</strong>
              </li>
            );
          })}
        </ul>
      </figcaption>
      <div ref={box} class="plot-box" aria-hidden="true" style={{ minHeight: `${HEIGHT_PX}px` }} />
      {children}
    </figure>
  );
}

function dataOf(series: readonly Series[], now: PanelPictureJson): uPlot.AlignedData {
  const columns = samples.columns(series.map(({ valueOf }) => valueOf));
  // Without a picture yet there is still a plot, of nothing.
  return (
    columns[0]?.length === 0 ? [[now.agora_ms / 1000], ...series.map(() => [null])] : columns
  ) as uPlot.AlignedData;
}

function optionsOf(
  { series, text, counted }: Pick<PlotProps, 'series' | 'text' | 'counted'>,
  width: number,
  element: HTMLElement,
): uPlot.Options {
  const ink = colour(element, '--ink-2');
  const line = colour(element, '--line');
  const axis = {
    stroke: ink,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    font: FONT,
  };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    // Half of the last time stands beyond the end of the axis.
    padding: [8, 30, 0, 0],
    scales: {
      x: { range: (_plot, min, max) => [max - Math.min(SPAN_S_MAX, Math.max(SPAN_S_MIN, max - min)), max] },
      // From nothing, and never without height.
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      { ...axis, size: 26, space: 90, values: (_plot, at) => at.map((s) => clockSeconds(s * 1000)) },
      {
        ...axis,
        size: 76,
        incrs: stepsOf(counted),
        values: (_plot, at) => at.map((value) => text(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ name, hue }) => ({
        label: name,
        stroke: colour(element, `--hue-${hue}`),
        width: 1.6,
        spanGaps: false,
        points: { show: false },
      })),
    ],
  };
}

/** Of 0,25 a text with one decimal would say 0,3. */
const STEPS = Array.from({ length: 15 }, (_, at) => 10 ** (at - 3)).flatMap((unit) => [
  unit,
  2 * unit,
  5 * unit,
]);

function stepsOf(counted: PlotProps['counted']): number[] {
  if (counted === 'bytes') return BYTE_STEPS;
  return counted === 'whole' ? STEPS.filter((step) => step >= 1) : STEPS;
}

/** 1, 2, 5, 10, 20, 50, … of each unit would be 95,4 MiB. */
const BYTE_STEPS = Array.from({ length: 40 }, (_, power) => 2 ** power);

const FONT = '12px system-ui, sans-serif';

/** A colour of the style sheet, as it is now. A canvas knows no variables. */
function colour(element: HTMLElement, name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Whether the page is dark: what is drawn on a canvas is drawn again when that changes. */
function useDark(): boolean {
  const { value } = theme;
  return value === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : value === 'dark';
}
