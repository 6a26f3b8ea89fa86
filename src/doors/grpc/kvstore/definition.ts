import { loadProto } from '../protos.js';
import { grpcService, rpc } from '../service.js';
import { kvStoreOperations } from './operations.js';
import { decodeKey, decodeKeyValue, encodeGetResponse, encodePutResponse } from './wire.js';

/** `kvstore.KvStore` for a server. */
export const kvStoreService = grpcService('kvstore.KvStore', loadProto('kvstore.proto'), {
  Put: rpc(decodeKeyValue, encodePutResponse, kvStoreOperations.put),
  Get: rpc(decodeKey, encodeGetResponse, kvStoreOperations.get),
});
