import type { Rpc } from '../../client/call.js';
import { textOf, valueOf } from '../../client/fields.js';
import { Settings } from '../../config/settings.js';
import type { Flags, SettingSources } from '../../config/settings.js';
import { ISOLATION_OPTIONS } from '../../config/store-options.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { dated } from '../rendering/dates.js';
import { safeJson } from '../rendering/visible.js';
import { oneServer } from './one-server.js';

/** `Ligacao`. */
interface BrokerTie {
  readonly isolado: boolean;
  /** ms since 1970; 0: it is not isolated. */
  readonly ate: number;
}

const DOOR = { file: 'laboratorio.proto', service: 'kvs.Laboratorio', writes: true, read: tieOf } as const;
const CALLS: Readonly<Record<'isola' | 'liga', Rpc<BrokerTie>>> = {
  isola: { ...DOOR, method: 'Isola' },
  liga: { ...DOOR, method: 'Liga' },
};

/** `kvs isola` and `kvs liga`. @throws KvsError CONFIGURACAO */
export async function runLaboratory(
  action: 'isola' | 'liga',
  flags: Flags,
  env: SettingSources['env'],
  output: Output,
): Promise<ExitCode> {
  const settings = new Settings(ISOLATION_OPTIONS, { flags, env, file: undefined });
  const forMs = action === 'isola' ? settings.value('por') : undefined;
  const { target, format } = oneServer(action, flags, env, output);
  const ties: BrokerTie[] = [];
  const item = { por_s: Math.ceil((forMs ?? 0) / 1_000) };
  const { failure } = await callServers(target, CALLS[action], { item }, (tie) => {
    ties.push(tie);
    return undefined;
  });
  const [tie] = ties;
  if (failure !== undefined || tie === undefined) {
    output.error(failure?.message ?? 'o servidor não respondeu');
    return failure?.exit ?? EXIT.failure;
  }
  await output.line(
    {
      json: () => safeJson(tie),
      values: () => (tie.isolado ? 'isolado' : 'ligado'),
      people: () => (tie.isolado ? `isolado até${dated(BigInt(tie.ate)).replace(/[()]/g, '')}` : 'ligado'),
    }[format](),
  );
  return EXIT.ok;
}

function tieOf(message: object): BrokerTie {
  return { isolado: valueOf(message, 'isolado') === true, ate: Number(textOf(message, 'ate_ms')) };
}
