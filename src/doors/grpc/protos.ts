import { loadSync, type Options, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { protoPath } from '../../files/proto-path.js';

const OPTIONS: Options = Object.freeze({
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});

/**
 * Loads a file of the folder `proto`, next to `src` or above the build.
 * @throws Error if it is missing or invalid
 */
export function loadProto(name: string, options: Options = OPTIONS): PackageDefinition {
  return loadSync(protoPath(name), options);
}

/** The service `name` of a package. @throws Error if it has none */
export function loadedService(loaded: PackageDefinition, name: string): ServiceDefinition {
  const service = loaded[name];
  // A message or an enum has a format; a service is a plain map of methods.
  if (service === undefined || typeof service['format'] === 'string') throw new Error(`no service ${name}`);
  return service;
}
