import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_METADATA } from '../../src/doors/grpc/errors.js';
import { kvsDefinition } from '../support/kvs-client.js';
import { kvs } from '../support/kvs-program.js';

/** Sets the title, clears the screen, colours, turns text around, goes back to the beginning of the line. */
const EVIL = 'ola\u001b]0;x\u0007\u001b[2J\u009b31m\u202e\u2066\rfim';
const SHOWN = 'ola\\x1b]0;x\\x07\\x1b[2J\\x9b31m\\u202e\\u2066\\x0dfim';

describe('an answer of a rogue server does not act on the terminal of the client', () => {
  const server = new Server();
  let port = '';

  beforeAll(async () => {
    server.addService(kvsDefinition, {
      Insere: (_call: unknown, reply: sendUnaryData<object>) => {
        const reason = new Metadata();
        reason.set(ERROR_METADATA, encodeURIComponent(`CHAVE_CURTA: ${EVIL}`));
        reply(null, { versao: -1 }, reason);
      },
      Consulta: (_call: unknown, reply: sendUnaryData<object>) => {
        reply({ code: status.FAILED_PRECONDITION, details: EVIL });
      },
      Remove: (_call: unknown, reply: sendUnaryData<object>) => {
        reply({ code: status.INTERNAL, details: EVIL });
      },
    });
    port = await new Promise<string>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(String(bound));
        else reject(error);
      });
    });
  });
  afterAll(() => {
    server.forceShutdown();
  });

  it.each([
    ['insere', ['-v', 'valor']],
    ['consulta', []],
    ['remove', []],
  ])('%s over gRPC', async (operation, more) => {
    const { stderr } = await kvs(['cliente', '-p', port, '-o', operation, '-k', 'chave', ...more]);
    expect(stderr).toContain(SHOWN);
    expect(stderr).toMatch(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*\n$/u);
  });

  it('Mensagem', async () => {
    const rogue = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.end(`${JSON.stringify({ tipo: 'ERROR', codigo: 'CHAVE_CURTA', mensagem: EVIL })}\n`);
      });
    });
    await new Promise<void>((resolve) => rogue.listen(0, '127.0.0.1', resolve));
    const { port: at } = rogue.address() as AddressInfo;
    const { stderr } = await kvs(['lider-cliente', '--servidores', `127.0.0.1:${at}`, '--get', 'chave']);
    rogue.close();
    expect(stderr).toContain(SHOWN);
    expect(stderr).toMatch(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*\n$/u);
  });
});
