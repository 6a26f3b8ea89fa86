import { serverOf } from '../../../call/lines/shown-line.js';
import type { Line } from '../../../ports/lines.js';
import type { StatusSource } from '../../../ports/status.js';
import type { WatchEvent } from '../../../ports/watch.js';
import { grpcLimits } from '../limits.js';
import { loadProto } from '../protos.js';
import { grpcService, rpc } from '../service.js';
import type { GrpcService } from '../service.js';
import { decodeKey, EMPTY } from '../wire/messages.js';
import { encodeBatchAnswer, encodeCounted, encodeEvent, encodeFullLine, encodeSystem } from './answers.js';
import { lojaOperations } from './operations.js';
import {
  decodeBatch,
  decodeCondition,
  decodeLineRequest,
  decodePair,
  decodeRangeOfLines,
  decodeRemoval,
  decodeTtl,
  decodeInterest,
} from './requests.js';

const loaded = loadProto('loja.proto');

/**
 * `frota.v1.Loja` for a server.
 * @param status tells how the system is, and the names of servers
 */
export function lojaService(status: StatusSource): GrpcService {
  const { batch, write, read, history, list, count, compare, remove, trim, renew, watch, ...rest } =
    lojaOperations(status);
  const encodeNamed = (line: Line): Buffer => encodeFullLine(line, serverOf(status, line));
  const encodeWatched = (event: WatchEvent): Buffer =>
    encodeEvent(event, event.line === undefined ? '' : serverOf(status, event.line));
  return grpcService('frota.v1.Loja', loaded, {
    GravaLote: rpc(decodeBatch, encodeBatchAnswer, batch, grpcLimits.batchBytes),
    Grava: rpc(decodePair, encodeNamed, write),
    Le: rpc(decodeLineRequest, encodeNamed, read),
    Historico: rpc(decodeKey, encodeNamed, history),
    Lista: rpc(decodeRangeOfLines, encodeNamed, list),
    Conta: rpc(decodeRangeOfLines, encodeCounted, count),
    Compara: rpc(decodeCondition, encodeNamed, compare),
    Remove: rpc(decodeRemoval, encodeCounted, remove),
    Apara: rpc(decodeKey, encodeNamed, trim),
    Expira: rpc(decodeTtl, encodeNamed, renew),
    Observa: rpc(decodeInterest, encodeWatched, watch),
    Estado: rpc(() => EMPTY, encodeSystem, rest.status),
  });
}
