import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { folderOfTest } from '../support/children.js';
import { mosquittoAvailable } from '../support/mosquitto.js';
import { lostWrites } from './checkers/acknowledged.js';
import { judge } from './checkers/check.js';
import type { CaosHistory } from './history.js';
import { readHistory } from './history.js';
import { runCaos } from './run.js';

const SEED = 7;

describe.skipIf(!mosquittoAvailable())('real servers of a fleet under all faults', () => {
  it(
    'keep their promises, and a history that is not what they did is found',
    { timeout: 300_000 },
    async () => {
      const path = join(await folderOfTest('kvs-caos-teste-'), 'historico.jsonl');
      const report = await runCaos({
        engine: 'frota',
        seed: SEED,
        seconds: 10,
        servers: 4,
        withoutDisk: 1,
        clients: 8,
        path,
        lastsMs: [500, 3_000],
        gapMs: [100, 900],
      });
      expect(report.judgement.findings).toEqual([]);
      // A run in which nothing happened proves nothing.
      expect(report.faults.size).toBeGreaterThan(3);
      expect(report.judgement.acknowledged).toBeGreaterThan(30);
      expect(report.calls.failed + report.calls.unknown).toBeGreaterThan(0);

      const history = await readHistory(path);
      expect(history.finals).toHaveLength(4);
      const [[key, value] = ['', '']] = promisedRows(history);
      const without: CaosHistory = {
        ...history,
        finals: history.finals.map((final) => ({
          ...final,
          rows: final.rows.filter((row) => row[0] !== key || row[1] !== value),
        })),
      };
      expect(judge(without).findings.map(({ rule }) => rule)).toContain('gravação confirmada perdida');
      expect((await readFile(path, 'utf8')).split('\n').length).toBeGreaterThan(report.calls.ok);
    },
  );
});

/** Rows that are missed where they are not. */
function promisedRows(history: CaosHistory): readonly (readonly [string, string, number])[] {
  const empty = history.finals.map((final) => ({ ...final, rows: [] }));
  const missed = lostWrites({ ...history, finals: empty }).map(({ text }) => text);
  return (history.finals[0]?.rows ?? []).filter(([key, value]) => {
    return missed.some((text) => text.startsWith(`"${value}" em ${key},`));
  });
}

it('says what it was asked for wrongly', { timeout: 60_000 }, async () => {
  const script = fileURLToPath(new URL('caos.ts', import.meta.url));
  const asked = promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--motor', 'nada']);
  await expect(asked).rejects.toMatchObject({
    code: 2,
    stderr: 'caos: --motor nada: os motores são frota, consenso, lider, particoes\n',
  });
});
