import type { handleBidiStreamingCall, handleServerStreamingCall, ServiceDefinition } from '@grpc/grpc-js';
import { KvsError } from '../../core/errors.js';
import type { Awaitable, Engine, Restored, Row } from '../../ports/engine.js';
import { bidirectional, serverStreaming, type DoorContext } from '../calls/handlers.js';
import { andThen, neverAnswered } from '../calls/operation.js';
import { checkedKey, checkedValue } from '../checks.js';
import { serverMethod } from '../service.js';
import type { Decoded } from '../wire/messages.js';
import { decodeNothing, decodeRow, encodeRestored, encodeRow, loadedCopy, type RowRequest } from './wire.js';

/** Whatever is in one store may go into another. */
const MINIMUM_CHARS = 0;

/** The RPCs of `kvs.Copia`, by their names. */
export interface CopyHandlers {
  readonly Exporta: handleServerStreamingCall<Decoded<object>, Row>;
  readonly Importa: handleBidiStreamingCall<Decoded<RowRequest>, Restored>;
}

/** `kvs.Copia` for a server. */
export const copyService: ServiceDefinition = {
  Exporta: serverMethod(loadedCopy, 'Exporta', decodeNothing, encodeRow),
  Importa: serverMethod(loadedCopy, 'Importa', decodeRow, encodeRestored),
} satisfies Record<keyof CopyHandlers, unknown>;

export function copyHandlers(context: DoorContext): CopyHandlers {
  return {
    Exporta: serverStreaming(
      {
        rows: (_request, { engine }) => {
          if (engine.everything) return engine.everything();
          throw new KvsError('NAO_SUPORTADO', 'este motor não exporta todas as versões');
        },
        answer: (row: Row): Row => row,
      },
      context,
    ),
    Importa: bidirectional(
      (request: RowRequest, { engine }) => restore(engine, request),
      neverAnswered,
      context,
      ({ version }) => version,
    ),
  };
}

/** An engine that keeps no numbers of others gives its own, in the order in which the versions come. */
function restore(engine: Engine, request: RowRequest): Awaitable<Restored> {
  const key = checkedKey(request, MINIMUM_CHARS);
  const value = checkedValue(request, MINIMUM_CHARS);
  const { version, timestamp } = request;
  if (engine.restore) return engine.restore({ key, value, version, timestamp });
  return andThen(engine.insert(key, value), (row) => ({ version: row.version, outcome: 'renumbered' }));
}
