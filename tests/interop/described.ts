import { Client, credentials } from '@grpc/grpc-js';
import { describeService, listServices } from '../support/reflection-client.js';
import { descriptorSet } from './clients.js';

/** What a server says of itself by reflection. */
export interface Described {
  /** A `FileDescriptorSet` with all of its services. */
  readonly descriptors: Buffer;
  readonly services: readonly string[];
}

/** Asks a server which services it has, and for their descriptors. @param ca authorities (PEM), if it speaks TLS */
export async function described(port: number, ca?: Buffer): Promise<Described> {
  const channel = ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca);
  const client = new Client(`localhost:${port}`, channel);
  try {
    const services = await listServices(client);
    const files = await Promise.all(services.map((name) => describeService(client, name)));
    return { descriptors: descriptorSet(files.flat()), services };
  } finally {
    client.close();
  }
}
