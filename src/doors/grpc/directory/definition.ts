import type { handleUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import { loadedService, loadProto } from '../protos.js';

const DIRECTORY_SERVICE_NAME = 'frota.Frota';

/** Everything that `frota.proto` declares, for reflection. */
export const directoryPackage = loadProto('frota.proto');

/** `frota.Frota` for a server, with the library's own messages: a client asks it once. */
export const directoryService = loadedService(directoryPackage, DIRECTORY_SERVICE_NAME) as ServiceDefinition;

/** A server at the address by which clients reach it. */
export interface KnownServer {
  /** `host:port`; empty if unknown. */
  readonly address: string;
  readonly serving: boolean;
}

interface ServerList {
  readonly servidores: readonly { readonly endereco: string; readonly atendendo: boolean }[];
}

/** @param known returns this server and its current peers */
export function directoryHandlers(known: () => readonly KnownServer[]): {
  readonly Servidores: handleUnaryCall<object, ServerList>;
} {
  return {
    Servidores: (_call, reply) => {
      const servers = [...known()].sort((a, b) => Number(b.serving) - Number(a.serving));
      reply(null, {
        servidores: servers.map(({ address, serving }) => ({ endereco: address, atendendo: serving })),
      });
    },
  };
}
