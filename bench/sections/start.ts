import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Fleet } from '../support/fleet.js';
import { root, which } from '../support/machine.js';
import { nodeOptions } from '../support/program.js';
import { fixed, median } from '../support/stats.js';
import type { Table } from '../support/table.js';

const execute = promisify(execFile);

/** One process to time. */
interface Start {
  readonly name: string;
  readonly words: readonly string[];
}

interface Taken {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Runs the program that it is given and says what that took: wall, user and system time, in seconds. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>/dev/null';

/** How long commands take from the start of the process to its end, beside a Node that does nothing. */
export async function start(rounds: number): Promise<Table[]> {
  const fleet = await Fleet.open(which('mosquitto') === undefined ? 'embedded' : 'mosquitto', false);
  try {
    const { port } = await fleet.add();
    const starts = startsAt(String(port));
    const taken = starts.map(({ name, words }) => ({ name, words, found: [] as Taken[] }));
    // The first round fills the caches of the machine.
    for (let round = -1; round < rounds; round++) {
      for (const { words, found } of taken) {
        const one = await timed(words);
        if (round >= 0) found.push(one);
      }
    }
    const middles = taken.map(({ name, found }) => ({
      name,
      wallMs: median(found.map(({ wallMs }) => wallMs)),
      cpuMs: median(found.map(({ cpuMs }) => cpuMs)),
    }));
    return [
      {
        title: 'From the start of a command to its end',
        columns: ['Command', 'wall ms', 'CPU ms', 'CPU ÷ empty Node'],
        rows: middles.map(({ name, wallMs, cpuMs }) => [
          name,
          fixed(wallMs, 0),
          fixed(cpuMs, 0),
          fixed(cpuMs / (middles[0]?.cpuMs ?? NaN), 2),
        ]),
        notes: [
          `Medians of ${rounds} rounds, in which the processes take turns. As separate files: the modules of the same build, one by one, without the file that holds them all.`,
        ],
      },
    ];
  } finally {
    await fleet.close();
  }
}

function startsAt(port: string): readonly Start[] {
  const program = join(root, 'bin/kvs');
  const main = pathToFileURL(join(root, 'dist/src/cli/main.js')).href;
  // With -e the words begin where the name of the program would be.
  const files = `process.argv.splice(1, 0, 'kvs'); import('${main}').then((cli) => cli.main());`;
  const node = [process.execPath, ...nodeOptions()];
  const insert = ['insere', 'chave', 'valor', '--porta', port];
  return [
    { name: 'node -e 0', words: [...node, '-e', '0'] },
    { name: 'kvs --version', words: [program, '--version'] },
    { name: 'kvs completa bash', words: [program, 'completa', 'bash'] },
    { name: 'kvs insere', words: [program, ...insert] },
    { name: 'kvs insere, as separate files', words: [...node, '-e', files, '--', ...insert] },
    { name: 'kvs consulta', words: [program, 'consulta', 'chave', '--porta', port] },
    {
      name: 'client.sh -o insere',
      words: [join(root, 'client.sh'), '--port', port, '-o', 'insere', '-k', 'chave', '-v', 'valor'],
    },
  ];
}

/** @throws Error if the process fails */
async function timed(words: readonly string[]): Promise<Taken> {
  const { stderr } = await execute('bash', ['-c', TIMED, 'bash', ...words]);
  const [wall = NaN, user = NaN, system = NaN] = stderr.trim().split(' ').map(Number);
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}
