import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadProto, loadedService } from '../protos.js';
import { serverMethod } from '../service.js';
import type { KvStoreHandlers } from './handlers.js';
import { decodeKey, decodeKeyValue, encodeGetResponse, encodePutResponse } from './wire.js';

export const KV_STORE_SERVICE_NAME = 'kvstore.KvStore';

/** Everything that `kvstore.proto` declares, for reflection. */
export const kvStorePackage = loadProto('kvstore.proto');

const loaded = loadedService(kvStorePackage, KV_STORE_SERVICE_NAME);

/** `kvstore.KvStore` for a server. */
export const kvStoreService: ServiceDefinition = {
  Put: serverMethod(loaded, 'Put', decodeKeyValue, encodePutResponse),
  Get: serverMethod(loaded, 'Get', decodeKey, encodeGetResponse),
} satisfies Record<keyof KvStoreHandlers, unknown>;
