import { init } from 'echarts';
import type { Curve, Plot } from './curve.js';

const WIDTH = 720;
const PLOT_HEIGHT = 240;
const HEAD_HEIGHT = 40;
const GAP = 70;
/** Told apart by eyes of every kind: Okabe and Ito's. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];
/** From the smallest figure of a plot to its greatest: beyond it the axis is logarithmic. */
const LINEAR_SPAN = 8;

/** The curve as a picture of its own, SVG, on white: it reads in both themes. */
export function svgOf(curve: Curve): string {
  const height = HEAD_HEIGHT + curve.plots.length * (PLOT_HEIGHT + GAP);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const isLog = curve.sizes.every((size) => size > 0) && spanOf(curve.sizes) > LINEAR_SPAN * 4;
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLORS,
    title: { text: curve.title, left: 'center', textStyle: { fontSize: 15 } },
    grid: curve.plots.map((_, i) => ({
      ...{ left: 80, right: 30, height: PLOT_HEIGHT - 30 },
      top: HEAD_HEIGHT + 30 + i * (PLOT_HEIGHT + GAP),
    })),
    legend: curve.plots.map(({ lines }, i) => ({
      data: lines.map(({ name }) => name),
      top: HEAD_HEIGHT - 4 + i * (PLOT_HEIGHT + GAP),
    })),
    xAxis: curve.plots.map((_, gridIndex) => ({
      ...{ gridIndex, type: isLog ? 'log' : 'value', name: curve.x, nameLocation: 'middle', nameGap: 26 },
      ...{ min: isLog ? Math.min(...curve.sizes) : 0, max: Math.max(...curve.sizes) },
    })),
    yAxis: curve.plots.map((plot, gridIndex) => ({
      ...{ gridIndex, type: isWide(plot) ? 'log' : 'value', name: plot.unit, nameLocation: 'end' },
      ...(isWide(plot) ? {} : { min: 0 }),
    })),
    series: curve.plots.flatMap(({ lines }, index) =>
      lines.map(({ name, values }) => ({
        ...{ name, type: 'line', xAxisIndex: index, yAxisIndex: index, symbolSize: 6 },
        data: curve.sizes.map((size, i) => [size, values[i] ?? null]),
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function isWide({ lines }: Plot): boolean {
  const values = lines.flatMap((line) => line.values).filter((value) => value !== undefined);
  return values.every((value) => value > 0) && spanOf(values) > LINEAR_SPAN;
}

function spanOf(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values);
}
