import { mean, steady } from './ratio.js';
import { bothBuilds, FAILED_ROUNDS_MAX, play } from './against.js';
import type { Comparison, Series } from './against.js';
import { confirmedLosses, LOSS_MAX, REPEATS } from './loss.js';
import type { Costs } from './loss.js';
import { STEPS } from './steps.js';
import type { Figure } from './steps.js';
import { whole } from '../support/stats.js';

/** What a call costs: the parts of a round that say something after seconds. */
const SECTIONS: readonly string[] = ['unary', 'streams'];

/**
 * Compares the build of a commit with the present one in one round, and two more only of what seems lost.
 * It fails on a loss of more than 15 % that both confirm; what is smaller takes {@link against}.
 * @param revision anything that names a commit
 * @throws Error where there is no such commit, or it does not build
 */
export async function shortAgainst(revision: string): Promise<Comparison> {
  const { folders, commits } = await bothBuilds(revision);
  const steps = STEPS.filter(({ section }) => SECTIONS.includes(section));
  const series = steps.flatMap(({ figures }) =>
    figures.map((figure): Series => ({ figure, before: [], after: [] })),
  );
  let looks = 0;
  const look = async (figures: readonly Figure[]): Promise<ReadonlyMap<Figure, Costs>> => {
    const wanted = steps.filter((step) => step.figures.some((figure) => figures.includes(figure)));
    const costs = new Map<Figure, Costs>();
    for (const { figure, values } of await passing(() => play(folders, looks, wanted))) {
      if (!figures.includes(figure)) continue;
      const own = series.find((each) => each.figure === figure);
      for (const name of ['before', 'after'] as const) own?.[name].push(values[name]);
      costs.set(figure, { before: steady(values.before), after: steady(values.after) });
    }
    looks++;
    return costs;
  };
  const startMs = performance.now();
  const lost = await confirmedLosses(
    series.map(({ figure }) => figure),
    look,
  );
  const seconds = (performance.now() - startMs) / 1000;
  return {
    tables: [
      {
        title: `${commits.after} against ${commits.before}, short`,
        columns: ['Figure', 'before', 'after', 'after ÷ before, each look', 'verdict'],
        rows: series.map(({ figure, before, after }) => [
          `${figure.name}, ${figure.unit}`,
          mean(before.map(steady)).toFixed(figure.decimals),
          mean(after.map(steady)).toFixed(figure.decimals),
          before.map((slices, at) => (steady(after[at] ?? []) / steady(slices)).toFixed(2)).join(', '),
          lost.includes(figure) ? 'SLOWER' : 'ok',
        ]),
        notes: [
          `SLOWER: ${100 * LOSS_MAX} % more processor time in the first look and in ${REPEATS} further ones, each with fresh processes. Smaller losses need the long comparison.`,
          `Measured in ${whole(seconds)} s. Of the slices of a look the cheaper half counts.`,
        ],
      },
    ],
    passed: lost.length === 0,
    raw: { commits, series },
  };
}

/** A server that stood still, since the machine did something else, refuses what has waited meanwhile. */
async function passing<T>(work: () => Promise<T>): Promise<T> {
  for (let failed = 0; ; failed++) {
    try {
      return await work();
    } catch (error) {
      if (failed === FAILED_ROUNDS_MAX) throw error;
    }
  }
}
