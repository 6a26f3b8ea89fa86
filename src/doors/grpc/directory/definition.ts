import { neverAnswered } from '../../../call/operation.js';
import { loadProto } from '../protos.js';
import { grpcService, rpc } from '../service.js';
import type { GrpcService } from '../service.js';
import { messageField, numberField, textField } from '../wire/fields.js';
import { FIELD_1_LENGTH, FIELD_2_VARINT } from '../wire/tags.js';

const loaded = loadProto('frota.proto');

/** A server at the address by which clients reach it. */
export interface KnownServer {
  /** `host:port`; empty if unknown. */
  readonly address: string;
  readonly serving: boolean;
}

/**
 * `frota.Frota` for a server. Any admitted caller may use it.
 * @param known returns this server and its current peers
 */
export function directoryService(known: () => readonly KnownServer[]): GrpcService {
  const Servidores = rpc(() => undefined, encodeServers, {
    run: () => [...known()].sort((a, b) => Number(b.serving) - Number(a.serving)),
    refusal: neverAnswered,
  });
  return grpcService('frota.Frota', loaded, { Servidores });
}

/** Encodes `ListaServidores`. */
function encodeServers(servers: readonly KnownServer[]): Buffer {
  return Buffer.concat(
    servers.map(({ address, serving }) =>
      messageField(
        FIELD_1_LENGTH,
        Buffer.concat([textField(FIELD_1_LENGTH, address), numberField(FIELD_2_VARINT, Number(serving))]),
      ),
    ),
  );
}
