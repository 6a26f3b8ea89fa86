import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Below the folder of the project, in which tests and commands run. */
function fileOf(target: string): string {
  return join('tests/fuzz/corpus', `${target}.jsonl`);
}

/**
 * Inputs that are kept for a target: each ran something that those before it did not, or was a finding once. A line holds
 * one, as a JSON text whose characters are the bytes.
 */
export function keptInputs(target: string): Buffer[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Buffer.from(JSON.parse(line) as string, 'latin1'));
}

/** Keeps an input. @returns its file */
export function keepInput(target: string, input: Buffer): string {
  appendFileSync(fileOf(target), `${JSON.stringify(input.toString('latin1'))}\n`);
  return fileOf(target);
}
