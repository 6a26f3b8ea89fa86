import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/**
 * Loads a file of the folder `proto`, which stands beside `src` and above the build.
 * @throws Error if it is not there or not valid
 */
export function loadProto(name: string): PackageDefinition {
  return loadSync(protoPath(name), {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
}

/** The service `name` of a package. @throws Error if it has none */
export function loadedService(loaded: PackageDefinition, name: string): ServiceDefinition {
  const service = loaded[name];
  // A message or an enum has a format; a service is a plain map of methods.
  if (service === undefined || typeof service['format'] === 'string') throw new Error(`no service ${name}`);
  return service;
}

function protoPath(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, 'proto', name);
    if (existsSync(path)) return path;
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`proto/${name} not found`);
    folder = parent;
  }
}
