/**
 * Real servers under all faults at once, clients that write down every call, and checkers of what they wrote down:
 *
 *     npm run caos -- [--minutos 30] [--motor frota|consenso|lider|particoes] [--semente S] [--historico FILE]
 *     npm run caos -- --confere FILE        # judges a history that was kept
 *     npm run caos -- --porcupine FILE      # writes it for Porcupine on standard output (porcupine/README.md)
 *
 * Exits with 1 if a promise was broken, with 2 if it was asked for wrongly.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { baseSeed, print } from '../simulation/report.js';
import { judge } from './checkers/check.js';
import type { Judgement } from './checkers/check.js';
import { ENGINES, readHistory } from './history.js';
import type { EngineName } from './history.js';
import { porcupineText } from './porcupine/export.js';
import { runCaos } from './run.js';
import type { CaosOptions } from './run.js';

const SHOWN_FINDINGS = 20;
const SERVERS: Readonly<Record<EngineName, number>> = { frota: 5, consenso: 5, lider: 3, particoes: 5 };

interface Asked {
  readonly run?: CaosOptions;
  readonly judged?: string;
  readonly exported?: string;
}

/** @throws Error with a sentence for whoever asked */
function asked(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutos: { type: 'string', default: '30' },
      motor: { type: 'string', default: 'frota' },
      semente: { type: 'string' },
      servidores: { type: 'string' },
      'sem-disco': { type: 'string', default: '0' },
      clientes: { type: 'string', default: '10' },
      historico: { type: 'string' },
      confere: { type: 'string' },
      porcupine: { type: 'string' },
    },
  });
  if (values.confere !== undefined) return { judged: values.confere };
  if (values.porcupine !== undefined) return { exported: values.porcupine };
  const engine = ENGINES.find((name) => name === values.motor);
  if (engine === undefined) throw new Error(`--motor ${values.motor}: os motores são ${ENGINES.join(', ')}`);
  const minutes = number('--minutos', values.minutos, 0.05, 24 * 60);
  const seed = values.semente === undefined ? baseSeed() : whole('--semente', values.semente, 0, 2 ** 32);
  const servers = whole('--servidores', values.servidores ?? String(SERVERS[engine]), 2, 9);
  const withoutDisk = whole('--sem-disco', values['sem-disco'], 0, servers - 1);
  if (withoutDisk > 0 && engine !== 'frota') throw new Error('--sem-disco só vale com --motor frota');
  const name = `kvs-caos-${engine}-${String(seed)}-${String(process.pid)}.jsonl`;
  return {
    run: {
      ...{ engine, seed, servers, withoutDisk, seconds: minutes * 60 },
      clients: whole('--clientes', values.clientes, 1, 100),
      path: values.historico ?? join(tmpdir(), name),
    },
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${name} ${text}: esperado um número de ${String(least)} a ${String(most)}`);
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = number(name, text, least, most);
  if (Number.isInteger(value)) return value;
  throw new Error(`${name} ${text}: esperado um número inteiro`);
}

/** What was asked for wrongly; Node's words on options are English. */
function misuse(error: unknown): string {
  const isOfNode = error instanceof TypeError && 'code' in error;
  if (isOfNode)
    return 'as opções são --minutos, --motor, --semente, --servidores, --sem-disco, --clientes, --historico, --confere e --porcupine, cada uma com o seu valor';
  return error instanceof Error ? error.message : String(error);
}

function tell({ findings, ordered, undecided, acknowledged, lossesAllowed }: Judgement): void {
  print(`conferido: ${String(acknowledged)} gravações confirmadas`);
  if (ordered > 0) print(`linearizáveis: ${String(ordered)} chaves`);
  if (undecided.length > 0) print(`sem veredito (busca grande demais): ${undecided.join(', ')}`);
  if (lossesAllowed > 0) print(`perdidas sem que o motor as prometesse: ${String(lossesAllowed)}`);
  for (const { rule, text } of findings.slice(0, SHOWN_FINDINGS)) print(`ACHADO (${rule}): ${text}`);
  if (findings.length > SHOWN_FINDINGS) print(`… e mais ${String(findings.length - SHOWN_FINDINGS)}`);
}

async function run(options: CaosOptions): Promise<number> {
  const { engine, seconds, seed, servers, path } = options;
  print(
    `caos: motor ${engine}, ${String(servers)} servidores, ${seconds.toFixed(0)} s, semente ${String(seed)}`,
  );
  print(`histórico: ${path}`);
  let toldMs = 0;
  const everyMs = process.stderr.isTTY ? 1_000 : 30_000;
  const report = await runCaos({
    ...options,
    onRemark: print,
    onProgress: (now) => {
      if (performance.now() - toldMs < everyMs) return;
      toldMs = performance.now();
      const line = `${now.seconds.toFixed(0)} s: ${String(now.ok)} chamadas feitas, ${String(now.failed)} recusadas, ${String(now.unknown)} sem resposta; ${String(now.faults)} falhas, ${String(now.present)} agora`;
      process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const { ok, failed, unknown } = report.calls;
  print(
    `chamadas: ${String(ok)} feitas, ${String(failed)} recusadas, ${String(unknown)} sem resposta; ${String(report.keys)} chaves`,
  );
  for (const [name, count] of report.faults) print(`falha: ${name}: ${String(count)}`);
  print(`tudo bem e igual ${(report.settledMs / 1_000).toFixed(1)} s depois da última falha`);
  tell(report.judgement);
  if (report.judgement.findings.length === 0) return 0;
  print(
    `semente ${String(seed)}, histórico ${path}; julgue-o de novo com: npm run caos -- --confere ${path}`,
  );
  return 1;
}

async function main(): Promise<number> {
  let what: Asked;
  try {
    what = asked(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`caos: ${misuse(error)}\n`);
    return 2;
  }
  if (what.run !== undefined) return run(what.run);
  const history = await readHistory(what.judged ?? what.exported ?? '');
  if (what.exported !== undefined) {
    process.stdout.write(porcupineText(history));
    return 0;
  }
  const judgement = judge(history);
  tell(judgement);
  return judgement.findings.length > 0 ? 1 : 0;
}

process.exitCode = await main();
