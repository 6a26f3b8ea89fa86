import type { handleBidiStreamingCall, handleServerStreamingCall, ServiceDefinition } from '@grpc/grpc-js';
import { neverAnswered } from '../../../call/operation.js';
import type { Decoded, DoorOperation } from '../../../call/operation.js';
import { KvsError } from '../../../core/errors.js';
import type { Restored, Row } from '../../../ports/engine.js';
import type { DoorContext } from '../calls/grpc-call.js';
import { bidirectionalOf, serverStreaming } from '../calls/handlers.js';
import { checkedKey, checkedValue } from '../checks.js';
import { serverMethod } from '../service.js';
import { Restorer } from './restorer.js';
import {
  decodeExportRequest,
  decodeRow,
  encodeRestored,
  encodeRow,
  loadedCopy,
  type RowRequest,
} from './wire.js';

/** Whatever is in one store may go into another. */
const MINIMUM_CHARS = 0;

/** The RPCs of `kvs.Copia`, by their names. */
interface CopyHandlers {
  readonly Exporta: handleServerStreamingCall<Decoded<object>, Row>;
  readonly Importa: handleBidiStreamingCall<Decoded<RowRequest>, Restored>;
}

/** `kvs.Copia` for a server. */
export const copyService: ServiceDefinition = {
  Exporta: serverMethod(loadedCopy, 'Exporta', decodeExportRequest, encodeRow),
  Importa: serverMethod(loadedCopy, 'Importa', decodeRow, encodeRestored),
} satisfies Record<keyof CopyHandlers, unknown>;

export function copyHandlers(context: DoorContext): CopyHandlers {
  return {
    Exporta: serverStreaming(
      {
        rows: (_request, { engine }) => {
          if (engine.capabilities.everything) return engine.scan({ kind: 'everything' });
          throw new KvsError('NAO_SUPORTADO', 'este motor não exporta todas as versões');
        },
        answer: (row: Row): Row => row,
      },
      context,
    ),
    Importa: bidirectionalOf(importing, context),
  };
}

/** One import: each has a plan of its own. */
function importing(): DoorOperation<RowRequest, Restored> {
  const restorer = new Restorer();
  return {
    run: (request, caller) => {
      const key = checkedKey(request, MINIMUM_CHARS);
      // Also where nothing needs to be written: who may only read is not told what stands there as if it had written it.
      caller.assertMay('write', key);
      const value = checkedValue(request, MINIMUM_CHARS);
      const { version, timestamp } = request;
      return restorer.restore(caller.engine, { key, value, version, timestamp });
    },
    refusal: neverAnswered,
    written: ({ version }) => version,
  };
}
