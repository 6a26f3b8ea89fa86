import type { Rpc } from '../call.js';
import { loja } from './lines.js';
import type { KvsStatus } from './public.js';

/** `Frota` of `proto/loja.proto` as the loader decodes it. */
interface StatusMessage {
  readonly frota: string;
  readonly motor: string;
  readonly servidores: readonly {
    readonly nome: string;
    readonly endereco: string;
    readonly origem: string;
    readonly estado: string;
    readonly versao_programa: string;
    readonly eu: boolean;
    readonly atraso: string;
    readonly visto_ms: string;
  }[];
  readonly broker: string;
  readonly de_acordo: boolean;
  readonly chaves: string;
  readonly versoes: string;
  readonly bytes: string;
  readonly avisos: readonly string[];
}

export const ESTADO: Rpc<KvsStatus> = {
  ...loja('Estado'),
  ...{ writes: false, read: (message) => statusOf(message as StatusMessage) },
};

function statusOf(message: StatusMessage): KvsStatus {
  return {
    ...{ fleet: message.frota, engine: message.motor, broker: message.broker, agrees: message.de_acordo },
    ...{ keys: Number(message.chaves), versions: Number(message.versoes), bytes: Number(message.bytes) },
    warnings: message.avisos,
    servers: message.servidores.map((server) => ({
      ...{ name: server.nome, address: server.endereco, origin: server.origem, state: server.estado },
      ...{ programVersion: server.versao_programa, isSelf: server.eu, lag: Number(server.atraso) },
      ...(server.visto_ms !== '0' && { seenAt: Number(server.visto_ms) }),
    })),
  };
}
