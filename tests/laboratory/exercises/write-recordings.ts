/**
 * Makes the recordings of the tests anew: starts a laboratory, drives every right run through it, and keeps what it recorded.
 * `npm run docs:recordings`, or with names of recordings only those. Needs what the laboratory needs (etcd for consensus).
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordingText } from '../../../src/laboratory/write-recording.js';
import { LaboratoryDriver } from './driver.js';
import { PLANTED_RUNS } from './planted-runs.js';
import { RIGHT_RUNS } from './right-runs.js';
import { renumbered, trimmed } from './trim.js';

const root = process.env['KVS_LABORATORY_ROOT'] ?? fileURLToPath(new URL('../../..', import.meta.url));
const folder = fileURLToPath(new URL('../recordings/', import.meta.url));

const faultFolder = fileURLToPath(new URL('../../../docs/laboratorio/defeito/', import.meta.url));

/** How long the laboratory may take to end. */
const END_MS = 15_000;

const named = process.argv.slice(2);
const isNamed = (file: string): boolean => named.length === 0 || named.some((name) => file.startsWith(name));
const place = await mkdtemp(join(tmpdir(), 'kvs-recordings-'));
const program = spawn(
  process.execPath,
  [
    '--import',
    'tsx',
    join(root, 'tests/laboratory/exercises/launch.ts'),
    'laboratorio',
    '--grava',
    join(place, 'run.jsonl'),
  ],
  { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
);
try {
  const lab = await LaboratoryDriver.open(await printedAddress());
  for (const { file, engine, drive } of RIGHT_RUNS.filter((run) => isNamed(run.file))) {
    await lab.begin(engine);
    await drive(lab);
    const recording = trimmed(await lab.recording());
    await writeFile(join(folder, `${file}.jsonl`), recordingText(recording));
    process.stdout.write(`${file}: ${recording.events.length} events\n`);
  }
  for (const { file, engine, drive, plant } of PLANTED_RUNS.filter(({ file }) =>
    isNamed(`defeito-${file}`),
  )) {
    await lab.begin(engine);
    await drive(lab);
    const { header, events } = await lab.recording();
    const planted = { header, events: renumbered(plant(events)) };
    await writeFile(join(faultFolder, `${file}.jsonl`), recordingText(planted));
    process.stdout.write(`defeito/${file}: ${planted.events.length} events\n`);
  }
  lab.close();
} finally {
  const over = new Promise((resolve) => program.once('exit', resolve));
  program.kill('SIGTERM');
  const forced = setTimeout(() => program.kill('SIGKILL'), END_MS);
  await over;
  clearTimeout(forced);
  await rm(place, { recursive: true, force: true });
}

/** What the terminal prints: the page with its one-time token. */
function printedAddress(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    program.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/#\S+/.exec(text) ?? [];
      if (address !== undefined) resolve(address);
    });
    program.once('exit', () => {
      reject(new Error(`the laboratory ended: ${text}`));
    });
  });
}
