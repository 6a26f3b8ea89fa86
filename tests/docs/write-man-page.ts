// `npm run docs:man`: writes the manual page, which the package installs.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { manPage } from '../../src/cli/man-page.js';
import { programVersion } from '../../src/files/program-version.js';

writeFileSync(fileURLToPath(new URL('../../docs/kvs.1', import.meta.url)), manPage(programVersion()));
