/** The program `bin/maelstrom`: one node, which speaks Maelstrom's protocol over standard input and output. */
import { parseArgs } from 'node:util';
import { createLogger } from '../app/logger.js';
import { parseReplicas } from '../config/server-parsers.js';
import { KvsError } from '../core/errors.js';
import { LineReader, LineTooLong } from '../wire/mensagem/lines.js';
import { maelstromLimits } from './limits.js';
import { MaelstromNode } from './node.js';
import { LINEAR, openConsensus, openFleet, WORKLOADS } from './stores.js';

const USAGE = `uso: bin/maelstrom [--carga <carga>] [--replicas <endereço:porta>,…]
Um nó do Maelstrom: lê mensagens na entrada e as escreve na saída. Veja docs/MAELSTROM.md.

  --carga     ${WORKLOADS.join(', ')} (broadcast se ausente)
  --replicas  réplicas do consenso, com --carga ${LINEAR}; começadas por ./replica.sh
`;

interface Wanted {
  readonly workload: string;
  /** Empty but for {@link LINEAR}. */
  readonly replicas: readonly string[];
}

/** Runs until the input ends. */
async function main(args: readonly string[]): Promise<void> {
  let wanted: Wanted | undefined;
  try {
    wanted = read(args);
  } catch (error) {
    process.stderr.write(`maelstrom: ${misuse(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (wanted === undefined) process.stdout.write(USAGE);
  else await run(wanted);
}

/** @returns `undefined` where help is asked for @throws Error with a sentence for whoever asked */
function read(args: readonly string[]): Wanted | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      carga: { type: 'string', default: 'broadcast' },
      replicas: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const { carga: workload, replicas } = values;
  if (!WORKLOADS.includes(workload)) {
    throw new KvsError('CONFIGURACAO', `--carga ${workload}: as cargas são ${WORKLOADS.join(', ')}`);
  }
  if ((workload === LINEAR) !== (replicas !== undefined)) {
    throw new KvsError(
      'CONFIGURACAO',
      `--carga ${LINEAR} e --replicas vão juntas: só o consenso promete o que ela pede`,
    );
  }
  const texts = replicas?.split(',') ?? [];
  return { workload, replicas: replicas === undefined ? [] : parseReplicas({ texts, place: '--replicas' }) };
}

/** Node's words on options are English. */
function misuse(error: unknown): string {
  return error instanceof KvsError
    ? error.message
    : 'as opções são --carga e --replicas, cada uma com o seu valor';
}

async function run({ workload, replicas }: Wanted): Promise<void> {
  const logger = await createLogger('warn', false);
  const { stdin, stdout } = process;
  const node = new MaelstromNode({
    open: (name, nodes, send) =>
      workload === LINEAR ? openConsensus(replicas, logger) : openFleet(workload, name, nodes, send, logger),
    write: (line) => {
      if (stdout.writableLength <= maelstromLimits.unreadBytes) stdout.write(`${line}\n`);
    },
    logger,
  });
  // Whoever read has gone: there is nobody to answer.
  stdout.on('error', () => process.exit(1));
  const { lineBytes } = maelstromLimits;
  const lines = new LineReader(lineBytes, { used: 0, max: lineBytes });
  try {
    for await (const chunk of stdin) {
      lines.push(chunk as Buffer);
      for (let line = lines.next(); line !== undefined; line = lines.next()) node.receive(line);
    }
  } catch (error) {
    if (!(error instanceof LineTooLong)) throw error;
    process.stderr.write(`maelstrom: uma linha passa de ${String(lineBytes)} bytes\n`);
    process.exitCode = 1;
  }
  await node.stop();
  process.exit();
}

await main(process.argv.slice(2));
