import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { manPage } from '../../src/cli/man-page.js';
import { programVersion } from '../../src/files/program-version.js';

const file = fileURLToPath(new URL('../../docs/kvs.1', import.meta.url));

it('docs/kvs.1 says what the tables say (npm run docs:man writes it)', () => {
  expect(readFileSync(file, 'utf8')).toBe(manPage(programVersion()));
});
