import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ERROR_METADATA } from '../../src/doors/grpc/errors.js';
import { kvsDefinition } from '../support/kvs-client.js';
import { insert, versionOf } from '../support/repeated-inserts.js';

let server: Server;
let port: number;
/** How the server answers one call after the other: with a version, a code of gRPC, or one of ours. */
let answers: (number | 'UNAVAILABLE' | 'DISCO_CHEIO' | 'SERVIDOR_ENTRANDO')[];
const attempts: string[] = [];

beforeEach(async () => {
  server = new Server();
  server.addService(kvsDefinition, {
    Insere: (call: ServerUnaryCall<object, object>, reply: sendUnaryData<object>) => {
      attempts.push(String(call.metadata.get('kvs-tentativa')[0]));
      const answer = answers.shift();
      const trailer = new Metadata();
      if (typeof answer === 'number') {
        trailer.set('kvs-pedido', String(call.metadata.get('kvs-pedido')[0]));
        reply(null, { versao: answer }, trailer);
        return;
      }
      if (answer !== 'UNAVAILABLE')
        trailer.set(ERROR_METADATA, encodeURIComponent(`${String(answer)}: porque sim`));
      const code = answer === 'DISCO_CHEIO' ? status.RESOURCE_EXHAUSTED : status.UNAVAILABLE;
      reply({ code, details: String(answer), metadata: trailer });
    },
  });
  port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  attempts.length = 0;
});
afterEach(() => {
  server.forceShutdown();
});

it('counts an attempt whose fate is unknown, and one that a disk refused: its record may take effect all the same', async () => {
  answers = ['UNAVAILABLE', 'DISCO_CHEIO', 'SERVIDOR_ENTRANDO', 7];
  expect(versionOf(await insert([{ host: '127.0.0.1', port }], 'chave', 'valor'))).toBe(7);
  expect(attempts).toEqual(['1', '2', '3', '3']);
});
