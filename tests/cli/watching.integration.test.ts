import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStandOn } from '../support/doors.js';
import type { Stand } from '../support/doors.js';
import { LojaServers } from '../support/loja-servers.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { freePort } from '../support/net.js';
import { runHere, watchHere } from './in-process.js';

let stand: Stand<MemoryEngine>;
let at: string[] = [];
beforeAll(async () => {
  stand = await openStandOn(new MemoryEngine());
  at = ['-p', String(stand.doors.port)];
});
afterAll(() => stand.close());

const kvs = (...words: string[]) => runHere([...words, ...at]);
const tokenOf = (errors: readonly string[]): string =>
  /^para continuar daqui, em qualquer servidor: --desde (\S+)$/.exec(errors.at(-1) ?? '')?.[1] ?? '';

describe('kvs observa', () => {
  it('says why there is no server, as other commands do', async () => {
    const port = await freePort();
    const words = ['-p', String(port), '--prazo', '300'];
    const why = `kvs: nenhum servidor responde em 127.0.0.1:${port} (conexão recusada)\n`;
    expect(await runHere(['observa', '--tudo', ...words])).toMatchObject({ code: 5, stderr: why });
    expect(await runHere(['consulta', 'k', ...words])).toMatchObject({ code: 5, stderr: why });
  });

  it('tells each change once, ends when told to, and goes on from there', async () => {
    await kvs('insere', 'v/a', 'antes');
    const words = ['observa', '--prefixo', 'v/', '--inicio', 'tudo', '--json', ...at];
    const first = await watchHere(words, 4, (_, seen) => {
      if (seen === 2) void kvs('insere', 'v/a', 'depois').then(() => kvs('remove', 'v/a', '-e', '1'));
    });
    const events = first.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ tipo, valor, versao }) => [tipo, valor, versao])).toEqual([
      ['presente', 'antes', 1],
      ['em-dia', undefined, undefined],
      ['insere', 'depois', 2],
      ['remove', '', 1],
    ]);
    expect(first.code).toBe(0);
    const token = tokenOf(first.errors);
    expect(token).toBe(events.at(-1)?.['token']);
    await kvs('insere', 'v/b', 'no intervalo');
    await kvs('insere', 'outra', 'de ninguém');
    const second = await watchHere(['observa', '--prefixo', 'v/', '--desde', token, ...at], 2);
    expect(second.lines.join('\n')).toMatch(
      /^\S+ \S+ {2}insere {4}v\/b {2}versão 1 {2}de .+ {2}no intervalo\n— em dia: .+ —$/,
    );
    const values = await watchHere(['observa', 'v/b', '--inicio', 'tudo', '-q', ...at], 1);
    expect(values).toEqual({ code: 0, lines: ['no intervalo'], errors: [] });
  });

  it('says understandably that it begins anew, and shows harmlessly what acts on a terminal', async () => {
    await kvs('insere', 'mau', '\x1b[31m\n');
    const restarted = await watchHere(['observa', 'mau', '--desde', 'unico.999999999', ...at], 3);
    const [restart, present, upToDate] = restarted.lines;
    expect(restart).toBe(
      '— recomeça: o que houve desde então não se sabe mais; segue tudo o que está gravado agora —',
    );
    expect(present).toMatch(/ {2}presente {2}mau {2}versão 1 {2}de .+ {2}\\x1b\[31m\\x0a$/);
    expect(upToDate).toMatch(/^— em dia/);
  });

  it('survives the end of its server: nothing is missing, nothing comes twice', async () => {
    const other = await openStandOn(stand.engine);
    const both = ['-p', `${other.doors.port},${stand.doors.port}`];
    const words = ['observa', '--prefixo', 's/', '--json', ...both];
    const told = await watchHere(words, /"três"/, (line, seen) => {
      if (seen === 1) void kvs('insere', 's/1', 'um');
      // Whichever it was at, it is not there any more.
      if (line.includes('"valor":"um"')) {
        void other
          .close()
          .then(() => kvs('insere', 's/2', 'dois'))
          .then(() => kvs('insere', 's/3', 'três'));
      }
    });
    const values = told.lines.map((line) => (JSON.parse(line) as { valor?: string }).valor);
    expect(values.filter((value) => value !== undefined)).toEqual(['um', 'dois', 'três']);
    expect(told.code).toBe(0);
  });

  it('says once that its only server is away, and once that it is back', async () => {
    const servers = await LojaServers.start(1);
    const away = `o servidor em 127.0.0.1:${servers.ports[0]} não atende mais; tentando de novo até que um atenda…`;
    const watched = await watchHere(
      ['observa', 'k', '-p', String(servers.ports[0])],
      2,
      (_, seen) => {
        if (seen !== 1) return;
        servers.kill(0);
        servers.append('depois');
      },
      (message) => {
        if (message === away) void servers.begin(0);
      },
    );
    servers.stop();
    expect(watched.code).toBe(0);
    expect(watched.lines[1]).toMatch(/ {2}insere .* {2}depois$/);
    expect(watched.errors).toEqual([
      away,
      'observando de novo; nada se perdeu',
      'para continuar daqui, em qualquer servidor: --desde t1',
    ]);
  });

  it('does not say that nothing is lost where it begins anew', async () => {
    const servers = await LojaServers.start(1);
    const watched = await watchHere(
      ['observa', 'k', '-p', String(servers.ports[0])],
      2,
      (_, seen) => {
        if (seen !== 1) return;
        servers.kill(0);
        servers.append('um', 'dois');
        servers.horizon = 2;
      },
      (message) => {
        if (message.includes('não atende mais')) void servers.begin(0);
      },
    );
    servers.stop();
    expect(watched.lines[1]).toMatch(/^— recomeça/);
    expect(watched.errors[1]).toBe('observando de novo');
  });

  it.each<[string[], string]>([
    [[], 'observa: diga o que observar: CHAVE, --prefixo PREFIXO ou --tudo'],
    [['a', '--tudo'], 'observa: diga uma coisa só'],
    [['--prefixo', 'a', '--tudo'], 'observa: diga uma coisa só'],
    [[''], 'observa: a chave está vazia'],
    [['a', '--inicio', 'tudo', '--desde', 'x'], '--desde já diz o início'],
    [['a', '--desde', 'x y'], '--desde: "x y" não serve; esperado o token que observa mostrou'],
  ])('refuses %j', async (words, message) => {
    const asked = await kvs('observa', ...words);
    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(asked.stderr).toContain(message);
  });

  it('where no server answers it ends, as other commands do', async () => {
    const away = await runHere(['observa', 'a', '-p', '1', '--prazo', '300']);
    expect(away).toMatchObject({ code: 5, stdout: '' });
  });
});
