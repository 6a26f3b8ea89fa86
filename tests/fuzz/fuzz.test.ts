import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../support/sim-random.js';
import { keptInputs } from './corpus.js';
import { mutated } from './mutate.js';
import { TARGETS } from './targets.js';
import { trial } from './trial.js';

const SEED = 20_261_127;
/** Changed inputs of each target, in every run the same; `npm run fuzz` goes on from them. */
const INPUTS = 400;

describe('whatever parses', () => {
  it.each(Object.entries(TARGETS))('%s takes what was kept and what is made of it', (name, target) => {
    const corpus = [...target.seeds.map((seed) => Buffer.from(seed)), ...keptInputs(name)];
    for (const input of corpus) expect(trial(target, input)).toBeUndefined();
    const random = new SeededRandom(SEED);
    for (let nth = 0; nth < INPUTS; nth++) {
      const input = mutated(random, corpus, target.words ?? []);
      const found = trial(target, input);
      if (found !== undefined) expect.fail(`${input.toString('base64')}: ${found}`);
    }
  });

  it('is found out where it does what it should not', () => {
    const broken = {
      run: (input: Buffer) => {
        if (input.includes('null')) throw new TypeError('null');
      },
      seeds: ['{"a":1}'],
    };
    const random = new SeededRandom(SEED);
    const corpus = broken.seeds.map((seed) => Buffer.from(seed));
    const inputs = Array.from({ length: INPUTS }, () => mutated(random, corpus, []));
    expect(inputs.some((input) => trial(broken, input) !== undefined)).toBe(true);
  });
});
