import type { Rpc } from '../../client/call.js';
import { numberOf, textOf } from '../../client/fields.js';
import type { Flags, SettingSources } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { parseAge } from '../../core/retention.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { safeJson } from '../rendering/visible.js';
import { oneServer } from './one-server.js';

/** `Falhas`, as it is shown. */
interface ShownFaults {
  readonly entrada_por_mil: number;
  readonly saida_por_mil: number;
  readonly relogio_ms: number;
}

const DOOR = { file: 'laboratorio.proto', service: 'kvs.Laboratorio', writes: true, read: faultsOf } as const;
const CALLS = {
  perde: { ...DOOR, method: 'Perde' },
  adianta: { ...DOOR, method: 'Adianta' },
} as const satisfies Record<string, Rpc<ShownFaults>>;

/** What `kvs perde` and `kvs adianta` ask for, in the words that were typed. */
export type FaultOrder =
  | { readonly command: 'perde'; readonly coming: string; readonly going: string | undefined }
  | { readonly command: 'adianta'; readonly by: string; readonly isBehind: boolean };

/** `kvs perde` and `kvs adianta`. @throws KvsError CONFIGURACAO */
export async function runFaults(
  order: FaultOrder,
  flags: Flags,
  env: SettingSources['env'],
  output: Output,
): Promise<ExitCode> {
  const item = itemOf(order);
  const { target, format } = oneServer(order.command, flags, env, output);
  const answers: ShownFaults[] = [];
  const { failure } = await callServers(target, CALLS[order.command], { item }, (faults) => {
    answers.push(faults);
    return undefined;
  });
  const [faults] = answers;
  if (failure !== undefined || faults === undefined) {
    output.error(failure?.message ?? 'o servidor não respondeu');
    return failure?.exit ?? EXIT.failure;
  }
  const { entrada_por_mil: coming, saida_por_mil: going, relogio_ms: ms } = faults;
  await output.line(
    {
      json: () => safeJson(faults),
      values: () => `${coming} ${going} ${ms}`,
      people: () => `perde ${coming} por mil do que chega e ${going} do que sai; relógio ${clockText(ms)}`,
    }[format](),
  );
  return EXIT.ok;
}

function itemOf(order: FaultOrder): object {
  if (order.command === 'adianta')
    return { ms: String(order.isBehind ? -shiftOf(order.by) : shiftOf(order.by)) };
  const coming = perMille(order.coming);
  return {
    entrada_por_mil: coming,
    saida_por_mil: order.going === undefined ? coming : perMille(order.going),
  };
}

function perMille(text: string): number {
  const share = /^\d{1,4}$/.test(text) ? Number(text) : Infinity;
  if (share <= 1_000) return share;
  throw new KvsError('CONFIGURACAO', `perde: "${text}" não é um número de 0 a 1000 (por mil)`);
}

function shiftOf(text: string): number {
  const ms = text === '0' ? 0 : parseAge(/^\d+$/.test(text) ? `${text}s` : text);
  if (ms !== undefined) return ms;
  throw new KvsError('CONFIGURACAO', `adianta: "${text}" não é um tempo como 90s, 2h ou 0`);
}

function clockText(ms: number): string {
  if (ms === 0) return 'certo';
  return `${Math.abs(ms) / 1_000} s ${ms > 0 ? 'adiante' : 'atrás'}`;
}

function faultsOf(message: object): ShownFaults {
  return {
    entrada_por_mil: numberOf(message, 'entrada_por_mil'),
    saida_por_mil: numberOf(message, 'saida_por_mil'),
    relogio_ms: Number(textOf(message, 'relogio_ms')),
  };
}
