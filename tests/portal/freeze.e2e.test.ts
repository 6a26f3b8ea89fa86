import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portalLimits } from '../../src/portal/limits.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { MosquittoSub, mosquittoClientsAvailable, mosquittoPub } from '../support/mosquitto-clients.js';
import type { Aluno } from '../support/portal-client.js';
import { PortalClient } from '../support/portal-client.js';
import type { ServerProcess } from '../support/server-process.js';

const ACTS = 'portal: este servidor publica e aplica portal/admin';
const YIELDS = 'portal: outro servidor passa a publicar';
/** What the guide of the portal says, and some more for a busy machine. What is held is held for no longer. */
const TAKEOVER_MS_MAX = portalLimits.holdMs;
/** As often as somebody publishes meanwhile. */
const PAUSE_MS = 250;

/** SIGSTOP: the process is there, its connections are open, and it does nothing. */
describe.skipIf(!mosquittoAvailable() || !mosquittoClientsAvailable())(
  'the frozen gateway, three servers',
  () => {
    let fleet: TestFleet;
    let port: number;
    let sub: MosquittoSub;
    let clients: Map<ServerProcess, PortalClient>;

    beforeAll(async () => {
      const broker = await startMosquitto();
      port = broker.port;
      fleet = await TestFleet.open({ url: broker.url, args: [], stop: () => broker.stop() });
      const args = ['--broker', broker.url, '--portal', 'admin,matricula'];
      for (let i = 0; i < 3; i++) await fleet.add(args);
      await Promise.all(fleet.servers.map((server) => server.ready()));
      clients = new Map(fleet.servers.map((server) => [server, new PortalClient(server.port)]));
      sub = await MosquittoSub.start(port, 'portal/#');
      await soon('one server acts', () => gateway());
    }, 90_000);
    afterAll(async () => {
      sub.stop();
      for (const client of clients.values()) client.close();
      for (const server of fleet.servers) if (server.frozen) server.thaw();
      await fleet.close();
    }, 60_000);

    const gateway = (): ServerProcess | undefined => fleet.servers.find((server) => acts(server));
    /** The last that it said of itself. */
    const acts = (server: ServerProcess): boolean =>
      server.log
        .filter(({ mensagem }) => mensagem.startsWith(ACTS) || mensagem.startsWith(YIELDS))
        .at(-1)
        ?.mensagem.startsWith(ACTS) ?? false;
    const pub = async (topic: string, payload: string): Promise<void> => {
      expect(await mosquittoPub(port, `portal/admin/${topic}`, payload)).toBe(0);
    };
    const name = async (server: ServerProcess, id: string): Promise<string> =>
      (await clients.get(server)!.get<Aluno>('ObtemAluno', id)).nome;
    const everywhere = (servers: readonly ServerProcess[], id: string, nome: string): Promise<unknown> =>
      soon(`${id} is ${nome || 'gone'}`, async () => {
        const names = await Promise.all(servers.map((server) => name(server, id)));
        return names.every((found) => found === nome);
      });

    it(
      'another takes over in time and does what was left; after the thaw nothing is applied again or comes back',
      { timeout: 180_000 },
      async () => {
        const frozen = gateway()!;
        const others = fleet.servers.filter((server) => server !== frozen);
        const [b] = others.map((server) => clients.get(server)!) as [PortalClient];
        await pub('aluno/create', 'antes,Antes de tudo');
        await everywhere(fleet.servers, 'antes', 'Antes de tudo');

        frozen.freeze();
        const frozenAt = performance.now();
        // From outside, all the while; what comes at once lies in the sockets of the frozen one.
        await pub('aluno/create', 'logo1,Logo que parou');
        await pub('aluno/create', 'logo2,Logo que parou');
        await pub('aluno/update', 'antes,Mudado de fora');
        await b.aluno('frota1', 'De outro servidor');
        let published = 0;
        let tookOverMs: number | undefined;
        while (tookOverMs === undefined && performance.now() - frozenAt < 3 * TAKEOVER_MS_MAX) {
          await pub('aluno/create', `fora${String(++published).padStart(3, '0')},Enquanto ninguém aplica`);
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          if (others.some(acts)) tookOverMs = performance.now() - frozenAt;
        }
        expect(tookOverMs).toBeLessThan(TAKEOVER_MS_MAX);
        expect(others.filter(acts)).toHaveLength(1);
        const [second] = others.filter(acts) as [ServerProcess];
        // Nobody was connected to the broker too late, so nothing was missed.
        await pub('aluno/create', 'depois,Quando outro aplica');
        for (const [id, nome] of [
          ['logo1', 'Logo que parou'],
          ['antes', 'Mudado de fora'],
          [`fora${String(published).padStart(3, '0')}`, 'Enquanto ninguém aplica'],
          ['depois', 'Quando outro aplica'],
        ] as const) {
          await everywhere(others, id, nome);
        }
        // What the frozen one still has to read was done, and some of it is undone.
        await b.change('RemoveAluno', { id: 'logo1' });
        await pub('aluno/delete', 'logo2');
        await b.change('RemoveAluno', { id: 'fora001' });
        for (const id of ['logo1', 'logo2', 'fora001']) await everywhere(others, id, '');

        frozen.thaw();
        await soon('it is the gateway again', () => acts(frozen) && !acts(second));
        await pub('aluno/create', 'final,Depois de tudo');
        await everywhere(fleet.servers, 'final', 'Depois de tudo');
        await fleet.converged();

        const ids = Array.from(
          { length: published },
          (_, i) => `fora${String(i + 1).padStart(3, '0')}`,
        ).slice(1);
        const expected = ['antes', 'depois', 'final', ...ids, 'frota1'];
        for (const server of fleet.servers) {
          const listed = await clients.get(server)!.all<Aluno>('ObtemTodosAlunos');
          expect(listed.map(({ matricula }) => matricula)).toEqual(expected);
          expect(await name(server, 'antes')).toBe('Mudado de fora');
          // Applied once: one version of what was created, two of what was changed.
          for (const id of ['depois', 'final', 'frota1', ...ids]) {
            expect((await server.client.consulta(`portal/aluno/${id}`)).versao).toBe(1);
          }
          expect((await server.client.consulta('portal/aluno/antes')).versao).toBe(2);
        }
        // Shown at least once, and no more than twice.
        for (const line of ['create frota1,De outro servidor', 'delete logo1', 'delete fora001']) {
          const count = sub.count(`portal/admin/aluno/${line}`);
          expect(count, line).toBeGreaterThanOrEqual(1);
          expect(count, line).toBeLessThanOrEqual(2);
        }
      },
    );
  },
);
