import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { PackageDefinition } from '@grpc/proto-loader';
import { protoPath } from '../files/proto-path.js';

/** A method of a service in a file of `proto`. */
export interface MethodName {
  readonly file: string;
  readonly service: string;
  readonly method: string;
}

/** What was loaded before, by file: a file is parsed in milliseconds, and a program makes thousands of calls. */
const loaded = new Map<string, PackageDefinition>();

/** The call definition of a method. 64-bit numbers are texts. */
export function methodOf({ file, service, method }: MethodName) {
  const known =
    loaded.get(file) ?? loadSync(protoPath(file), { keepCase: true, longs: String, defaults: true });
  loaded.set(file, known);
  const found = Object.entries(known[service] ?? {}).find(([name]) => name === method);
  if (found === undefined) throw new Error(`proto/${file}: no method ${service}/${method}`);
  return found[1] as MethodDefinition<object, object>;
}
