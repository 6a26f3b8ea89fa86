import { loadProto } from '../protos.js';
import { grpcService, rpc } from '../service.js';
import type { GrpcService } from '../service.js';
import { keyValueOperations } from './operations.js';
import { decodeKeyRequest, decodeKeyValue, decodeRange, encodePutReply, encodeTuple } from './wire.js';

/** The service for a server, under both names that clients know. */
export const keyValueServices: readonly GrpcService[] = [
  named('KeyValueStore', 'KeyValueStore.proto'),
  named('project.KeyValueStore', 'project_KeyValueStore.proto'),
];

function named(name: string, file: string): GrpcService {
  const { get, put, del, trim, getRange, delRange } = keyValueOperations();
  return grpcService(name, loadProto(file), {
    Get: rpc(decodeKeyRequest, encodeTuple, get),
    GetRange: rpc(decodeRange, encodeTuple, getRange),
    GetAll: rpc(decodeKeyRequest, encodeTuple, get),
    Put: rpc(decodeKeyValue, encodePutReply, put),
    PutAll: rpc(decodeKeyValue, encodePutReply, put),
    Del: rpc(decodeKeyRequest, encodeTuple, del),
    DelRange: rpc(decodeRange, encodeTuple, delRange),
    DelAll: rpc(decodeKeyRequest, encodeTuple, del),
    Trim: rpc(decodeKeyRequest, encodeTuple, trim),
  });
}
