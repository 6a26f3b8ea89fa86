import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayOf } from '../../src/supervisor/replay.js';
import { LaboratoryHttp } from '../../src/supervisor/http-door.js';
import { LaboratorySessions } from '../../src/supervisor/sessions.js';
import { recordingText } from '../../src/laboratory/write-recording.js';
import { MiB } from '../../src/core/limits.js';
import { eventually } from '../support/eventually.js';
import { SMALL_RECORDING } from './recordings.js';

let nowMs = 0;
const sessions = new LaboratorySessions(() => nowMs);
const http = new LaboratoryHttp({
  laboratory: replayOf(SMALL_RECORDING, './laboratorio.sh'),
  command: './laboratorio.sh',
  sessions,
  pageAt: (path) =>
    path === '/' ? { status: 200, fields: { 'content-type': 'text/html' }, body: '<p>page' } : undefined,
});
let port = 0;

beforeAll(async () => {
  port = await http.listen(0);
});
afterAll(() => http.close());

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        // A stream of events never ends by itself.
        if (path.startsWith('/v1/eventos') && text.includes(`"n":${SMALL_RECORDING.events.length}`))
          asked.destroy();
      });
      response.on('close', () => {
        resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

function codeOf({ body }: Answer): unknown {
  return (JSON.parse(body) as { codigo?: unknown }).codigo;
}

async function login(): Promise<Record<string, string>> {
  const answer = await ask('POST', '/v1/sessao', {}, JSON.stringify({ token: sessions.newPass() }));
  const { sessao } = JSON.parse(answer.body) as { sessao: string };
  return { authorization: `Bearer ${sessao}` };
}

describe('the port of the laboratory', () => {
  it('gives one session for one token', async () => {
    const body = JSON.stringify({ token: sessions.newPass() });
    expect((await ask('POST', '/v1/sessao', {}, body)).status).toBe(200);
    const again = await ask('POST', '/v1/sessao', {}, body);
    expect([again.status, codeOf(again)]).toEqual([401, 'NAO_AUTENTICADO']);
  });

  it('answers nothing but the page without a session', async () => {
    expect((await ask('GET', '/')).body).toBe('<p>page');
    for (const path of ['/v1/situacao', '/v1/gravacao', '/v1/eventos', '/v1/acao', '/v1/outra']) {
      expect((await ask(path === '/v1/acao' ? 'POST' : 'GET', path)).status).toBe(401);
      const wrong = { authorization: `Bearer ${'x'.repeat(43)}` };
      expect((await ask('GET', path, wrong)).status).toBe(401);
      nowMs += 60_000;
    }
  });

  it('says without a session by what command a laboratory is started, and nothing more', async () => {
    expect((await ask('GET', '/v1/comando')).body).toBe('{"comando":"./laboratorio.sh"}\n');
    expect((await ask('POST', '/v1/comando')).status).toBe(405);
    const foreign = await ask('GET', '/v1/comando', { origin: 'http://outra.example' });
    expect(foreign.status).toBe(403);
  });

  it('bounds wrong tokens, whoever has a session goes on', async () => {
    const session = await login();
    const wrong = (): Promise<Answer> => ask('POST', '/v1/sessao', {}, '{"token":"x"}');
    const codes = await Promise.all(Array.from({ length: 12 }, wrong));
    expect(codes.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(2);
    expect((await ask('GET', '/v1/situacao', session)).status).toBe(200);
    nowMs += 60_000;
    expect((await wrong()).status).toBe(401);
    nowMs += 60_000;
  });

  it.each([
    ['another name', { host: 'mau.example' }],
    ['another origin', { origin: 'http://mau.example' }],
    ['a page elsewhere', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
  ])('refuses a request from %s, with a session or without', async (_, fields) => {
    const session = await login();
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1/gravacao'],
      ['POST', '/v1/acao'],
    ] as const) {
      expect((await ask(method, path, { ...session, ...fields })).status).toBe(403);
    }
  });

  it('sends the recording, whole and as a stream from any event on', async () => {
    const session = await login();
    const file = await ask('GET', '/v1/gravacao', session);
    expect(file.body).toBe(recordingText(SMALL_RECORDING));
    expect(file.headers['content-disposition']).toMatch(/filename="laboratorio-[\d-]+\.jsonl"/);
    expect(file.headers['content-security-policy']).toContain("default-src 'none'");
    expect((await ask('GET', '/v1/eventos', session)).body).toBe(file.body);
    const rest = (await ask('GET', '/v1/eventos?desde=8', session)).body.trimEnd().split('\n');
    expect(rest.map((line) => (JSON.parse(line) as { n?: number }).n)).toEqual([undefined, 8, 9]);
    expect((await ask('GET', '/v1/eventos?desde=x', session)).status).toBe(400);
  });

  it('reads of a long recording no more than its reader takes, and ends with it', async () => {
    const line = `${'x'.repeat(MiB - 1)}\n`;
    let asked = 0;
    const lines = new Proxy<string[]>([], {
      get: (_, name) => {
        if (name === 'length') return 256;
        asked++;
        return line;
      },
    });
    const recorded = { headerLine: '{}\n', lines, startedMs: 0 };
    const long = new LaboratoryHttp({
      laboratory: { ...replayOf(SMALL_RECORDING, 'x'), recording: () => recorded },
      ...{ sessions, command: 'x', pageAt: () => undefined },
    });
    const at = await long.listen(0);
    const headers = await login();
    const path = '/v1/gravacao';
    const bytesOf = async (takes: boolean): Promise<number> => {
      const [response] = (await once(
        request({ host: '127.0.0.1', port: at, path, headers, agent: false }).end(),
        'response',
      )) as [IncomingMessage];
      if (!takes) {
        await eventually('nothing more is asked for', async () => {
          const before = asked;
          await new Promise((resolve) => setTimeout(resolve, 50));
          return asked === before;
        });
        response.destroy();
        return 0;
      }
      let bytes = 0;
      for await (const piece of response as AsyncIterable<Buffer>) bytes += piece.length;
      return bytes;
    };
    await bytesOf(false);
    // What is in the sockets of this machine, and no more.
    expect(asked).toBeLessThan(32);
    expect(await bytesOf(true)).toBe(3 + 256 * MiB);
    await long.close();
  });

  it('refuses actions on a recording, and what is no action', async () => {
    const session = await login();
    const act = (body: string): Promise<Answer> => ask('POST', '/v1/acao', session, body);
    expect([
      (await act('{"acao":"mata","servidor":"n1"}')).status,
      codeOf(await act('{"acao":"recomeca"}')),
    ]).toEqual([...[409, 'CONFLITO']]);
    for (const wrong of [
      '',
      '[]',
      '{"acao":"x"}',
      '{"acao":"perde","servidor":"n1","por_mil":1001}',
      '\xff',
    ]) {
      expect([wrong, (await act(wrong)).status]).toEqual([wrong, 400]);
    }
    const call = { acao: 'chama', servidor: 'n1', cliente: 'c1', chave: 'k' };
    for (const more of [{ operacao: 'insert' }, { operacao: 'compare', valor: 'x' }, { operacao: 'outra' }]) {
      expect((await act(JSON.stringify({ ...call, ...more }))).status).toBe(400);
    }
    const long = JSON.stringify({ ...call, operacao: 'insert', valor: 'x'.repeat(1_000_000) });
    expect((await act(long)).status).toBe(413);
    expect((await ask('GET', '/v1/acao', session)).status).toBe(405);
  });
});
