import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, OTHERS_CORE, which } from './machine.js';
import { run } from './processes.js';
import { scratchFolder } from './scratch.js';

/** What a load did to the process under test. */
export interface Load {
  readonly items: number;
  readonly seconds: number;
  /** Of the process under test, until it had nothing more to do for these items. */
  readonly cpuSeconds: number;
}

/** Path of a compiled file of this folder. */
export function benchFile(name: string): string {
  return fileURLToPath(new URL(`../${name}.js`, import.meta.url));
}

/**
 * Measures the processor time of a process while a load runs, and until `settled` is over: what a server still does
 * for the load after its last answer counts too.
 */
export async function measured(
  pid: number,
  load: () => Promise<{ readonly items: number; readonly seconds: number }>,
  settled: () => Promise<void> = () => Promise.resolve(),
): Promise<Load> {
  const before = cpuSeconds(pid);
  const { items, seconds } = await load();
  await settled();
  return { items, seconds, cpuSeconds: cpuSeconds(pid) - before };
}

export function hasH2load(): boolean {
  return which('h2load') !== undefined;
}

let bodies = 0;

/**
 * Unary calls with one body, 8 connections with 32 calls in flight each, from h2load on the core of everything else.
 * @param answerBytes bytes of each answer with its prefix, where all are alike: h2load sees only HTTP statuses, and a
 * call that fails has no bytes
 * @throws Error unless every call was answered with 200 (and so many bytes)
 */
export async function h2load(
  port: number,
  path: string,
  body: Buffer,
  calls: number,
  answerBytes?: number,
): Promise<{ items: number; seconds: number }> {
  const file = join(scratchFolder(), `body-${bodies++}`);
  writeFileSync(file, body);
  const head = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  return load(`http://127.0.0.1:${port}${path}`, calls, ['-m', '32', ...head, '-d', file], answerBytes);
}

/**
 * Requests of HTTP of one target, 8 connections; with 32 in flight on each by HTTP/2. With a value they are PUTs.
 * @throws Error unless every request was answered with 2xx
 */
export async function httpLoad(
  port: number,
  target: string,
  calls: number,
  version: '1.1' | '2',
  value?: Buffer,
): Promise<{ items: number; seconds: number }> {
  const file = join(scratchFolder(), `body-${bodies++}`);
  if (value !== undefined) writeFileSync(file, value);
  const manner = version === '2' ? ['-m', '32'] : ['--h1'];
  const put = value === undefined ? [] : ['-H', ':method: PUT', '-d', file];
  return load(`http://127.0.0.1:${port}${target}`, calls, [...manner, ...put]);
}

async function load(
  url: string,
  calls: number,
  more: readonly string[],
  answerBytes?: number,
): Promise<{ items: number; seconds: number }> {
  const args = ['-n', String(calls), '-c', '8', '-t', '1', ...more, url];
  const output = await run({ program: 'h2load', args, core: OTHERS_CORE });
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? NaN);
  const rate = number(/, ([\d.]+) req\/s/);
  const dataBytes = number(/\((\d+)\) data/);
  const isComplete = number(/status codes: (\d+) 2xx/) === calls && number(/ (\d+) failed/) === 0;
  if (!isComplete || !(rate > 0) || (answerBytes !== undefined && dataBytes !== answerBytes * calls)) {
    throw new Error(`not every call was answered:\n${output}`);
  }
  return { items: calls, seconds: calls / rate };
}

/** How many calls a load makes at once, and what it sends with each. */
export interface Manner {
  readonly connections: number;
  /** On each connection. */
  readonly inFlight: number;
  readonly metadata: readonly (readonly [name: string, value: string])[];
}

/** How fast calls were answered. */
export interface Pace {
  readonly items: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly longestMs: number;
}

/** Unary calls, each with another key; see unary-load.ts. */
export async function unaryLoad(
  port: number,
  operation: 'insert' | 'query',
  calls: number,
  firstKey: number,
  keys: number,
  manner?: Manner,
): Promise<Pace> {
  const args = [
    benchFile('unary-load'),
    String(port),
    operation,
    String(calls),
    String(firstKey),
    String(keys),
    ...(manner === undefined ? [] : words(manner)),
  ];
  const output = await run({ program: process.execPath, args, core: OTHERS_CORE });
  const { calls: items, ...pace } = JSON.parse(output) as Omit<Pace, 'items'> & { readonly calls: number };
  return { ...pace, items };
}

function words({ connections, inFlight, metadata }: Manner): readonly string[] {
  return [String(connections), String(inFlight), ...metadata.map((field) => field.join('='))];
}

/** Streamed inserts; see stream-load.ts. @returns also the last key of each stream */
export async function streamLoad(
  port: number,
  streams: number,
  items: number,
  prefix: string,
  core?: number,
): Promise<{ items: number; seconds: number; lastKeys: string[] }> {
  const args = [benchFile('stream-load'), String(port), String(streams), String(items), prefix];
  const output = await run({ program: process.execPath, args, core });
  return JSON.parse(output) as { items: number; seconds: number; lastKeys: string[] };
}

/** Pairs in batches; see batch-load.ts. @returns also the last key of all */
export async function batchLoad(
  port: number,
  calls: number,
  pairs: number,
  prefix: string,
): Promise<{ items: number; seconds: number; lastKeys: string[] }> {
  const args = [benchFile('batch-load'), String(port), String(calls), String(pairs), prefix];
  const output = await run({ program: process.execPath, args, core: OTHERS_CORE });
  return JSON.parse(output) as { items: number; seconds: number; lastKeys: string[] };
}
