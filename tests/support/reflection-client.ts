import type { Client } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

/** A small client of gRPC reflection, for tests. */

interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] } | null;
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] } | null;
  readonly errorResponse?: { readonly errorMessage: string } | null;
}

export type ReflectionVersion = 'v1' | 'v1alpha';

/** Names of the services that the server offers, as it says. */
export async function listServices(client: Client, version: ReflectionVersion = 'v1'): Promise<string[]> {
  const answer = await ask(client, version, { listServices: '' });
  return (answer.listServicesResponse?.service ?? []).map((service) => service.name);
}

/** The encoded FileDescriptorProtos that declare a symbol. @throws Error with the server's reason if it has none */
export async function describeService(
  client: Client,
  symbol: string,
  version: ReflectionVersion = 'v1',
): Promise<Buffer[]> {
  const answer = await ask(client, version, { fileContainingSymbol: symbol });
  const files = answer.fileDescriptorResponse?.fileDescriptorProto;
  if (files === undefined) throw new Error(answer.errorResponse?.errorMessage ?? 'no answer');
  return files.map((file) => Buffer.from(file));
}

/** The service as the loader gives it. */
export function reflectionDefinition(version: ReflectionVersion): ServiceDefinition {
  const file = fileURLToPath(new URL(`../../proto/grpc/reflection_${version}.proto`, import.meta.url));
  const loaded = loadSync(file, { oneofs: true });
  return loaded[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
}

function ask(client: Client, version: ReflectionVersion, question: object): Promise<ReflectionAnswer> {
  const method = reflectionDefinition(version)['ServerReflectionInfo'];
  if (method === undefined) throw new Error('reflection.proto has no ServerReflectionInfo');
  const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  return new Promise((resolve, reject) => {
    call.on('data', (answer: ReflectionAnswer) => {
      resolve(answer);
      call.end();
    });
    call.on('error', reject);
    call.write(question);
  });
}
