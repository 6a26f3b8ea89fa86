import { compare } from '../against/ratio.js';
import { benchFile, h2load } from '../support/load.js';
import { cpuMicros, WRITER_CORE } from '../support/machine.js';
import { keyFrame, keyValueFrame, valueOf } from '../support/messages.js';
import { freePort, pause, startBackground } from '../support/processes.js';
import { fixed, median, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const CALLS = 10_000;
/** With metrics or without: the moods of the machine meet both. */
const ORDER = [false, true, true, false, false, true, true, false];
/** A limit of the ratio that the 95 % interval should lie above. */
const LIMIT = 0.97;

const KINDS = [
  {
    ...{ name: 'unary insert', path: '/kvs.KVS/Insere' },
    // A key of its own for each slice, since a key has room for a million versions.
    body: (slice: number) => keyValueFrame(`chave-${slice}`, valueOf(1)),
  },
  { name: 'unary query', path: '/kvs.KVS/Consulta', body: () => keyFrame('chave-1') },
] as const;

/** What metrics cost a call: one server, compared with itself, without them and with them. */
export async function metrics(rounds: number): Promise<Table[]> {
  const port = await freePort();
  const server = await startBackground(
    { program: process.execPath, args: [benchFile('metered-server'), String(port)], core: WRITER_CORE },
    'ready',
  );
  let isOn = false;
  let slices = 0;
  const slice = async (path: string, body: Buffer): Promise<number> => {
    const before = cpuMicros(server.pid);
    await h2load(port, path, body, CALLS);
    return (cpuMicros(server.pid) - before) / CALLS;
  };
  try {
    const rows: string[][] = [];
    for (const { name, path, body } of KINDS) {
      const [off, on]: [number[][], number[][]] = [[], []];
      // The first round is not counted: code that has never run is slow.
      for (let round = 0; round <= rounds; round++) {
        const [plain, counted]: [number[], number[]] = [[], []];
        for (const wanted of ORDER) {
          if (wanted !== isOn) await toggle(server.pid);
          isOn = wanted;
          (isOn ? counted : plain).push(await slice(path, body(slices++)));
        }
        if (round === 0) continue;
        off.push(plain);
        on.push(counted);
      }
      const { ratio, low, high } = compare(off, on);
      const costs = [off, on].map((all) => fixed(median(all.flat()), 1));
      const interval = `${fixed(low, 3)} – ${fixed(high, 3)}`;
      rows.push([name, ...costs, fixed(ratio, 3), interval, low > LIMIT ? 'ok' : 'open']);
    }
    return [
      {
        title: 'What metrics cost a call, CPU µs of the server',
        columns: ['Call', 'off', 'on', 'off ÷ on', '95 % interval', `above ${LIMIT}`],
        rows,
        notes: [
          `${rounds} rounds of ${ORDER.length} slices of ${whole(CALLS)} calls, 256 in flight, in turn without and with metrics (ABBA), in one process; of each round the cheaper half.`,
          'On: every call counted with its duration, event loop and garbage collection watched, and a scrape made every 5 s (by default Prometheus makes one in 15 s).',
          'Off: nothing is counted of a call. The server itself has no such switch. Counters of replication and store are there in both.',
        ],
      },
    ];
  } finally {
    await server.kill();
  }
}

async function toggle(pid: number): Promise<void> {
  process.kill(pid, 'SIGUSR2');
  await pause(20);
}
