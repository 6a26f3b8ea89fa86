/**
 * Gives everything that parses inputs that nobody thought of, guided by what they make run:
 *
 *     npm run fuzz -- [--alvo <target>,…] [--segundos 10] [--semente <seed>] [--guarda]
 *
 * Inputs that ran something new go on to be changed; with --guarda they are kept in `tests/fuzz/corpus`. Exits with 1 if
 * something was found, and keeps the input.
 */
import { parseArgs } from 'node:util';
import { SeededRandom } from '../support/sim-random.js';
import { keepInput, keptInputs } from './corpus.js';
import { Coverage } from './coverage.js';
import { mutated } from './mutate.js';
import type { FuzzTarget } from './target.js';
import { TARGETS } from './targets.js';
import { trial } from './trial.js';

/** Inputs of one target at most: the first ones found are the most telling. */
const MOST_INPUTS = 2_000;
/** Asking what ran takes longer than most inputs: so many are tried first, and one by one only where it was something new. */
const TOGETHER = 256;

interface Found {
  readonly inputs: number;
  readonly corpus: number;
  readonly fresh: readonly Buffer[];
  readonly blocks: number;
  readonly finding?: { readonly input: Buffer; readonly what: string };
}

function fuzz(name: string, target: FuzzTarget, seconds: number, random: SeededRandom): Found {
  const corpus = [...target.seeds.map((seed) => Buffer.from(seed)), ...keptInputs(name)];
  const coverage = new Coverage();
  const fresh: Buffer[] = [];
  let inputs = 0;
  const seen = (): Omit<Found, 'finding'> => ({
    inputs,
    corpus: corpus.length,
    fresh,
    blocks: coverage.size,
  });
  try {
    for (const input of corpus) {
      const what = trial(target, input);
      if (what !== undefined) return { ...seen(), finding: { input, what } };
    }
    coverage.take();
    for (const end = performance.now() + seconds * 1_000; performance.now() < end;) {
      const some = Array.from({ length: TOGETHER }, () => mutated(random, corpus, target.words ?? []));
      for (const input of some) {
        inputs++;
        const what = trial(target, input);
        if (what !== undefined) return { ...seen(), finding: { input, what } };
      }
      if (!coverage.peek()) continue;
      for (const input of some) {
        trial(target, input);
        if (!coverage.take() || corpus.length >= MOST_INPUTS) continue;
        corpus.push(input);
        fresh.push(input);
      }
    }
    return seen();
  } finally {
    coverage.stop();
  }
}

function main(): number {
  const { values } = parseArgs({
    options: {
      alvo: { type: 'string', default: Object.keys(TARGETS).join(',') },
      segundos: { type: 'string', default: '10' },
      semente: { type: 'string', default: String(Date.now() % 2 ** 31) },
      guarda: { type: 'boolean', default: false },
    },
  });
  const [seconds, seed] = [Number(values.segundos), Number(values.semente)];
  if (!(seconds > 0) || !Number.isInteger(seed)) {
    process.stderr.write('fuzz: --segundos é um número positivo, --semente um número inteiro\n');
    return 2;
  }
  let found = 0;
  for (const name of values.alvo.split(',')) {
    const target = TARGETS[name];
    if (target === undefined) {
      process.stderr.write(`fuzz: --alvo ${name}: os alvos são ${Object.keys(TARGETS).join(', ')}\n`);
      return 2;
    }
    const { inputs, corpus, fresh, blocks, finding } = fuzz(name, target, seconds, new SeededRandom(seed));
    process.stdout.write(
      `${name}: ${String(inputs)} entradas, ${String(corpus)} no corpo, ${String(blocks)} blocos, semente ${String(seed)}\n`,
    );
    if (values.guarda) for (const input of fresh) keepInput(name, input);
    if (finding === undefined) continue;
    found++;
    process.stdout.write(`${name}: ${finding.what}\nguardada em ${keepInput(name, finding.input)}\n`);
  }
  return found > 0 ? 1 : 0;
}

process.exitCode = main();
