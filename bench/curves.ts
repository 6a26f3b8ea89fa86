/**
 * `npm run bench:curvas`: how figures grow with keys, versions, servers, values and clients. Writes a picture of each to
 * `docs/desempenho/`, and prints its table.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tableOf } from './curves/curve.js';
import { CURVES } from './curves/grow.js';
import { svgOf } from './curves/plot.js';
import { machine, root } from './support/machine.js';
import { killAll } from './support/processes.js';
import { markdown } from './support/table.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    curta: { type: 'boolean', default: false },
    em: { type: 'string', default: join(root, 'docs/desempenho') },
  },
});
const chosen = values.only?.split(',') ?? Object.keys(CURVES);
const unknown = chosen.filter((name) => !Object.hasOwn(CURVES, name));
if (unknown.length > 0) {
  console.error(`no such curve: ${unknown.join(', ')}; there are ${Object.keys(CURVES).join(', ')}`);
  process.exit(2);
}
mkdirSync(values.em, { recursive: true });
for (const name of chosen) {
  const grow = CURVES[name];
  if (grow === undefined) continue;
  process.stderr.write(`${name} …`);
  const [load = 0] = loadavg();
  const startMs = performance.now();
  const curve = await grow(values.curta);
  writeFileSync(join(values.em, `${curve.name}.svg`), svgOf(curve));
  process.stderr.write(` ${Math.round((performance.now() - startMs) / 1000)} s\n\n`);
  const when = `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine()}; load average before it ${load.toFixed(1)}.`;
  console.log(markdown({ ...tableOf(curve), notes: [...curve.notes, when] }));
}
killAll();
