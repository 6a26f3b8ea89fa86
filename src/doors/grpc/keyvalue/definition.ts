import type { ServiceDefinition } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { loadProto, loadedService } from '../protos.js';
import { serverMethod } from '../service.js';
import type { KeyValueHandlers } from './handlers.js';
import { decodeKeyRequest, decodeKeyValue, decodeRange, encodePutReply, encodeTuple } from './wire.js';

/** A full name of the service, what its file declares (for reflection), and the service for a server. */
interface NamedService {
  readonly name: string;
  readonly package: PackageDefinition;
  readonly service: ServiceDefinition;
}

/** The same service under both names that clients know. */
export const keyValueServices: readonly NamedService[] = [
  named('KeyValueStore', 'KeyValueStore.proto'),
  named('project.KeyValueStore', 'project_KeyValueStore.proto'),
];

function named(name: string, file: string): NamedService {
  const loaded = loadProto(file);
  const methods = loadedService(loaded, name);
  const service = {
    Get: serverMethod(methods, 'Get', decodeKeyRequest, encodeTuple),
    GetRange: serverMethod(methods, 'GetRange', decodeRange, encodeTuple),
    GetAll: serverMethod(methods, 'GetAll', decodeKeyRequest, encodeTuple),
    Put: serverMethod(methods, 'Put', decodeKeyValue, encodePutReply),
    PutAll: serverMethod(methods, 'PutAll', decodeKeyValue, encodePutReply),
    Del: serverMethod(methods, 'Del', decodeKeyRequest, encodeTuple),
    DelRange: serverMethod(methods, 'DelRange', decodeRange, encodeTuple),
    DelAll: serverMethod(methods, 'DelAll', decodeKeyRequest, encodeTuple),
    Trim: serverMethod(methods, 'Trim', decodeKeyRequest, encodeTuple),
  } satisfies Record<keyof KeyValueHandlers, unknown>;
  return { name, package: loaded, service };
}
