import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PLANTS } from './plants.js';

/** Otherwise the list would rot: `run.ts` beside it plants them and is run by hand, since it takes minutes. */
it.each(PLANTS.map(({ name, edits }) => [name, edits] as const))(
  'the code that is broken is there once: %s',
  (_, edits) => {
    for (const { file, find } of edits)
      expect(readFileSync(file, 'utf8').split(find), `adapt the plant to ${file}`).toHaveLength(2);
  },
);
