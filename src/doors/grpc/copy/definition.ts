import { neverAnswered } from '../../../call/operation.js';
import type { DoorOperation, RowsOperation } from '../../../call/operation.js';
import { KvsError } from '../../../core/errors.js';
import type { Restored, Row } from '../../../ports/engine.js';
import { checkedKey, checkedValue } from '../checks.js';
import { grpcService, rpc } from '../service.js';
import { Restorer } from './restorer.js';
import {
  COPY_SERVICE_NAME,
  copyPackage,
  decodeExportRequest,
  decodeRow,
  encodeRestored,
  encodeRow,
} from './wire.js';
import type { RowRequest } from './wire.js';

/** No minimum: whatever one store holds must fit into another. */
const MINIMUM_CHARS = 0;

const exporting: RowsOperation<object, Row, Row> = {
  rows: (_request, { engine }) => {
    if (engine.capabilities.everything) return engine.scan({ kind: 'everything' });
    throw new KvsError('NAO_SUPORTADO', 'este motor não exporta todas as versões');
  },
  answer: (row) => row,
};

/** An import; each call has its own plan. */
function importing(): DoorOperation<RowRequest, Restored> {
  const restorer = new Restorer();
  return {
    run: (request, caller) => {
      const key = checkedKey(request, MINIMUM_CHARS);
      // Checked even if nothing needs to be written: otherwise a read-only caller would learn that the row is there.
      caller.assertMay('write', key, 'key');
      const value = checkedValue(request, MINIMUM_CHARS);
      const { version, timestamp, expiresAt } = request;
      const row = { key, value, version, timestamp };
      return restorer.restore(caller.engine, expiresAt === undefined ? row : { ...row, expiresAt });
    },
    refusal: neverAnswered,
    written: ({ version }) => version,
    ttl: 'refused',
  };
}

/** `kvs.Copia` for a server. */
export const copyService = grpcService(COPY_SERVICE_NAME, copyPackage, {
  Exporta: rpc(decodeExportRequest, encodeRow, exporting),
  Importa: rpc(decodeRow, encodeRestored, importing),
});
