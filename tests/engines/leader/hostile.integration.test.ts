import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { defaultDoorLimits } from '../../../src/doors/mensagem/door.js';
import { mensagemLimits } from '../../../src/wire/mensagem/limits.js';
import { eventually } from '../../support/eventually.js';
import { openLeaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { MensagemClient } from '../../support/mensagem-client.js';

describe('what arrives at the door of Mensagens', () => {
  let system: LeaderSystem;
  const clients: MensagemClient[] = [];

  beforeAll(async () => {
    const doorLimits = {
      ...defaultDoorLimits,
      lineBytes: mensagemLimits.lineBytes,
      idleMs: 400,
      lineMs: 700,
    };
    system = await openLeaderSystem({ doorLimits: { ...doorLimits, connections: 30, serverConnections: 3 } });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => system.close());

  const open = async (index = 1): Promise<MensagemClient> => {
    const client = await MensagemClient.open(system.addresses[index]!);
    clients.push(client);
    return client;
  };
  /** Somebody else is served as ever. */
  const othersGoOn = async (): Promise<void> => {
    const other = await open();
    expect(await other.ask({ tipo: 'PUT', chave: 'outro', valor: 'v' })).toMatchObject({ tipo: 'PUT_OK' });
    expect(await other.ask({ tipo: 'GET', chave: 'outro' })).toMatchObject({ tipo: 'GET_OK', valor: 'v' });
  };

  it('several Mensagens in one segment are answered in order', async () => {
    const client = await open();
    const puts = ['1', '2', '3'].map((valor) => ({ tipo: 'PUT', chave: 'juntas', valor }));
    client.send(
      ...puts,
      { tipo: 'GET', chave: 'juntas', timestamp: 3 },
      { tipo: 'GET', chave: 'juntas', timestamp: 4 },
    );
    await client.answers(5);
    expect(client.received).toEqual([
      { tipo: 'PUT_OK', chave: 'juntas', timestamp: 1 },
      { tipo: 'PUT_OK', chave: 'juntas', timestamp: 2 },
      { tipo: 'PUT_OK', chave: 'juntas', timestamp: 3 },
      { tipo: 'GET_OK', chave: 'juntas', valor: '3', timestamp: 3 },
      {
        tipo: 'TRY_OTHER_SERVER_OR_LATER',
        chave: 'juntas',
        valor: 'TRY_OTHER_SERVER_OR_LATER',
        timestamp: 3,
      },
    ]);
  });

  it('with an id, each answer repeats its own', async () => {
    const client = await open(2);
    client.send(
      { tipo: 'PUT', chave: 'com id', valor: 'x', id: 7 },
      { tipo: 'GET', chave: 'nunca vista', id: 8 },
    );
    await client.answers(2);
    expect(client.received).toContainEqual({ tipo: 'PUT_OK', chave: 'com id', timestamp: 1, id: 7 });
    expect(client.received).toContainEqual({
      ...{ tipo: 'NULL', chave: 'nunca vista', valor: 'NULL', timestamp: 0, id: 8 },
    });
  });

  it.each([0, 1])(
    'the answers of server %i have the names of the request, one request after another',
    async (index) => {
      const client = await open(index);
      const exchanges = [
        [
          { type: 'PUT', key: `nomes${index}`, value: 'x', ts: 0, id: 1 },
          { type: 'PUT_OK', key: `nomes${index}`, ts: 1, id: 1 },
        ],
        [
          { type: 'PUT', key: `nomes${index}`, value: 'y' },
          { type: 'PUT_OK', key: `nomes${index}`, timestamp: 2, ts: 2 },
        ],
        [
          { type: 'GET', key: `nomes${index}`, timestamp: 2 },
          { type: 'GET_OK', key: `nomes${index}`, value: 'y', timestamp: 2 },
        ],
        [
          { tipo: 'GET', key: `nomes${index}`, ts: 3 },
          {
            ...{ tipo: 'TRY_OTHER_SERVER_OR_LATER', key: `nomes${index}` },
            ...{ value: 'TRY_OTHER_SERVER_OR_LATER', ts: 2 },
          },
        ],
        [
          { type: 'GET', key: 'nunca', ts: 0 },
          { type: 'NULL', key: 'nunca', value: 'NULL', ts: 0 },
        ],
        [
          { tipo: 'GET', chave: `nomes${index}`, timestamp: 0 },
          { tipo: 'GET_OK', chave: `nomes${index}`, valor: 'y', timestamp: 2 },
        ],
      ] as const;
      for (const [request, answer] of exchanges) expect(await client.ask(request)).toEqual(answer);
      expect(await client.ask({ type: 'PUT', key: 5, value: 'x', id: 3 })).toEqual({
        ...{ type: 'ERROR', code: 'CHAVE_INVALIDA', message: expect.any(String) as string, id: 3 },
      });
      expect(await client.ask({ type: 'nada' })).toMatchObject({ type: 'ERROR', code: 'PEDIDO_INVALIDO' });
    },
  );

  it('a few refused lines in a row end the connection, and the last one says why', async () => {
    const client = await open();
    const wrong = { tipo: 'nada' };
    // What is right in between counts.
    for (let n = 0; n < 2 * mensagemLimits.refusedLines; n++) {
      expect(await client.ask(wrong)).toMatchObject({ tipo: 'ERROR' });
      expect(await client.ask({ tipo: 'GET', chave: 'entre' })).toMatchObject({ tipo: 'NULL' });
    }
    const before = client.received.length;
    client.send(...Array.from({ length: 5_000 }, () => wrong));
    await client.gone();
    expect(client.received).toHaveLength(before + mensagemLimits.refusedLines + 1);
    expect(client.received.at(-1)!['mensagem']).toMatch('a conexão foi fechada');
    await othersGoOn();
  });

  it.each([
    ['aninhado demais', `{"tipo":"GET","chave":"x","y":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['com partes demais', `{"tipo":"GET","chave":"x","y":[${'0,'.repeat(200_000)}0]}`],
  ])('not even read: %s', async (_, line) => {
    const client = await open();
    client.write(`${line}\n`);
    expect(await client.answers(1)).toMatchObject({
      ...{
        tipo: 'ERROR',
        codigo: 'PEDIDO_INVALIDO',
        mensagem: expect.stringContaining('aninhadas demais') as string,
      },
    });
    await client.gone();
    await othersGoOn();
  });

  it('a Mensagem in many segments, cut even within a character', async () => {
    const client = await open();
    const bytes = Buffer.from(`${JSON.stringify({ tipo: 'PUT', chave: 'ção 🙂', valor: 'é' })}\r\n`);
    for (const byte of bytes) {
      client.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.answers(1)).toEqual({ tipo: 'PUT_OK', chave: 'ção 🙂', timestamp: 1 });
  });

  it('the largest values pass, larger ones are refused and the connection goes on', async () => {
    const client = await open();
    const long = '\u0001'.repeat(limits.valueBytes);
    expect(await client.ask({ tipo: 'PUT', chave: 'longa', valor: long })).toMatchObject({ tipo: 'PUT_OK' });
    expect(await client.ask({ tipo: 'GET', chave: 'longa' })).toMatchObject({ valor: long });
    await system.settle();
    const answers = [
      [{ tipo: 'PUT', chave: 'longa', valor: `${long}x` }, 'VALOR_LONGO'],
      [{ tipo: 'PUT', chave: `${long}x`, valor: 'x' }, 'CHAVE_LONGA'],
      [{ tipo: 'PUT', chave: 5, valor: 'x' }, 'CHAVE_INVALIDA'],
      [{ tipo: 'PUT', chave: 'x' }, 'VALOR_INVALIDO'],
      [{ tipo: 'GET', chave: 'x', timestamp: -1 }, 'PEDIDO_INVALIDO'],
      [{ tipo: 'nada' }, 'PEDIDO_INVALIDO'],
      [
        { tipo: 'REPLICATION', origem: 'x', seq: 1, chave: 'a', valor: 'b', timestamp: 1, instante: 1 },
        'PEDIDO_INVALIDO',
      ],
    ] as const;
    for (const [message, codigo] of answers.slice(0, -1)) {
      expect(await client.ask(message)).toMatchObject({ tipo: 'ERROR', codigo });
    }
    expect(await client.ask({ tipo: 'GET', chave: 'longa' })).toMatchObject({ tipo: 'GET_OK' });
    // Only a leader replicates.
    expect(await client.ask(answers.at(-1)![0])).toMatchObject({ tipo: 'ERROR', codigo: 'PEDIDO_INVALIDO' });
    await client.gone();
    expect(system.nodes[1]!.store.key('a').isKnown).toBe(false);
    await othersGoOn();
  });

  it.each([
    ['lixo', 'lixo\n'],
    ['bytes que não são UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a])],
    ['uma lista', '[1,2,3]\n'],
    ['meia letra', '{"tipo":"PUT","chave":"\\ud800","valor":"x"}\n'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('%s: one error in a Mensagem, and the connection is closed', async (_, bytes) => {
    const client = await open();
    client.write(bytes);
    expect(await client.answers(1)).toMatchObject({ tipo: 'ERROR', codigo: 'PEDIDO_INVALIDO' });
    await client.gone();
    expect(client.received).toHaveLength(1);
    await othersGoOn();
  });

  it('a line without an end is cut off at the limit', async () => {
    const client = await open();
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent <= mensagemLimits.lineBytes && !client.closed; sent += piece.length) {
      client.write(piece);
    }
    expect(await client.answers(1)).toMatchObject({ tipo: 'ERROR', codigo: 'PEDIDO_INVALIDO' });
    await client.gone();
    await othersGoOn();
  });

  it('an idle connection, a line that does not end and one that drips byte by byte are closed', async () => {
    const [silent, half, dripping] = [await open(), await open(), await open()];
    half.write('{"tipo":');
    const drip = setInterval(() => dripping.write('x'), 100);
    for (const client of [silent, half, dripping]) {
      expect(await client.answers(1)).toMatchObject({ tipo: 'ERROR', codigo: 'CONEXAO_OCIOSA' });
      await client.gone();
    }
    clearInterval(drip);
    await othersGoOn();
  });

  it('a client that closes only its own side still receives the answers', async () => {
    const client = await open();
    client.send({ tipo: 'PUT', chave: 'meia', valor: 'x' }, { tipo: 'GET', chave: 'meia', timestamp: 0 });
    client.socket.end();
    await client.gone();
    expect(client.received.map(({ tipo }) => tipo)).toEqual(['PUT_OK', 'GET_OK']);
  });

  it('too many connections: newcomers are told so; those already there, and the other servers, go on', async () => {
    // Who has said something keeps the place.
    const settled = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = await open();
        await client.ask({ tipo: 'GET', chave: 'cheio' });
        return client;
      }),
    );
    const early = settled[0]!;
    await Promise.all(Array.from({ length: 10 }, () => open()));
    const late = await open();
    expect(await late.ask({ tipo: 'GET', chave: 'cheio' })).toMatchObject({
      tipo: 'ERROR',
      codigo: 'LIMITE_PEDIDOS',
    });
    await late.gone();
    expect(await early.ask({ tipo: 'PUT', chave: 'cheio', valor: 'x' })).toMatchObject({ tipo: 'PUT_OK' });
    for (const client of settled) client.close();
    await eventually('there are places again', async () => {
      return (await (await open()).ask({ tipo: 'GET', chave: 'cheio' })).tipo === 'GET_OK';
    });
  });

  it('a client that does not read the answers does not grow in the memory of the server', async () => {
    const value = 'v'.repeat(limits.valueBytes);
    const reader = await open();
    expect(await reader.ask({ tipo: 'PUT', chave: 'grande', valor: value })).toMatchObject({
      tipo: 'PUT_OK',
    });
    const frozen = await open();
    frozen.socket.pause();
    const get = `${JSON.stringify({ tipo: 'GET', chave: 'grande', timestamp: 0 })}\n`;
    // Asks for far more than what sockets hold; what is not read is not answered, and not printed.
    const asked = 2_000;
    const before = system.printed[1]!.length;
    frozen.write(get.repeat(asked));
    await othersGoOn();
    expect(system.printed[1]!.length - before).toBeLessThan(asked / 2);
  });

  it('many clients at once, all served', async () => {
    const some = await Promise.all(Array.from({ length: 20 }, (_, n) => open(n % 3)));
    const answers = await Promise.all(
      some.map((client, n) => client.ask({ tipo: 'PUT', chave: 'muitos', valor: String(n) })),
    );
    const timestamps = answers.map(({ timestamp }) => timestamp as number).sort((a, b) => a - b);
    expect(timestamps).toEqual(timestamps.map((_, n) => n + 1));
  });

  it('values with line breaks do not forge lines on the terminal', async () => {
    const client = await open();
    await client.ask({ tipo: 'PUT', chave: 'forja', valor: 'x\nREPLICATION key:a value:b ts:9.\u001b[2J' });
    const line = system.printed[1]!.find((printed) => printed.startsWith('REPLICATION key:forja'));
    expect(line).toBe('REPLICATION key:forja value:x\\nREPLICATION key:a value:b ts:9.\\u001b[2J ts:1.');
  });
});
